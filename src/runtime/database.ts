// Connections to PostgreSQL: pools, dedicated clients, database transactions, and the meaning of
// errors.

import { Client, Pool, types as defaultTypes, type ClientBase, type ClientConfig } from 'pg';

import type { Log } from './log.ts';
import { messageOf, OperatorError } from './operator-error.ts';

export type { Pool };
/** A pooled client inside `dbTransaction`, or a dedicated one from `connect`. */
export type DbClient = ClientBase;
/** A connection from `connect`, which its caller closes. */
export type DedicatedClient = Client;
/** Runs one statement: a pool or a client. */
export type Queryable = Pick<Pool, 'query'> | Pick<DbClient, 'query'>;

/** How to connect to a database. */
export interface DatabaseOptions {
  readonly url: string;
  readonly log: Log;
  /** Shown in pg_stat_activity, e.g. `pontis api`. */
  readonly applicationName: string;
  /**
   * Milliseconds after which a statement is cancelled, by default 30,000; 0 means no limit, for
   * migrations and reports.
   */
  readonly statementTimeoutMs?: number;
  /**
   * Sends a statement without waiting for the answers of earlier ones. For dedicated clients only.
   */
  readonly pipeline?: boolean;
  /** Session settings that override those of the server, e.g. `{ enable_seqscan: 'off' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** How much longer than its own limit a server may take to report the cancellation. */
const ANSWER_GRACE_MS = 5_000;
/** A program that hangs inside a database transaction must not keep its locks forever. */
const IDLE_IN_TRANSACTION_MS = 60_000;
const MINIMUM_VERSION = 15;

const OID = { int8: 20, date: 1082, int8Array: 1016, dateArray: 1182, numericArray: 1231 } as const;

/**
 * How column values arrive: int8 as bigint, numeric and date as text, timestamptz as Date, arrays
 * accordingly. Given to each client; the driver's global parsers would change for the whole
 * process.
 */
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (format === 'binary') return defaultTypes.getTypeParser(oid, 'binary');
    if (oid === OID.int8) return BigInt;
    if (oid === OID.int8Array)
      return (text: string) =>
        splitArray(text).map((item) => (item === null ? null : BigInt(item)));
    if (oid === OID.date) return String;
    if (oid === OID.dateArray || oid === OID.numericArray) return splitArray;
    return defaultTypes.getTypeParser(oid, 'text');
  }) as typeof defaultTypes.getTypeParser,
};

/**
 * Items of a one-dimensional array of numbers or days in PostgreSQL's text form. Such items are
 * never quoted.
 */
function splitArray(text: string): (string | null)[] {
  return text === '{}'
    ? []
    : text
        .slice(1, -1)
        .split(',')
        .map((item) => (item === 'NULL' ? null : item));
}

function clientConfig(options: DatabaseOptions): ClientConfig {
  return {
    connectionString: options.url,
    application_name: options.applicationName,
    statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    // The server's own limit does not help when the network loses the answer. Then the client gives
    // up a little later.
    query_timeout: answerTimeoutMs(options),
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    // Values are parsed in this format, whatever format the server is configured for.
    options: Object.entries({ datestyle: 'ISO,YMD', timezone: 'UTC', ...options.settings })
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    ...(options.pipeline === true ? { pipeline: true } : {}),
    types,
  };
}

/** Limit for the client in milliseconds; 0, for no limit, when the statement has none. */
function answerTimeoutMs({ statementTimeoutMs = STATEMENT_TIMEOUT_MS }: DatabaseOptions): number {
  return statementTimeoutMs === 0 ? 0 : statementTimeoutMs + ANSWER_GRACE_MS;
}

/**
 * A pool for short, unrelated statements, with at most `max` (by default 10) connections. It
 * survives a restart of the server; a broken client is replaced.
 */
