// Holds a disputed transaction while something about it is posted. One at a time in a process: the
// ledger posts over other connections, and many holders at once would leave no connection for it.

import { dbTransaction, type DbClient, type Pool } from '../../runtime/database.ts';
import { lockDisputesOf } from './store-claims.ts';
import type { Dispute } from './types.ts';

const turns = new WeakMap<Pool, Promise<unknown>>();

/** The row is locked before the ledger's own locks. */
export function holdDisputed<T>(
  pool: Pool,
  about: Pick<Dispute, 'bucket' | 'transactionId'>,
  work: (client: DbClient) => Promise<T>,
): Promise<T> {
  const before = turns.get(pool) ?? Promise.resolve();
  const mine = before
    .catch(() => undefined)
    .then(() =>
      dbTransaction(pool, async (client) => {
        await lockDisputesOf(client, about);
        return work(client);
      }),
    );
  turns.set(pool, mine);
  return mine;
}
