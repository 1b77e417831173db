// One at a time for a window that is being paid: payments and operators' acts that change the
// payments follow one another.

import { dbTransaction, type Pool } from '../../runtime/database.ts';
import { lockPaying } from './store-windows.ts';

/**
 * Runs work while no other caller, in this process or another, pays this window or changes its
 * payments.
 */
export type Alone = <T>(windowId: number, work: () => Promise<T>) => Promise<T>;

/**
 * The lock is taken before that of the windows and after none. It is held by a connection of its
 * own, so that a plan can be committed before the ledger is asked. Within the process callers take
 * turns, so that connections waiting for the ledger never fill the pool.
 */
export function createAlone(pool: Pool): Alone {
  let last: Promise<unknown> = Promise.resolve();
  return (windowId, work) => {
    const turn = last.then(() =>
      dbTransaction(pool, async (client) => {
        await lockPaying(client, windowId);
        return work();
      }),
    );
    last = turn.catch(() => undefined);
    return turn;
  };
}
