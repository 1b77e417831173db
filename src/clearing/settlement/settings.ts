// The settings of settlement, and the event for each change.

import type { OperatorId, PlatformId } from '../../kernel/ids.ts';
import { dbTransaction, type DbClient } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import type { SettlementParts } from './parts.ts';
import { lockWindows } from './store-windows.ts';
import { replaceGrossPairs, selectSettings, updateSchedule } from './store-settings.ts';
import type { Schedule } from './types.ts';

/** In force for every window that closes from then on. */
export function setSchedule(
  { pool, clock }: Pick<SettlementParts, 'pool' | 'clock'>,
  schedule: Schedule,
  operatorId: OperatorId,
): Promise<void> {
  return dbTransaction(pool, async (client) => {
    await lockWindows(client);
    await updateSchedule(client, schedule, operatorId, clock.now());
    await announceSettings(client, clock.now(), operatorId);
  });
}

/** In force for everything proposed from then on. */
export function setGrossPairs(
  { pool, clock }: Pick<SettlementParts, 'pool' | 'clock'>,
  pairs: readonly (readonly [PlatformId, PlatformId])[],
  operatorId: OperatorId,
): Promise<void> {
  return dbTransaction(pool, async (client) => {
    await lockWindows(client);
    await replaceGrossPairs(client, pairs, operatorId, clock.now());
    await announceSettings(client, clock.now(), operatorId);
  });
}

async function announceSettings(
  client: DbClient,
  nowMs: number,
  operatorId: OperatorId,
): Promise<void> {
  const { schedule, grossPairs } = await selectSettings(client);
  const when =
    schedule.kind === 'daily'
      ? `daily at ${schedule.at}`
      : schedule.kind === 'every'
        ? `every ${schedule.minutes} minutes`
        : 'by hand';
  await appendEvents(
    client,
    [
      {
        type: 'settlement.configured',
        platformId: null,
        data: {
          changed_by: operatorId,
          schedule: when,
          gross_pairs: grossPairs.map((pair) => pair.join('/')).join(' '),
        },
      },
    ],
    nowMs,
  );
}
