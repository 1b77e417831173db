// The form of an audit check: a statement about raw rows, and the SQL that finds the rows which
// break it.

/** The number of an invariant in the design's list. */
type InvariantNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 10;

/** One check. */
export interface Check {
  readonly invariant: InvariantNumber;
  /** Stable name, for scripts. */
  readonly name: string;
  /** What is true when the check finds nothing, in words that an operator can act on. */
  readonly meaning: string;
  /**
   * `bucket`: `$1` is the bucket, and the rows of one bucket are enough for the check. `network`:
   * the SQL has no parameter.
   */
  readonly scope: 'bucket' | 'network';
  /**
   * Selects the rows that break the statement, most useful columns first. It must not fail on any
   * content that the column types allow.
   */
  readonly sql: string;
}
