// SQL of the settings of settlement: when windows close, and which pairs are settled gross.

import type { PlatformId } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import type { Schedule, SettlementSettings } from './types.ts';

export async function selectSettings(db: Queryable): Promise<SettlementSettings> {
  const { rows } = await db.query<{ daily_at: string | null; every_minutes: number | null }>(
    'select daily_at, every_minutes from clearing.settlement_setting',
  );
  const pairs = await db.query<{ platform_a: PlatformId; platform_b: PlatformId }>(
    'select platform_a, platform_b from clearing.gross_pair order by 1, 2',
  );
  return {
    schedule: readSchedule(rows[0]),
    grossPairs: pairs.rows.map((row) => [row.platform_a, row.platform_b] as const),
  };
}

function readSchedule(
  row: { readonly daily_at: string | null; readonly every_minutes: number | null } | undefined,
): Schedule {
  if (typeof row?.daily_at === 'string') return { kind: 'daily', at: row.daily_at };
  return typeof row?.every_minutes === 'number'
    ? { kind: 'every', minutes: row.every_minutes }
    : { kind: 'none' };
}

export async function updateSchedule(
  db: Queryable,
  schedule: Schedule,
  operatorId: string,
  nowMs: number,
): Promise<void> {
  await db.query(
    `update clearing.settlement_setting set daily_at = $1, every_minutes = $2, changed_by = $3,
        changed_at = $4`,
    [
      schedule.kind === 'daily' ? schedule.at : null,
      schedule.kind === 'every' ? schedule.minutes : null,
      operatorId,
      new Date(nowMs),
    ],
  );
}

export async function replaceGrossPairs(
  db: Queryable,
  pairs: readonly (readonly [PlatformId, PlatformId])[],
  operatorId: string,
  nowMs: number,
): Promise<void> {
  const inOrder = pairs.map(([a, b]) => (a < b ? [a, b] : [b, a]) as [PlatformId, PlatformId]);
  await db.query('delete from clearing.gross_pair');
  await db.query(
    `insert into clearing.gross_pair (platform_a, platform_b, changed_by, changed_at)
        select distinct a, b, $3, $4::timestamptz from unnest($1::text[], $2::text[]) as p (a, b)`,
    [inOrder.map(([a]) => a), inOrder.map(([, b]) => b), operatorId, new Date(nowMs)],
  );
}
