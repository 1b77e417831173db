// Lists the commands of the program and gives each what it needs from the composition root;
// `main.ts` runs the command that was typed.

import { Command } from 'commander';

import { actsOfCommand, personsSentence } from './acts/table.ts';
import { registerAudit } from './cli/audit.ts';
import { registerBacktest } from './cli/backtest.ts';
import { registerBench } from './cli/bench.ts';
import { registerConnector } from './cli/connector.ts';
import { registerDisputes } from './cli/disputes.ts';
import { registerExport } from './cli/export.ts';
import { registerImport } from './cli/import.ts';
import { registerMember } from './cli/member.ts';
import { registerMigrate } from './cli/migrate.ts';
import { registerOperator } from './cli/operator.ts';
import { registerPlatform } from './cli/platform.ts';
import { registerRates } from './cli/rates.ts';
import { registerRecalls } from './cli/recalls.ts';
import { registerReconcile } from './cli/reconcile.ts';
import { registerReport } from './cli/report.ts';
import { registerRequests } from './cli/requests.ts';
import { registerReserve } from './cli/reserve.ts';
import { registerReviews } from './cli/reviews.ts';
import { registerRewards } from './cli/rewards.ts';
import { registerRules } from './cli/rules.ts';
import { registerSandbox } from './cli/sandbox.ts';
import { registerScrapeToken } from './cli/scrape-token.ts';
import { registerStart } from './cli/start.ts';
import { registerTransfers } from './cli/transfers.ts';
import { registerWebhooks } from './cli/webhooks.ts';
import { registerWindows } from './cli/windows.ts';
import type { Terminal } from './cli/terminal.ts';
import type { Context } from './context.ts';
import type { Config } from './runtime/config.ts';
import type { Log } from './runtime/log.ts';
import { PROGRAM } from './runtime/program.ts';

/** The parts that commands get from above, because they may not import the composition root. */
function rootsOf(terminal: Terminal) {
  return {
    terminal,
    environment: terminal.environment,
    print: (line: string) => terminal.write(`${line}\n`),
    /** Works beside a running program; if none runs, starts the database for this command only. */
    createContext: (config: Config, log: Log) => compose(config, log, 'any'),
  };
}

type Roots = ReturnType<typeof rootsOf>;

async function compose(config: Config, log: Log, mode: 'own' | 'any'): Promise<Context> {
  const { createContext } = await import('./context.ts');
  return createContext(config, { log, mode });
}

/**
 * Each command is one file of `cli/` that registers itself; a new command is a new line here.
 * Registering a command loads nothing of its work, so that `pontis --help` stays fast.
 */
const commands: readonly ((program: Command, roots: Roots) => void)[] = [
  (program, roots) =>
    registerStart<Context>(program, {
      ...roots,
      createContext: (config, log) => compose(config, log, 'own'),
      seedDemo: async (context) => (await import('./demo/demo.ts')).seedDemo(context),
      writeCredentials: async (context, url) =>
        (await import('./demo/demo.ts')).writeCredentials(context, url),
      startSandbox: async (context) => (await import('./demo/demo.ts')).startSandbox(context),
      startRole: async (context) => (await import('./roles.ts')).startRole(context),
    }),
  (program, roots) => registerMigrate(program, roots),
  (program, roots) =>
    registerPlatform<Context>(program, {
      ...roots,
      addPlatform: async (context, platform) =>
        (await import('./network/network.ts')).addPlatform(context, platform),
      isDemoNetwork: async (context) => (await import('./demo/demo.ts')).isDemoNetwork(context),
    }),
  (program, roots) => registerOperator<Context>(program, roots),
  (program, roots) => registerScrapeToken<Context>(program, roots),
  (program, roots) => registerMember<Context>(program, roots),
  (program, roots) => registerRules<Context>(program, roots),
  (program, roots) => registerRates<Context>(program, roots),
  (program, roots) => registerReviews<Context>(program, roots),
  (program, roots) => registerRequests<Context>(program, roots),
  (program, roots) => registerReconcile<Context>(program, roots),
  (program, roots) => registerTransfers<Context>(program, roots),
  (program, roots) => registerDisputes<Context>(program, roots),
  (program, roots) => registerRecalls<Context>(program, roots),
  (program, roots) => registerRewards<Context>(program, roots),
  (program, roots) => registerReserve<Context>(program, roots),
  (program, roots) => registerWindows<Context>(program, roots),
  (program, roots) => registerWebhooks<Context>(program, roots),
  (program, roots) => registerImport<Context>(program, roots),
  (program, roots) => registerAudit(program, roots),
  (program, roots) => registerExport(program, roots),
  (program, roots) => registerBacktest<Context>(program, roots),
  (program, roots) => registerReport<Context>(program, roots),
  (program, roots) => registerConnector<Context>(program, roots),
  (program, roots) => registerSandbox(program, roots),
  (program, roots) => registerBench(program, roots),
];

/** Returns the commands for commander. It throws instead of ending the process. */
export function createProgram(terminal: Terminal): Command {
  // Options after a command belong to the command: `rules show` has its own --version.
  const program = new Command('pontis')
    .description(PROGRAM.description)
    .version(PROGRAM.version)
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError()
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.warn(text),
    });
  const roots = rootsOf(terminal);
  for (const register of commands) register(program, roots);
  explainPersons(program, []);
  return program;
}

/** Adds to the help of each command how many persons its act takes, from the table of acts. */
function explainPersons(command: Command, path: readonly string[]): void {
  for (const child of command.commands) explainPersons(child, [...path, child.name()]);
  const sentence = personsSentence(actsOfCommand(path.join(' ')));
  if (sentence !== undefined) command.addHelpText('after', `\n${sentence}`);
}
