// The parts of its process that a command uses: environment, output and exit code. `main.ts` has
// the real ones; a test has its own.

import type { Environment } from '../runtime/config.ts';

/** The parts of a process that a command uses. */
export interface Terminal {
  readonly environment: Environment;
  /** Writes a part of the result to standard output. */
  write(text: string): void;
  /** The same for a result that is too long for memory: resolves when more may be written. */
  writeInTurn(text: string): Promise<void>;
  /** Writes to standard error: faults, progress and log lines. */
  warn(text: string): void;
  /** The exit code when nothing throws; a command that found faults sets another. */
  exitCode: number;
}
