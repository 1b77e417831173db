// One at a time with a window that is being paid: payments, and the acts of operators that change
// what is paid, follow one another.

import { dbTransaction, type Pool } from '../../runtime/database.ts';
import { lockPaying } from './store-windows.ts';

/**
 * Runs work while nobody else, in this process or another, pays this window or changes what is to
 * be paid of it.
 */
export type Alone = <T>(windowId: number, work: () => Promise<T>) => Promise<T>;

/**
 * The lock is taken before that of the windows and after none. It is held by a connection of its
 * own, so that what is planned can be committed before the ledger is asked; within the process
 * turns are taken, so that connections which wait for the ledger are never all there are.
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
