// What a check of the audit is: a sentence about raw rows, and the SQL that finds the rows that
// break it.

/** The numbers of the list of invariants in the design. */
export type InvariantNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 10;

export interface Check {
  readonly invariant: InvariantNumber;
  /** Stable name, for scripts. */
  readonly name: string;
  /** What holds when the check finds nothing, in words an operator can act on. */
  readonly meaning: string;
  /**
   * `bucket`: `$1` is the bucket, and the rows of one bucket are enough to tell. `network`: no
   * parameter.
   */
  readonly scope: 'bucket' | 'network';
  /**
   * Selects the rows that break it, most telling columns first. It must not fail on any content the
   * column types allow.
   */
  readonly sql: string;
}
