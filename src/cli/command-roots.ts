// Opens the network of a data folder for the commands of operators, and declares the options that
// they have in common.

import { existsSync } from 'node:fs';

import type { Acts } from '../acts/acts.ts';
import type { Sagas } from '../clearing/saga/saga.ts';
import type { Connections } from '../connections/connections.ts';
import type { Identity, Operator } from '../identity/identity.ts';
import type { Clock } from '../kernel/time.ts';
import type { Problem, Result } from '../kernel/problem.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { parseConfig, type Config, type Environment } from '../runtime/config.ts';
import type { Pool } from '../runtime/database.ts';
import { postgresPaths } from '../runtime/initialise-postgres.ts';
import type { Log } from '../runtime/log.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import type { Valuation } from '../valuation/valuation.ts';
import { adviceForTerminal } from './command-advice.ts';
import type { Terminal } from './terminal.ts';

/** The parts of the composed program that commands use. */
export interface CommandContext {
  readonly pool: Pool;
  readonly identity: Identity;
  readonly acts: Acts;
  readonly connections: Connections;
  readonly ledger: Ledger;
  readonly sagas: Sagas;
  readonly valuation: Valuation;
  readonly clock: Clock;
  close(): Promise<void>;
}

/** Provided by the composition root: this module lies below it and cannot import from it. */
export interface CommandRoots<Context extends CommandContext = CommandContext> {
  readonly environment: Environment;
  readonly terminal: Terminal;
  print(line: string): void;
  /** Works beside a running program, or starts the database for the command alone. */
  createContext(config: Config, log: Log): Promise<Context>;
}

export interface DataOption {
  readonly data?: string;
}

export const DATA_OPTION = [
  '--data <folder>',
  'data folder of the network (or PONTIS_DATA, default .pontis)',
] as const;
/** For commands that record who gave them. */
export const AS_TOKEN_OPTION = [
  '--as-token <token>',
  'token of the acting operator (or PONTIS_OPERATOR_TOKEN, which other users of this ' +
    'machine cannot see)',
] as const;
export const JSON_OPTION = ['--json', 'print the result as JSON'] as const;

/** For `--help`: the exit codes of `exitCode` that a command can end with. */
export function exitCodesHelp(rows: Readonly<Record<number, string>>): string {
  const all = {
    64: 'wrong arguments',
    69: 'the database cannot be reached',
    75: 'temporary failure; run it again',
    78: 'wrong configuration',
    ...rows,
  };
  const lines = Object.entries({ 0: 'done', ...all }).map(
    ([code, text]) => `  ${code.padStart(2)}  ${text}`,
  );
  return `\nExit codes:\n${lines.join('\n')}`;
}

export interface AsTokenOption {
  readonly asToken?: string;
}

/** The operator who gives the command; the option takes precedence over the environment. */
export async function actingOperator(
  flags: AsTokenOption,
  { environment }: Pick<CommandRoots, 'environment'>,
  { identity }: Pick<CommandContext, 'identity'>,
): Promise<Operator> {
  const token = (flags.asToken ?? environment['PONTIS_OPERATOR_TOKEN'] ?? '').trim();
  if (token === '') {
    throw new OperatorError(
      'usage',
      'This command needs the token of the acting operator: give it with --as-token or ' +
        'PONTIS_OPERATOR_TOKEN. Tokens are printed by: pontis operator add, pontis operator token',
    );
  }
  return valueOf(await identity.authenticateOperator(token));
}

/**
 * The operator who gives the command, or undefined without a token; for acts that the first
 * operators of a network do alone.
 */
export async function findActingOperator(
  flags: AsTokenOption,
  roots: Pick<CommandRoots, 'environment'>,
  context: Pick<CommandContext, 'identity'>,
): Promise<Operator | undefined> {
  const token = (flags.asToken ?? roots.environment['PONTIS_OPERATOR_TOKEN'] ?? '').trim();
  return token === '' ? undefined : actingOperator(flags, roots, context);
}

/**
 * Opens the database alone, for commands that only read and must not depend on the rest of the
 * program.
 */
export async function withDatabase<T>(
  options: DataOption,
  roots: Pick<CommandRoots, 'environment' | 'terminal'>,
  name: string,
  work: (pool: Pool) => Promise<T>,
): Promise<T> {
  const [{ createLog }, { isMigrated, requireMigrated }, { openDatabase }] = await Promise.all([
    import('../runtime/log.ts'),
    import('../runtime/migrate.ts'),
    import('../runtime/open-database.ts'),
  ]);
  const config = existingNetwork(options, roots.environment);
  const database = await openDatabase({
    config,
    log: createLog('warn', logOf(roots)),
    mode: 'any',
    applicationName: `pontis ${name}`,
    statementTimeoutMs: 0,
    maxConnections: 2,
  });
  try {
    if (!(await isMigrated(database.pool)))
      throw new OperatorError(
        'badConfiguration',
        'This database holds no Pontis network yet. Create it with: pontis start',
      );
    await requireMigrated(database.pool);
    return await work(database.pool);
  } finally {
    await database.close();
  }
}

/** Opens the composed program. `mayCreate` is for commands that begin a network. */
export async function withContext<Context extends CommandContext, T>(
  options: DataOption,
  roots: CommandRoots<Context>,
  mayCreate: boolean,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const config = mayCreate
    ? parseConfig({ dataDir: options.data }, roots.environment)
    : existingNetwork(options, roots.environment);
  const { createLog } = await import('../runtime/log.ts');
  const context = await roots.createContext(config, createLog('warn', logOf(roots)));
  try {
    return await work(context);
  } finally {
    await context.close();
  }
}

/** Writes the log of a command to standard error, apart from its result. */
export function logOf({ terminal }: Pick<CommandRoots, 'terminal'>): { write(line: string): void } {
  return { write: (line) => terminal.warn(line) };
}

/** Reports a mistyped folder, instead of creating a new, empty network in it. */
function existingNetwork(options: DataOption, environment: Environment): Config {
  const config = parseConfig({ dataDir: options.data }, environment);
  if (config.databaseUrl === undefined && !existsSync(postgresPaths(config.dataDir).pgData)) {
    throw new OperatorError(
      'badConfiguration',
      `There is no Pontis network in ${config.dataDir}. Name its folder with --data, or ` +
        'create it with: pontis start',
    );
  }
  return config;
}

/** Turns a problem into an error with its advice, for the person at the terminal. */
export function operatorErrorOf(problem: Problem): OperatorError {
  return new OperatorError(
    problem.retryable ? 'temporary' : 'badInput',
    `${problem.error}. ${adviceForTerminal(problem.detail)}`,
  );
}

/** Returns the value, or throws the problem as an error for the person at the terminal. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw operatorErrorOf(result.problem);
  return result.value;
}
