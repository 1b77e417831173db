// The process that a command runs in, as far as the command sees it: what it reads, where it writes
// and how it ends. `main.ts` has the real one; a test has one of its own.

import type { Environment } from '../runtime/config.ts';

/** What a command has of its process. */
export interface Terminal {
  readonly environment: Environment;
  /** Writes a part of the answer to standard output. */
  write(text: string): void;
  /** The same for an answer that is too long to be held: resolves when more may be written. */
  writeInTurn(text: string): Promise<void>;
  /** Writes what stands beside the answer to standard error. */
  warn(text: string): void;
  /** How the process ends when nothing fails; a command that found something wrong sets it. */
  exitCode: number;
}
