// Runs a PostgreSQL server under the data folder: starts it, watches it, restarts it when it dies,
// and stops it with the program.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { acquireDataLock, type DataLock } from './data-lock.ts';
import { DATABASE_NAME, initialisePostgres, postgresPaths } from './initialise-postgres.ts';
import type { Log } from './log.ts';
import { messageOf, OperatorError } from './operator-error.ts';
import { findPostgresProgram, type PostgresProgram } from './postgres-program.ts';
import { reapPostgres } from './reap-postgres.ts';

/** A running embedded server. */
export interface EmbeddedPostgres {
  /**
   * Connection string with role, password and database of the network. It stays valid when the
   * server is restarted.
   */
  readonly url: string;
  readonly port: number;
  /** Process id of the current postmaster. Throws while the server is down. */
  readonly pid: number;
  /** Stops the server in order and releases the data folder. May be called twice. */
  stop(): Promise<void>;
}

/** Where and how the server runs. */
export interface EmbeddedPostgresOptions {
  /** The program's data folder, created if missing. The database lives in `postgres/` inside it. */
  readonly dataDir: string;
  readonly log: Log;
  /** Server settings that override ours, e.g. `{ fsync: 'off' }` in tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * The folder's lock, if the caller holds it already; otherwise it is taken here. `stop` releases
   * it in both cases.
   */
  readonly lock?: DataLock;
}

const HOST = '127.0.0.1';
const READY = 'database system is ready to accept connections';
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 30_000;
/**
 * Most restarts within a minute. A server that ends more often stays down, because a restart does
 * not repair the cause.
 */
const RESTARTS_PER_MINUTE = 5;

/**
 * Settings for a ledger: every commit is durable, checkpoints are rare, and the log contains no row
 * content.
 */
