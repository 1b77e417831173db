// The commands of the program, with what each gets from the composition root; `main.ts` runs the
// one that was typed.

import { Command } from 'commander';

import { registerAudit } from './cli/audit.ts';
import { registerBacktest } from './cli/backtest.ts';
import { registerBench } from './cli/bench.ts';
import { registerConnector } from './cli/connector.ts';
import { registerDisputes } from './cli/disputes.ts';
import { registerRecalls } from './cli/recalls.ts';
import { registerExport } from './cli/export.ts';
import { registerImport } from './cli/import.ts';
import { registerMember } from './cli/member.ts';
import { registerMigrate } from './cli/migrate.ts';
import { registerOperator } from './cli/operator.ts';
import { registerPlatform } from './cli/platform.ts';
import { registerRates } from './cli/rates.ts';
import { registerReconcile } from './cli/reconcile.ts';
import { registerRules } from './cli/rules.ts';
import { registerRewards } from './cli/rewards.ts';
import { registerReserve } from './cli/reserve.ts';
import { registerReport } from './cli/report.ts';
import { registerRequests } from './cli/requests.ts';
import { registerReviews } from './cli/reviews.ts';
import { registerSandbox } from './cli/sandbox.ts';
import { registerScrapeToken } from './cli/scrape-token.ts';
import { registerStart } from './cli/start.ts';
import { registerTransfers } from './cli/transfers.ts';
import { registerWindows } from './cli/windows.ts';
import { actsOfCommand, personsSentence } from './acts/acts.ts';
import { activateDue } from './network/network.ts';
import { registerWebhooks } from './cli/webhooks.ts';
import { createContext, type Context } from './context.ts';
import { isDemoNetwork, seedDemo, writeCredentials } from './demo/demo.ts';
import { addPlatform } from './network/network.ts';
import { startRole } from './roles.ts';
import { startSandbox } from './demo/demo.ts';
import type { Config } from './runtime/config.ts';
import type { Log } from './runtime/log.ts';
import { PROGRAM } from './runtime/program.ts';

/** What the commands get from above: they cannot reach up to the composition root themselves. */
const roots = {
  environment: process.env,
  print: (line: string) => void process.stdout.write(`${line}\n`),
  /** Works beside a running program, or starts the database for the command alone. */
  createContext: (config: Config, log: Log) => createContext(config, { log, mode: 'any' }),
};

/** Each command is one file of `cli/` that registers itself; a new one is a new line here. */
const commands: readonly ((program: Command) => void)[] = [
  (program) =>
    registerStart<Context>(program, {
      ...roots,
      createContext: (config, log) => createContext(config, { log, mode: 'own' }),
      seedDemo,
      writeCredentials,
      startSandbox,
      startRole,
    }),
  (program) => registerMigrate(program, roots),
  (program) => registerPlatform<Context>(program, { ...roots, addPlatform, isDemoNetwork }),
  (program) => registerOperator<Context>(program, roots),
  (program) => registerScrapeToken<Context>(program, roots),
  (program) => registerMember<Context>(program, roots),
  (program) => registerRules<Context>(program, { ...roots, activateDue }),
  (program) => registerRates<Context>(program, roots),
  (program) => registerReviews<Context>(program, roots),
  (program) => registerRequests<Context>(program, roots),
  (program) => registerReconcile<Context>(program, roots),
  (program) => registerTransfers<Context>(program, roots),
  (program) => registerDisputes<Context>(program, roots),
  (program) => registerRecalls<Context>(program, roots),
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

/** Every command, as commander knows it; it throws instead of ending the process. */
export function createProgram(): Command {
  // Options after a command are the command's: `rules show` has a --version of its own.
  const program = new Command('pontis')
    .description(PROGRAM.description)
    .version(PROGRAM.version)
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError();
  for (const register of commands) register(program);
  explainPersons(program, []);
  return program;
}

/** The help of a command that takes two persons says so, out of the table of acts. */
function explainPersons(command: Command, path: readonly string[]): void {
  for (const child of command.commands) explainPersons(child, [...path, child.name()]);
  const sentence = personsSentence(actsOfCommand(path.join(' ')));
  if (sentence !== undefined) command.addHelpText('after', `\n${sentence}`);
}
