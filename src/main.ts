// The only executable: runs the command of the command line in this process.

import { once } from 'node:events';

import { runCommand } from './cli/run-command.ts';
import type { Terminal } from './cli/terminal.ts';
import { createProgram } from './commands.ts';
import { exitCode } from './runtime/operator-error.ts';

const terminal: Terminal = {
  environment: process.env,
  write: (text) => void process.stdout.write(text),
  async writeInTurn(text) {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  },
  warn: (text) => void process.stderr.write(text),
  exitCode: exitCode.ok,
};

// A reader that closes the pipe early, such as `head`, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.ok);
  throw error;
});

process.exitCode = await runCommand(createProgram(terminal), process.argv.slice(2), terminal);
