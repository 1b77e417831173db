// The feed: everything that happened in the network, in order and without a gap, read by cursor.
// Every module may add to it; docs/api.md lists the types.

import type { Queryable } from '../runtime/database.ts';

export interface NewEvent {
  /** A noun and what happened to it, such as `redemption.issued`. */
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

/**
 * Adds events within the caller's dbTransaction, best as its last act: the next caller waits for
 * its end, so that no reader by cursor misses an event.
 */
export async function appendEvents(
  db: Queryable,
  events: readonly NewEvent[],
  nowMs: number,
): Promise<void> {
  if (events.length === 0) return;
  await db.query(
    `with head as (update feed.head set event_id = event_id + $5 returning event_id - $5 as before)
     insert into feed.event (event_id, occurred_at, type, platform_id, data)
     select head.before + e.position, $1, e.type, e.platform_id, e.data::jsonb
       from head, unnest($2::text[], $3::text[], $4::text[]) with ordinality as e (type,
         platform_id, data, position)`,
    [
      new Date(nowMs),
      events.map(({ type }) => type),
      events.map(({ platformId }) => platformId),
      events.map(({ data }) => JSON.stringify(data)),
      events.length,
    ],
  );
}

const COLUMNS =
  'event_id as "eventId", occurred_at as "occurredAt", type, platform_id as "platformId", data';

export interface EventFilter {
  /**
   * Events that concern this platform: its own, and those of the rulebook. Proposals between
   * operators concern no platform. All events when undefined.
   */
  readonly platformId?: string | undefined;
  /** Only these types, such as `transfer.completed` or `transfer.*`; all when undefined. */
  readonly types?: readonly string[] | undefined;
}

/** Events after a cursor, oldest first. */
export async function selectEvents(
  db: Queryable,
  after: bigint,
  limit: number,
  { platformId, types }: EventFilter = {},
): Promise<NetworkEvent[]> {
  const page =
    `and event_id > $1 and ($3::text[] is null or type = any($3) or split_part(type, '.', 1) || ` +
    `'.*' = any($3)) order by event_id limit $2`;
  // Two ranges of two indexes, merged: an "or" of them would look through the events of everybody.
  const ofPlatform = `select * from ((select ${COLUMNS} from feed.event
      where platform_id = $4 ${page})
    union all (select ${COLUMNS} from feed.event
      where platform_id is null and type like 'rulebook.%' ${page})) found order by "eventId"
      limit $2`;
  const { rows } = await db.query<NetworkEvent>(
    platformId === undefined ? `select ${COLUMNS} from feed.event where true ${page}` : ofPlatform,
    [after, limit, types ?? null, ...(platformId === undefined ? [] : [platformId])],
  );
  return rows;
}

/** These events, as far as they exist, in no particular order. */
export async function selectEventsById(
  db: Queryable,
  eventIds: readonly bigint[],
): Promise<NetworkEvent[]> {
  const { rows } = await db.query<NetworkEvent>(
    `select ${COLUMNS} from feed.event where event_id = any($1)`,
    [eventIds],
  );
  return rows;
}

/** The number of the newest event; 0 before the first. */
export async function readFeedHead(db: Queryable): Promise<bigint> {
  const { rows } = await db.query<{ event_id: bigint }>('select event_id from feed.head');
  const [head] = rows;
  if (head === undefined) throw new Error('the feed has no head');
  return head.event_id;
}
