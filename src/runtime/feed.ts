// The feed: what happened in the network, in order and without a gap, for whoever reads on by cursor. Every module may add to it; docs/api.md lists the types.

import type { DbClient, Pool } from './database.ts';

type Queryable = Pick<Pool, 'query'> | Pick<DbClient, 'query'>;

export interface NewEvent {
  /** A thing and what became of it, such as `redemption.issued`. */
  readonly type: string;
  /** The platform it concerns; null for all. */
  readonly platformId: string | null;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

export interface NetworkEvent extends NewEvent {
  /** 1, 2, 3 … without a gap. */
  readonly eventId: bigint;
  readonly occurredAt: Date;
}

/** Adds events within the caller's dbTransaction. The lock keeps numbers gapless and in the order of commits, so no reader by cursor misses one. */
export async function appendEvents(db: Queryable, events: readonly NewEvent[], nowMs: number): Promise<void> {
  if (events.length === 0) return;
  await db.query('lock table valuation.event in share row exclusive mode');
  await db.query(
    `insert into valuation.event (event_id, occurred_at, type, platform_id, data)
     select (select coalesce(max(event_id), 0) from valuation.event) + e.position, $1, e.type, e.platform_id, e.data::jsonb
       from unnest($2::text[], $3::text[], $4::text[]) with ordinality as e (type, platform_id, data, position)`,
    [new Date(nowMs), events.map(({ type }) => type), events.map(({ platformId }) => platformId), events.map(({ data }) => JSON.stringify(data))],
  );
}

/** Events after a cursor, oldest first: all of them, or those that concern one platform. What operators propose to each other concerns none. */
export async function selectEvents(db: Queryable, after: bigint, limit: number, platformId: string | undefined): Promise<NetworkEvent[]> {
  const { rows } = await db.query<NetworkEvent>(
    `select event_id as "eventId", occurred_at as "occurredAt", type, platform_id as "platformId", data from valuation.event
      where event_id > $1 and ($3::text is null or platform_id = $3 or (platform_id is null and type like 'rulebook.%')) order by event_id limit $2`,
    [after, limit, platformId ?? null],
  );
  return rows;
}