function ledgerSettings(dataDir: string): Record<string, string> {
  const eighthOfMemoryMb = Math.floor(totalmem() / 8 / 2 ** 20);
  const { bavail, bsize } = statfsSync(dataDir);
  const quarterOfDiskMb = Math.floor((bavail * bsize) / 4 / 2 ** 20);
  return {
    listen_addresses: HOST,
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: `${clamp(eighthOfMemoryMb, 64, 1024)}MB`,
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    max_wal_size: `${clamp(quarterOfDiskMb, 256, 8192)}MB`,
    checkpoint_timeout: '15min',
    checkpoint_completion_target: '0.9',
    jit: 'off',
    // A client that stalls during log-in delays changes of the schema.
    authentication_timeout: '10s',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Errors reach the caller. In the server's log, their statements and details would contain
    // personal data.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/**
 * Takes the data folder, ends leftover processes, creates the database if missing, and starts the
 * server. Throws `OperatorError` when the folder is in use or the server does not start.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  createDataFolder(dataDir);
  const lock = options.lock ?? acquireDataLock(dataDir);
  try {
    const program = await findPostgresProgram(dataDir);
    const { pgData } = postgresPaths(dataDir);
    const reaped = await reapPostgres(pgData, program);
    if (reaped > 0)
      options.log.warn(
        { processes: reaped },
        'ended PostgreSQL processes that an earlier run left behind',
      );
    const password = initialisePostgres(dataDir, program, options.log);
    const server = new Server(
      dataDir,
      program,
      { ...ledgerSettings(dataDir), ...options.settings },
      options.log,
      lock,
    );
    await server.startOnFreePort();
    return {
      url: connectionUrl(server.port, password),
      port: server.port,
      get pid() {
        return server.pid;
      },
      stop: () => server.stop(),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The connection string of the server that another running program has started in `dataDir`, for
 * commands that work beside it. Undefined when none is recorded. The record may be stale; the
 * caller finds out by connecting.
 */
export function findRunningPostgres(dataDir: string): string | undefined {
  const { running, password } = postgresPaths(resolve(dataDir));
  try {
    const { port } = JSON.parse(readFileSync(running, 'utf8')) as { port: number };
    return connectionUrl(port, readFileSync(password, 'utf8').trim());
  } catch {
    return undefined;
  }
}

/**
 * Creates the data folder. Run as root, it is traversable but not listable for others, because the
 * database user must reach its own folder. Files with secrets have mode 0600. Throws
 * `OperatorError` when it cannot be created or is not a folder.
 */
export function createDataFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  } catch (error) {
    throw new OperatorError(
      'noPermission',
      `The data folder ${dataDir} cannot be created: ${messageOf(error)}. Choose another one ` +
        'with --data.',
      { cause: error },
    );
  }
  if (!statSync(dataDir).isDirectory())
    throw new OperatorError(
      'badConfiguration',
      `${dataDir} is not a folder. Choose another one with --data.`,
    );
}

function connectionUrl(port: number, password: string): string {
  return `postgres://${DATABASE_NAME}:${password}@${HOST}:${port}/${DATABASE_NAME}`;
}

/** Runs one postmaster after another on the same port and data directory. */
class Server {
  port = 0;
  readonly #dataDir: string;
  readonly #program: PostgresProgram;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #log: Log;
  readonly #lock: DataLock;
  #child: ChildProcess | undefined;
  #stopping: Promise<void> | undefined;
  #restarts: number[] = [];

  constructor(
    dataDir: string,
    program: PostgresProgram,
    settings: Readonly<Record<string, string>>,
    log: Log,
    lock: DataLock,
  ) {
    this.#dataDir = dataDir;
    this.#program = program;
    this.#settings = settings;
    this.#log = log;
    this.#lock = lock;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    // Never 0: a signal sent to process 0 would reach our own process group.
    if (pid === undefined) throw new Error('PostgreSQL is not running');
    return pid;
  }

  /**
   * Another process may take the port between the check and the start of PostgreSQL. Then another
   * port is tried.
   */
  async startOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.port = await findFreePort(attempt === 1 ? this.#recordedPort() : 0);
      try {
        await this.#start();
        return;
      } catch (error) {
        if (attempt === 3 || !messageOf(error).includes('could not bind')) throw error;
      }
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const { pgData, running } = postgresPaths(this.#dataDir);
    const flags = Object.entries({ ...this.#settings, port: String(this.port) }).flatMap(
      ([name, value]) => ['-c', `${name}=${value}`],
    );
    const [command, ...args] = endWithParent(
      this.#program.command('postgres', ['-D', pgData, ...flags]),
    );
    // The server gets its own session. So Ctrl-C in the terminal reaches only Pontis, which stops
    // PostgreSQL last.
    const child = spawn(command, args, {
      ...this.#program.spawnOptions,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    this.#child = child;
    await this.#untilReady(child);
    writeFileSync(running, `${JSON.stringify({ pid: child.pid, port: this.port })}\n`, {
      mode: 0o600,
    });
    child.once('exit', (code, signal) => void this.#revive(code, signal));
  }

  #untilReady(child: ChildProcess): Promise<void> {
    return new Promise((ready, fail) => {
      const said: string[] = [];
      const limit = setTimeout(() => {
        child.kill('SIGQUIT');
        fail(
          new OperatorError(
            'unavailable',
            `The embedded PostgreSQL was not ready within ${START_LIMIT_MS / 1000} ` +
              `s:\n${said.join('\n')}`,
          ),
        );
      }, START_LIMIT_MS);
      child.once('error', fail);
      const failed = (): void => {
        clearTimeout(limit);
        fail(
          new OperatorError(
            'unavailable',
            `The embedded PostgreSQL in ${this.#dataDir} did not start:\n${said.join('\n')}`,
          ),
        );
      };
      child.once('exit', failed);
      if (child.stderr === null) return;
      createInterface({ input: child.stderr }).on('line', (line) => {
        said.push(line);
        if (said.length > 20) said.shift();
        // While stopping, a connection that was just closed may still get a message that the server
        // is shutting down.
        const alarming = / (FATAL|PANIC): /.test(line) && this.#stopping === undefined;
        this.#log[alarming ? 'warn' : 'debug'](
          `postgres: ${line.replace(/^\S+ \S+ UTC \[\d+\] /, '')}`,
        );
        if (!line.includes(READY)) return;
        clearTimeout(limit);
        child.off('exit', failed);
        child.off('error', fail);
        ready();
      });
    });
  }

  /** Restarts a server that ended unexpectedly, on the same port. Clients reconnect. */
  async #revive(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    while (this.#stopping === undefined) {
      this.#restarts = [...this.#restarts.filter((at) => at > Date.now() - 60_000), Date.now()];
      if (this.#restarts.length > RESTARTS_PER_MINUTE) {
        this.#log.fatal({ code, signal }, 'the embedded PostgreSQL keeps ending and stays down');
        return;
      }
      this.#log.error(
        { code, signal },
        'the embedded PostgreSQL ended unexpectedly and is restarted',
      );
      try {
        await reapPostgres(postgresPaths(this.#dataDir).pgData, this.#program);
        if (this.#stopping === undefined) await this.#start();
        return;
      } catch (error) {
        this.#log.error({ err: error }, 'the embedded PostgreSQL could not be restarted');
        await sleep(1_000);
      }
    }
  }

  async #stop(): Promise<void> {
    const { pgData, running } = postgresPaths(this.#dataDir);
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise<void>((done) => void child.once('exit', () => done()));
      child.kill('SIGINT');
      await Promise.race([ended, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
    }
    // After an orderly stop nothing is left to end. After a crash, or a stop that hangs, this ends
    // the remaining processes.
    await reapPostgres(pgData, this.#program);
    rmSync(running, { force: true });
    this.#lock.release();
  }

  #recordedPort(): number {
    try {
      return (
        JSON.parse(readFileSync(postgresPaths(this.#dataDir).running, 'utf8')) as { port: number }
      ).port;
    } catch {
      return 0;
    }
  }
}

/** `preferred` if it is free, otherwise any free port. */
async function findFreePort(preferred: number): Promise<number> {
  for (const candidate of preferred === 0 ? [0] : [preferred, 0]) {
    const probe = createServer();
    const port = await new Promise<number | undefined>((answer) => {
      probe.once('error', () => answer(undefined));
      probe.listen(candidate, HOST, () => answer((probe.address() as AddressInfo).port));
    });
    await new Promise((closed) => void probe.close(closed));
    if (port !== undefined) return port;
  }
  throw new OperatorError('unavailable', 'No free port was found for the embedded PostgreSQL.');
}

/**
 * Makes the kernel stop PostgreSQL when Pontis is killed. On a system without setpriv, the next
 * start ends the leftover server.
 */
function endWithParent(command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  const wrapper = ['setpriv', '--pdeathsig', 'INT'] as const;
  if (
    process.platform !== 'linux' ||
    spawnSync('setpriv', ['--pdeathsig', 'INT', 'true']).status !== 0
  )
    return command;
  // A change of user or namespace clears this setting, so setpriv comes last, directly before the
  // server.
  const server = command.findIndex((word) => word.endsWith('/postgres'));
  return [
    ...command.slice(0, server),
    ...wrapper,
    ...command.slice(server),
  ] as unknown as readonly [string, ...string[]];
}
