// SQL of nets: what each participant owes or is owed over a window as a whole.

import type { PlatformId } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import type { Net, Participant } from './types.ts';

export async function insertNets(
  db: Queryable,
  windowId: number,
  nets: readonly Net[],
): Promise<void> {
  await db.query(
    `insert into clearing.window_net (window_id, participant, opening, net, paid, closing)
     select $1, n.* from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[],
       $6::bigint[]) as n (participant, opening, net, paid, closing)`,
    [
      windowId,
      nets.map(({ participant }) => participant),
      nets.map(({ opening }) => opening),
      nets.map(({ net }) => net),
      nets.map(({ paid }) => paid),
      nets.map(({ closing }) => closing),
    ],
  );
}

export async function selectNets(db: Queryable, windowId: number): Promise<Net[]> {
  const { rows } = await db.query<Net>(
    `select participant, opening, net, paid, closing from clearing.window_net where window_id = $1
        order by participant`,
    [windowId],
  );
  return rows;
}

/** One participant's figures, by window. */
export async function selectNetsOf(
  db: Queryable,
  participant: Participant,
  windowIds: readonly number[],
): Promise<Map<number, Net>> {
  const { rows } = await db.query<Net & { window_id: number }>(
    `select window_id, participant, opening, net, paid, closing from clearing.window_net
        where participant = $1 and window_id = any($2)`,
    [participant, windowIds],
  );
  return new Map(rows.map((row) => [row.window_id, row]));
}

/** What a platform still owes by its obligations, for windows that are closed and not settled. */
export async function sumOwed(db: Queryable, platformId: PlatformId): Promise<bigint> {
  const { rows } = await db.query<{ owed: bigint }>(
    `select coalesce(sum(greatest(-left_over, 0)), 0)::bigint as owed
       from clearing.settlement_window w
      cross join lateral (
        select o.amount - coalesce((select sum(p.amount) from clearing.part_payment p
          where p.window_id = w.window_id and p.participant = $1 and p.basis = o.basis
                                     and p.state = 'posted'), 0) as left_over
          from clearing.obligation o where o.window_id = w.window_id and o.participant = $1) l
      where w.state not in ('open', 'settled')`,
    [platformId],
  );
  return rows[0]?.owed ?? 0n;
}
