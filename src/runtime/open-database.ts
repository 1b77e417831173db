// Finds the database that a command works on: the external server, a running program's own, or one
// started for the command.

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

export interface OpenDatabase {
  readonly url: string;
  /** For short, unrelated statements. */
  readonly pool: Pool;
  /** Closes the pool, and stops the server when it was started here. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  readonly config: Pick<Config, 'databaseUrl' | 'dataDir'>;
  readonly log: Log;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /**
   * `own` insists on being the one program that uses the data folder (`pontis start`); `any` works
   * beside a running one and starts a server of its own only when there is none (all other
   * commands).
   */
  readonly mode: 'own' | 'any';
  readonly statementTimeoutMs?: number;
  readonly maxConnections?: number;
}

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
        `A Pontis on ${config.dataDir} is just starting or stopping. Try again in a moment.`,
        { cause: error },
      );
    }
    return { url, stop: async () => undefined };
  }
  return startEmbeddedPostgres({ dataDir: config.dataDir, log, lock });
}
