// A failure that the person at the terminal can correct: one sentence and an exit code instead of a
// stack trace.

/** Exit codes, as in sysexits.h. A script can tell the kind of failure from them. */
export const exitCode = {
  ok: 0,
  /**
   * The command worked, but its result is negative: an audit found something, a file had bad rows.
   */
  finding: 1,
  usage: 64,
  badInput: 65,
  noInput: 66,
  unavailable: 69,
  defect: 70,
  cannotCreate: 73,
  temporary: 75,
  noPermission: 77,
  badConfiguration: 78,
} as const;

/** The name of an exit code. */
export type ExitCodeName = keyof typeof exitCode;

/** Thrown by a command. `cli/run-command.ts` prints the sentence and returns the code. */
export class OperatorError extends Error {
  override name = 'OperatorError';
  readonly exit: ExitCodeName;
  constructor(exit: ExitCodeName, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.exit = exit;
  }
}

/** The message of a thrown value, which need not be an Error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