export function createPool(options: DatabaseOptions & { readonly max?: number }): Pool {
  const pool = new Pool({
    ...clientConfig(options),
    max: options.max ?? 10,
    idleTimeoutMillis: 30_000,
  });
  // Without this listener, losing an idle connection ends the process.
  pool.on('error', (error) =>
    options.log[pool.ending ? 'debug' : 'warn'](
      { err: error },
      'an idle database connection was lost',
    ),
  );
  pool.on(
    'connect',
    (client) =>
      void client.on('error', (error) =>
        options.log.debug({ err: error }, 'a database connection was lost'),
      ),
  );
  return pool;
}

/**
 * A dedicated connection, e.g. for a lane. After an error its queries reject; its owner must close
 * it and connect again.
 */
export async function connect(options: DatabaseOptions): Promise<DedicatedClient> {
  const client = new Client(clientConfig(options));
  client.on('error', (error) =>
    options.log.warn({ err: error }, 'a dedicated database connection was lost'),
  );
  try {
    await client.connect();
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
  return client;
}

/**
 * It is unknown whether the commit took effect. The caller must look up the idempotency key before
 * it reports a result.
 */
class CommitOutcomeUnknown extends Error {
  override name = 'CommitOutcomeUnknown';
}

/**
 * The server rolled the database transaction back although it was told to commit: an earlier error
 * was swallowed.
 */
export class CommitRolledBack extends Error {
  override name = 'CommitRolledBack';
}

/**
 * Runs `work` between BEGIN and COMMIT on one client of the pool. Any error rolls back and is
 * thrown again. Throws `CommitOutcomeUnknown` when COMMIT itself failed, and `CommitRolledBack`
 * when `work` swallowed an error of the database.
 */
export async function dbTransaction<T>(
  pool: Pool,
  work: (client: DbClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    let result: T;
    try {
      result = await work(client);
    } catch (error) {
      await client.query('rollback').catch((failure: Error) => (broken = failure));
      throw error;
    }
    await commit(client);
    return result;
  } catch (error) {
    if (error instanceof CommitOutcomeUnknown || isDatabaseUnavailable(error))
      broken ??= error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
}

/**
 * Sends COMMIT. Throws unless the server acknowledged it as durable, on the synchronous replica too
 * where one is configured.
 */
async function commit(client: DbClient): Promise<void> {
  let unsynchronised = false;
  // Under synchronous replication a cancelled wait is reported as success with a warning. The row
  // can then be lost in a failover.
  const listen = (notice: { message?: string | undefined }): void => {
    unsynchronised ||=
      notice.message?.includes('canceling wait for synchronous replication') ?? false;
  };
  client.on('notice', listen);
  let command: string;
  try {
    ({ command } = await client.query('commit'));
  } catch (error) {
    // A deferred constraint or a conflict is reported at COMMIT: this commit certainly failed.
    if (sqlState(error)?.startsWith('23') === true || sqlState(error)?.startsWith('40') === true)
      throw error;
    throw new CommitOutcomeUnknown('COMMIT failed; its outcome is unknown', { cause: error });
  } finally {
    client.off('notice', listen);
  }
  if (command === 'ROLLBACK')
    throw new CommitRolledBack('the database transaction had failed before its commit');
  if (unsynchronised)
    throw new CommitOutcomeUnknown('the commit was not confirmed by the synchronous replica');
}

/** The five-character SQLSTATE of an error that PostgreSQL sent; undefined for any other. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

// Connection exceptions, insufficient resources, shutdown or start-up, read-only after a failover,
// I/O error.
const UNAVAILABLE_STATE = /^(08|53|57P0|25006|58030)/;
const UNAVAILABLE_CODE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const UNAVAILABLE_TEXT =
  /^Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|timeout expired|Cannot use a pool after calling end|server conn crashed/i;

/**
 * True when the database could not be asked. The same request may succeed later, so callers get a
 * retryable 503.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable);
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (
    typeof code === 'string' &&
    (UNAVAILABLE_CODE.has(code) || (sqlState(error) !== undefined && UNAVAILABLE_STATE.test(code)))
  )
    return true;
  if (UNAVAILABLE_TEXT.test(error.message)) return true;
  return error.cause !== undefined && isDatabaseUnavailable(error.cause);
}

/** Resolves when the database answers. */
export async function ping(pool: Pool): Promise<void> {
  await pool.query('select 1');
}

/**
 * True when PostgreSQL gave up this work in favour of other work (deadlock, serialization failure,
 * lock not available). The same work may be retried at once.
 */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01' || state === '55P03';
}

interface ServerFacts {
  readonly version: number;
  readonly encoding: string;
  readonly recovering: boolean;
  readonly fsync: string;
  readonly durable: string;
}

/**
 * Throws an `OperatorError` when the server cannot be reached, or when Pontis cannot run on it.
 * Warns when the server may lose commits in a crash.
 */
export async function checkServer(options: DatabaseOptions): Promise<void> {
  const server = describeServer(options.url);
  const facts = await readFacts(options).catch((error: unknown) => {
    throw explainConnectFailure(error, server);
  });
  if (facts.version < MINIMUM_VERSION) {
    throw new OperatorError(
      'badConfiguration',
      `${server} is PostgreSQL ${facts.version}; Pontis needs ${MINIMUM_VERSION} or newer. ` +
        'Upgrade it, or unset DATABASE_URL to use the embedded one.',
    );
  }
  if (facts.encoding !== 'UTF8') {
    throw new OperatorError(
      'badConfiguration',
      `${server} stores text as ${facts.encoding}; Pontis needs UTF8. Create the database ` +
        `with: create database ... encoding 'UTF8' template template0.`,
    );
  }
  if (facts.recovering) {
    throw new OperatorError(
      'unavailable',
      `${server} is a read-only replica. Point DATABASE_URL to the primary server.`,
    );
  }
  if (facts.fsync !== 'on' || facts.durable === 'off') {
    options.log.warn(
      { fsync: facts.fsync, synchronous_commit: facts.durable },
      'the PostgreSQL server may lose acknowledged commits in a crash; set fsync and ' +
        'synchronous_commit to on',
    );
  }
}

/**
 * Uses its own connection, because a pool leaves a connection open that failed during
 * authentication.
 */
async function readFacts(options: DatabaseOptions): Promise<ServerFacts> {
  const client = await connect(options);
  try {
    const { rows } = await client.query<ServerFacts>(
      `select current_setting('server_version_num')::int / 10000 as version,
          current_setting('server_encoding') as encoding,
              pg_is_in_recovery() as recovering, current_setting('fsync') as fsync,
                current_setting('synchronous_commit') as durable`,
    );
    if (rows[0] === undefined) throw new Error('the server gave no answer');
    return rows[0];
  } finally {
    await client.end();
  }
}

/** Host, port and database of a connection string, without the password. */
function describeServer(text: string): string {
  const url = new URL(text);
  return `The PostgreSQL server at ${url.hostname || 'localhost'}:${url.port || '5432'}${url.pathname}`;
}

function explainConnectFailure(error: unknown, server: string): unknown {
  const state = sqlState(error);
  const cause = { cause: error };
  if (state === '28P01' || state === '28000')
    return new OperatorError(
      'noPermission',
      `${server} refused the user name or password. Check DATABASE_URL.`,
      cause,
    );
  if (state === '3D000')
    return new OperatorError(
      'badConfiguration',
      `${server} has no such database. Create it (create database ... encoding ` +
        `'UTF8'), or correct DATABASE_URL.`,
      cause,
    );
  if (state === '53300')
    return new OperatorError(
      'temporary',
      `${server} has no connection free. Raise its max_connections or end other programs, ` +
        'then try again.',
      cause,
    );
  if (error instanceof Error && /SASL|password must be a string/i.test(error.message)) {
    return new OperatorError(
      'noPermission',
      `${server} asks for a password and DATABASE_URL has none. Use ` +
        'postgres://user:password@host:port/database.',
      cause,
    );
  }
  if (isDatabaseUnavailable(error))
    return new OperatorError(
      'unavailable',
      `${server} cannot be reached (${reasonOf(error)}). Check that it runs and that ` +
        'DATABASE_URL is right.',
      cause,
    );
  return error;
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return messageOf(error) || 'no answer';
}
