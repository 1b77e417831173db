// The only executable: turns the command line into a command, and its failure into a sentence and
// an exit code.

import { CommanderError } from 'commander';
import { createProgram } from './commands.ts';
import { isDatabaseUnavailable } from './runtime/database.ts';
import { exitCode, messageOf, OperatorError } from './runtime/operator-error.ts';

async function main(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync([...argv], { from: 'user' });
    return exitCodeSoFar();
  } catch (error) {
    return explain(error);
  }
}

/** A command that worked but found something wrong says so in `process.exitCode`. */
function exitCodeSoFar(): number {
  return typeof process.exitCode === 'number' ? process.exitCode : exitCode.ok;
}

function explain(error: unknown): number {
  // Commander has printed help, the version, or what is wrong with the arguments.
  if (error instanceof CommanderError)
    return error.exitCode === 0 || error.code === 'commander.help'
      ? error.exitCode
      : exitCode.usage;
  if (error instanceof OperatorError) {
    process.stderr.write(`pontis: ${error.message}\n`);
    return exitCode[error.exit];
  }
  if (isDatabaseUnavailable(error)) {
    process.stderr.write(
      `pontis: The database went away (${messageOf(error)}). What was acknowledged is kept; ` +
        `run the command again.\n`,
    );
    return exitCode.temporary;
  }
  process.stderr.write(
    'pontis: unexpected error; this is a defect of ' +
      `Pontis.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return exitCode.defect;
}

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.ok);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
