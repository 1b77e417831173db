// The only executable: turns the command line into a command, and its failure into a sentence and an exit code.

import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { registerAudit } from './cli/audit.ts';
import { registerBacktest } from './cli/backtest.ts';
import { registerBench } from './cli/bench.ts';
import { registerConnector } from './cli/connector.ts';
import { registerDisputes } from './cli/disputes.ts';
import { registerExport } from './cli/export.ts';
import { registerImport } from './cli/import.ts';
import { registerMigrate } from './cli/migrate.ts';
import { registerOperator } from './cli/operator.ts';
import { registerPlatform } from './cli/platform.ts';
import { registerRates } from './cli/rates.ts';
import { registerReconcile } from './cli/reconcile.ts';
import { registerRules } from './cli/rules.ts';
import { registerRewards } from './cli/rewards.ts';
import { registerReserve } from './cli/reserve.ts';
import { registerReport } from './cli/report.ts';
import { registerReviews } from './cli/reviews.ts';
import { registerSandbox } from './cli/sandbox.ts';
import { registerStart } from './cli/start.ts';
import { registerTransfers } from './cli/transfers.ts';
import { registerWindows } from './cli/windows.ts';
import { activateDue } from './activation.ts';
import { registerWebhooks } from './cli/webhooks.ts';
import { createContext, type Context } from './context.ts';
import { seedDemo, writeCredentials } from './demo.ts';
import { addPlatform } from './onboarding.ts';
import { startRole } from './roles.ts';
import { startSandbox } from './sandbox.ts';
import type { Config } from './runtime/config.ts';
import { isDatabaseUnavailable } from './runtime/database.ts';
import type { Log } from './runtime/log.ts';
import { exitCode, messageOf, OperatorError } from './runtime/operator-error.ts';

/** What the commands get from above: they cannot reach up to the composition root themselves. */
const roots = {
  environment: process.env,
  print: (line: string) => void process.stdout.write(`${line}\n`),
  /** Works beside a running program, or starts the database for the command alone. */
  createContext: (config: Config, log: Log) => createContext(config, { log, mode: 'any' }),
};

/** Each command is one file of `cli/` that registers itself; a new one is a new line here. */
const commands: readonly ((program: Command) => void)[] = [
  (program) => registerStart<Context>(program, { ...roots, createContext: (config, log) => createContext(config, { log, mode: 'own' }), seedDemo, writeCredentials, startSandbox, startRole }),
  (program) => registerMigrate(program, roots),
  (program) => registerPlatform<Context>(program, { ...roots, addPlatform }),
  (program) => registerOperator<Context>(program, roots),
  (program) => registerRules<Context>(program, { ...roots, activateDue }),
  (program) => registerRates<Context>(program, roots),
  (program) => registerReviews<Context>(program, roots),
  (program) => registerReconcile<Context>(program, roots),
  (program) => registerTransfers<Context>(program, roots),
  (program) => registerDisputes<Context>(program, roots),
  (program) => registerRewards<Context>(program, roots),
  (program) => registerReserve<Context>(program, roots),
  (program) => registerWindows<Context>(program, roots),
  (program) => registerWebhooks<Context>(program, roots),
  (program) => registerImport<Context>(program, roots),
  (program) => registerAudit(program, roots),
  (program) => registerExport(program, roots),
  (program) => registerBacktest<Context>(program, roots),
  (program) => registerReport<Context>(program, roots),
  (program) => registerConnector<Context>(program, roots),
  (program) => registerSandbox(program, roots),
  (program) => registerBench(program),
];

async function main(argv: readonly string[]): Promise<number> {
  const { version, description } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as { version: string; description: string };
  // Options after a command are the command's: `rules show` has a --version of its own.
  const program = new Command('pontis').description(description).version(version).enablePositionalOptions().exitOverride().showHelpAfterError();
  for (const register of commands) register(program);
  try {
    await program.parseAsync([...argv], { from: 'user' });
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
  if (error instanceof CommanderError) return error.exitCode === 0 || error.code === 'commander.help' ? error.exitCode : exitCode.usage;
  if (error instanceof OperatorError) {
    process.stderr.write(`pontis: ${error.message}\n`);
    return exitCode[error.exit];
  }
  if (isDatabaseUnavailable(error)) {
    process.stderr.write(`pontis: The database went away (${messageOf(error)}). What was acknowledged is kept; run the command again.\n`);
    return exitCode.temporary;
  }
  process.stderr.write(`pontis: unexpected error; this is a defect of Pontis.\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCode.defect;
}

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.ok);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
