// What a platform owes for windows that are closed and not paid: that much of its prefund is spoken for.

import type { PlatformId } from '../../kernel/ids.ts';
import type { DbClient } from '../../runtime/database.ts';
import { lockWindows, sumOwed } from './store.ts';

/** Of each window by itself, as each is paid by itself. No window is closed, proposed or approved to the end of the dbTransaction. */
export async function owedByClosedWindows(client: DbClient, platformId: PlatformId): Promise<bigint> {
  await lockWindows(client);
  return sumOwed(client, platformId);
}
