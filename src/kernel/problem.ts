// Expected failures as data. Each module keeps one table of them; HTTP answers, documentation and
// tests are derived from these tables.

/** One kind of expected failure. */
export interface ProblemRow {
  /** HTTP status. */
  readonly status: number;
  /**
   * Short text, also sent as `error`. It uses the words of the source requirement where that gives
   * some.
   */
  readonly error: string;
  /** What the caller should do about it: one full sentence. */
  readonly advice: string;
  /** True when the same request may succeed later without change. */
  readonly retryable?: boolean;
}

/** One occurrence of an expected failure. The HTTP edge turns it into the members of RFC 9457. */
export interface Problem {
  /** Stable name, e.g. `insufficient_balance`. */
  readonly code: string;
  readonly status: number;
  readonly error: string;
  /** What happened this time and what to do about it. */
  readonly detail: string;
  readonly retryable: boolean;
  /** Further members of the answer, such as `field` or `available`. */
  readonly extra: Readonly<
    Record<string, string | number | boolean | readonly string[] | readonly object[]>
  >;
}

/** Constructors of problems: one for each row of a table, named by the row's code. */
export type ProblemTable<Code extends string> = {
  readonly [K in Code]: (detail?: string, extra?: Problem['extra']) => Problem;
} & { readonly rows: Readonly<Record<Code, ProblemRow>> };

/**
 * Makes a module's problem table. Rows are listed in order of precedence: when several apply, the
 * first one is reported. The detail of a problem is the text for this occurrence, followed by the
 * advice of the row.
 */
export function defineProblems<Code extends string>(
  rows: Record<Code, ProblemRow>,
): ProblemTable<Code> {
  const table: Record<string, unknown> = { rows };
  for (const code of Object.keys(rows) as Code[]) {
    const row = rows[code];
    table[code] = (detail?: string, extra: Problem['extra'] = {}): Problem => ({
      code,
      status: row.status,
      error: row.error,
      detail: detail === undefined ? row.advice : `${detail} ${row.advice}`,
      retryable: row.retryable ?? false,
      extra,
    });
  }
  return table as ProblemTable<Code>;
}

/** Carries a problem through code that cannot return it, up to the code that answers the caller. */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`);
    this.problem = problem;
  }
}

/** A value, or the problem that prevents it. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

/** A success. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** A failure. */
export function refuse(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem };
}
