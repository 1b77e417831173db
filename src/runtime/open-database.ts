// Opens the database for a command: an external server, the embedded server of a running program,
// or one that is started for the command.

import { acquireDataLock, DataFolderInUse, type DataLock } from './data-lock.ts';
import type { Config } from './config.ts';
import { checkServer, createPool, type Pool } from './database.ts';
import {
  createDataFolder,
  findRunningPostgres,
  startEmbeddedPostgres,
} from './embedded-postgres.ts';
import type { Log } from './log.ts';
import { OperatorError } from './operator-error.ts';

/** A database in use by a command. */
export interface OpenDatabase {
  readonly url: string;
  /** For short, unrelated statements. */
  readonly pool: Pool;
  /** Closes the pool, and stops the server if this command started it. */
  close(): Promise<void>;
}

/** Which database, and how. */
export interface OpenDatabaseOptions {
  readonly config: Pick<Config, 'databaseUrl' | 'dataDir'>;
  readonly log: Log;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /**
   * `own` requires exclusive use of the data folder (`pontis start`). `any` also works beside a
   * running program and starts a server only if none is running (all other commands).
   */
  readonly mode: 'own' | 'any';
  readonly statementTimeoutMs?: number;
  readonly maxConnections?: number;
}

/**
 * Finds or starts the server, and connects. Throws `OperatorError` when the folder is in use or the
 * server is not usable.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<OpenDatabase> {
  const server = await findServer(options);
  const connection = {
    url: server.url,
    log: options.log,
    applicationName: options.applicationName,
    ...(options.statementTimeoutMs === undefined
      ? {}
      : { statementTimeoutMs: options.statementTimeoutMs }),
  };
  try {
    await checkServer(connection);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const pool = createPool({
    ...connection,
    ...(options.maxConnections === undefined ? {} : { max: options.maxConnections }),
  });
  return {
    url: server.url,
    pool,
    async close() {
      if (!pool.ended) await pool.end();
      await server.stop();
    },
  };
}

async function findServer({
  config,
  log,
  mode,
}: OpenDatabaseOptions): Promise<{ readonly url: string; stop(): Promise<void> }> {
  if (config.databaseUrl !== undefined)
    return { url: config.databaseUrl, stop: async () => undefined };
  createDataFolder(config.dataDir);
  let lock: DataLock;
  try {
    lock = acquireDataLock(config.dataDir);
  } catch (error) {
    if (!(error instanceof DataFolderInUse) || mode === 'own') throw error;
    const url = findRunningPostgres(config.dataDir);
    if (url === undefined) {
      throw new OperatorError(
        'temporary',
        `A Pontis on ${config.dataDir} is starting or stopping. Retry in a moment.`,
        { cause: error },
      );
    }
    return { url, stop: async () => undefined };
  }
  return startEmbeddedPostgres({ dataDir: config.dataDir, log, lock });
}
