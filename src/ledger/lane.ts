// A dedicated connection that posts batches, and its safe reconnection after a failure. Before
// this: `poster.ts` has chosen a batch. Next: `batch.ts` runs on the connection.

import { connect, type DatabaseOptions, type DedicatedClient } from '../runtime/database.ts';
import { identifyBackend, terminateBackend } from './store.ts';

export interface Lane {
  /**
   * The connection; a new one after the old one was lost. By then the old one has ended all that it
   * was doing.
   */
  client(): Promise<DedicatedClient>;
  /** Gives up the connection after an error that leaves its state unknown. */
  discard(): void;
  /** True when the server said of the last statement that the replica did not confirm it. */
  unconfirmed(): boolean;
  close(): Promise<void>;
}

/**
 * Plans must not depend on statistics of tables that grow from empty: only index look-ups are right
 * here (docs/decisions/0003).
 */
const SETTINGS = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_bitmapscan: 'off',
  enable_material: 'off',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
  synchronous_commit: 'on',
};

export function createLane(
  options: Pick<DatabaseOptions, 'url' | 'log' | 'statementTimeoutMs'>,
  index: number,
): Lane {
  let open: DedicatedClient | undefined;
  let backend: { pid: number; startedAt: string } | undefined;
  let replicaDidNotConfirm = false;

  const reconnect = async (): Promise<DedicatedClient> => {
    const client = await connect({
      ...options,
      applicationName: `pontis lane ${index}`,
      pipeline: true,
      settings: SETTINGS,
    });
    client.on('notice', (notice) => {
      replicaDidNotConfirm ||=
        notice.message?.includes('canceling wait for synchronous replication') ?? false;
    });
    if (backend !== undefined) await terminateBackend(client, backend.pid, backend.startedAt);
    backend = await identifyBackend(client);
    return client;
  };

  return {
    client: async () => (open ??= await reconnect()),
    discard: () => {
      void open?.end().catch(() => undefined);
      open = undefined;
    },
    unconfirmed: () => {
      const was = replicaDidNotConfirm;
      replicaDidNotConfirm = false;
      return was;
    },
    close: async () => {
      await open?.end().catch(() => undefined);
      open = undefined;
    },
  };
}
