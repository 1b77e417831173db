// `pontis start`: runs the program in the foreground until a signal stops it.

import { Option, type Command } from 'commander';
import { join } from 'node:path';

import { acquireDataLock } from '../runtime/data-lock.ts';
import {
  parseConfig,
  settingNames,
  settings,
  type Config,
  type Environment,
  type Flags,
} from '../runtime/config.ts';
import { createDataFolder } from '../runtime/embedded-postgres.ts';
import { checkPort } from '../runtime/listen.ts';
import type { Log } from '../runtime/log.ts';
import { exitCode } from '../runtime/operator-error.ts';

/** Provided by the composition root: this module lies below it and cannot import from it. */
export interface StartRoots<Context extends { close(): Promise<void> }> {
  readonly environment: Environment;
  print(line: string): void;
  createContext(config: Config, log: Log): Promise<Context>;
  /** Creates the demo network if it does not exist. */
  seedDemo(context: Context): Promise<void>;
  /**
   * Writes `<data>/credentials.json` of the demo network, for programs that call the API at `url`.
   */
  writeCredentials(context: Context, url: string): Promise<void>;
  /** Starts the sandbox platform if this process runs it; undefined otherwise. */
  startSandbox(
    context: Context,
  ): Promise<{ readonly url: string; stop(): Promise<void> } | undefined>;
  startRole(context: Context): Promise<{
    readonly url: string | undefined;
    readonly metricsUrl: string | undefined;
    stop(): Promise<void>;
  }>;
}

export function registerStart<Context extends { close(): Promise<void> }>(
  program: Command,
  roots: StartRoots<Context>,
): void {
  const command = program.command('start').description('start the network and serve until Ctrl-C');
  const options: (readonly [keyof Config, Option])[] = [];
  for (const key of settingNames) {
    const { flag, opposite, help, initial, env } = settings[key];
    if (flag === undefined) continue;
    const shown =
      typeof initial === 'boolean' || initial === undefined ? '' : `, default ${String(initial)}`;
    const option = new Option(flag, `${help} (or ${env}${shown})`);
    options.push([key, option]);
    command.addOption(option);
    if (opposite !== undefined) command.addOption(new Option(opposite, `the opposite of ${flag}`));
  }
  const others = Object.values(settings).filter(({ flag }) => flag === undefined);
  command.addHelpText(
    'after',
    `\nBy environment ` +
      `only:\n${others.map(({ env, help }) => `  ${env.padEnd(24)}  ${help}`).join('\n')}`,
  );
  command.action(async () => {
    // Only what stands on the command line: commander fills in `true` for an absent `--no-` switch.
    const given = options.filter(
      ([, option]) => command.getOptionValueSource(option.attributeName()) === 'cli',
    );
    const flags: Flags = Object.fromEntries(
      given.map(([key, option]) => [key, command.getOptionValue(option.attributeName())]),
    );
    await start(parseConfig(flags, roots.environment), roots);
  });
}

/**
 * Returns when the program has stopped in order; throws if it cannot start or cannot continue.
 */
async function start<Context extends { close(): Promise<void> }>(
  config: Config,
  roots: StartRoots<Context>,
): Promise<void> {
  const startedAt = performance.now();
  const { createLog } = await import('../runtime/log.ts');
  const log = createLog(config.logLevel);
  const end = new AbortController();
  const broken = listenForTheEnd(end, log);
  if (config.databaseUrl === undefined) checkFolder(config.dataDir);
  await checkPort(config);

  // All parts that were started are stopped in reverse order: the listener, loops, the sandbox,
  // lanes, PostgreSQL.
  const context = await roots.createContext(config, log);
  try {
    if (config.demo && !end.signal.aborted) await roots.seedDemo(context);
    if (end.signal.aborted) return;
    const sandbox = await roots.startSandbox(context);
    try {
      if (end.signal.aborted) return;
      const role = await roots.startRole(context);
      try {
        // The port is known only from here on.
        if (config.demo && role.url !== undefined) await roots.writeCredentials(context, role.url);
        announce(config, role, sandbox?.url, performance.now() - startedAt, roots.print);
        await aborted(end.signal);
        log.info('stopping; press Ctrl-C again to force it');
      } finally {
        await role.stop();
      }
    } finally {
      await sandbox?.stop();
    }
  } finally {
    await context.close();
  }
  log.info('stopped');
  if (broken.error !== undefined) throw broken.error;
}

/**
 * Checks the data folder before the port: Pontis is more likely to run on this folder already than
 * another program is to use the port.
 */
function checkFolder(dataDir: string): void {
  createDataFolder(dataDir);
  acquireDataLock(dataDir).release();
}

/**
 * The first signal stops the program in order, a second one at once. An error that nothing caught
 * ends the program as well.
 */
function listenForTheEnd(end: AbortController, log: Log): { error: unknown } {
  const broken: { error: unknown } = { error: undefined };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (end.signal.aborted) process.exit(exitCode.temporary);
      end.abort();
    });
  }
  const fail = (error: unknown): void => {
    log.fatal({ err: error }, 'an unexpected error ends the program');
    broken.error ??= error;
    end.abort();
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  return broken;
}

function aborted(signal: AbortSignal): Promise<void> {
  // A pending promise alone does not keep a process alive that has no listener.
  const alive = setInterval(() => undefined, 2 ** 30);
  return new Promise((done) => {
    const finish = (): void => {
      clearInterval(alive);
      done();
    };
    if (signal.aborted) finish();
    else signal.addEventListener('abort', finish, { once: true });
  });
}

function announce(
  config: Config,
  {
    url,
    metricsUrl,
  }: { readonly url: string | undefined; readonly metricsUrl: string | undefined },
  sandboxUrl: string | undefined,
  tookMs: number,
  print: (line: string) => void,
): void {
  print(`Pontis is ready after ${(tookMs / 1000).toFixed(1)} s.`);
  if (url !== undefined) {
    print(`  API          ${url}/api`);
    print(`  API docs     ${url}/docs`);
    print(`  Health       ${url}/health`);
  }
  if (metricsUrl !== undefined) print(`  Metrics      ${metricsUrl}/metrics`);
  if (sandboxUrl !== undefined && sandboxUrl !== '')
    print(
      `  Sandbox      ${sandboxUrl} is platform_c, a connected platform; faults: pontis ` +
        'sandbox faults --help',
    );
  print(
    '  Data         ' +
      (config.databaseUrl === undefined ? config.dataDir : 'the PostgreSQL server of DATABASE_URL'),
  );
  if (config.demo) print(`  Credentials  ${join(config.dataDir, 'credentials.json')}`);
  print('  Stop         Ctrl-C');
}
