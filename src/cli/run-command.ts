// Runs a command, and turns its failure into a sentence and an exit code.

import { CommanderError, type Command } from 'commander';

import { exitCode, messageOf, OperatorError } from '../runtime/operator-error.ts';
import type { Terminal } from './terminal.ts';

/** Resolves with the exit code; never rejects. */
export async function runCommand(
  program: Command,
  argv: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return terminal.exitCode;
  } catch (error) {
    return explain(error, terminal);
  }
}

async function explain(error: unknown, terminal: Terminal): Promise<number> {
  // Commander has printed help, the version, or the fault of the arguments. A command without
  // its subcommand is wrong use as well: 1 would say that a command found something.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof OperatorError) {
    terminal.warn(`pontis: ${error.message}\n`);
    return exitCode[error.exit];
  }
  const { isDatabaseUnavailable } = await import('../runtime/database.ts');
  if (isDatabaseUnavailable(error)) {
    terminal.warn(
      `pontis: The database went away (${messageOf(error)}). Everything that was acknowledged is ` +
        `kept; run the command again.\n`,
    );
    return exitCode.temporary;
  }
  terminal.warn(
    'pontis: unexpected error; this is a defect of ' +
      `Pontis.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return exitCode.defect;
}
