// What a platform owes for windows that are closed and not paid: it cannot withdraw that much of
// its prefund.

import type { PlatformId } from '../../kernel/ids.ts';
import type { DbClient } from '../../runtime/database.ts';
import { dueOf } from './carve-later.ts';
import { lockWindows, selectUnproposed } from './store-windows.ts';
import { sumOwed } from './store-nets.ts';

/**
 * Of each window by itself, because each is paid by itself. For a window that is not proposed yet,
 * what would be proposed now: a pair that is settled gross owes more than its net. No window is
 * closed, proposed or approved to the end of the dbTransaction.
 */
export async function owedByClosedWindows(
  client: DbClient,
  platformId: PlatformId,
): Promise<bigint> {
  await lockWindows(client);
  let owed = await sumOwed(client, platformId);
  for (const windowId of await selectUnproposed(client)) {
    for (const { participant, amount } of await dueOf(client, windowId, [])) {
      if (participant === platformId && amount < 0n) owed -= amount;
    }
  }
  return owed;
}
