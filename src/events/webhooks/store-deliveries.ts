// SQL on deliveries: making them from events, claiming them for a process, and recording outcomes.

import type { Delivery, DeliveryState, Owner } from './types.ts';
import type { Queryable } from '../../runtime/database.ts';

/**
 * A process that has not been seen for this long counts as dead, by the clock of the database; its
 * deliveries are free.
 */
const SENDER_ALIVE = `interval '5 seconds'`;

export async function readWebhookCursor(db: Queryable): Promise<bigint> {
  const { rows } = await db.query<{ event_id: bigint }>(
    'select event_id from clearing.webhook_cursor',
  );
  const [cursor] = rows;
  if (cursor === undefined) throw new Error('there is no cursor of webhooks');
  return cursor.event_id;
}

/**
 * False when another process was first; otherwise its row stays locked to the end of the
 * dbTransaction.
 */
export async function moveWebhookCursor(db: Queryable, from: bigint, to: bigint): Promise<boolean> {
  const { rowCount } = await db.query(
    'update clearing.webhook_cursor set event_id = $2 where event_id = $1',
    [from, to],
  );
  return rowCount === 1;
}

export interface Subscription {
  readonly webhookId: string;
  readonly platformId: Owner;
  readonly types: readonly string[] | null;
  readonly afterEventId: bigint;
  readonly active: boolean;
}

export async function selectSubscriptions(db: Queryable): Promise<Subscription[]> {
  const { rows } = await db.query<Subscription>(
    `select webhook_id as "webhookId", platform_id as "platformId", types,
        after_event_id as "afterEventId", state = 'active' as active from clearing.webhook`,
  );
  return rows;
}

export interface NewDelivery {
  readonly webhookId: string;
  readonly eventId: bigint;
  /** False for a disabled endpoint: its delivery is a dead letter from the beginning. */
  readonly active: boolean;
}

/** An endpoint that has just been deleted gets none. */
export async function insertDeliveries(
  db: Queryable,
  deliveries: readonly NewDelivery[],
  nowMs: number,
): Promise<void> {
  if (deliveries.length === 0) return;
  await db.query(
    `insert into clearing.webhook_delivery (webhook_id, event_id, state, due_at, created_at,
        finished_at, last_error)
     select n.webhook_id, n.event_id, case when n.active then 'pending' else 'dead' end, $4, $4,
       case when n.active then null else $4::timestamptz end, case when n.active then null
       else 'The webhook was disabled.' end
       from unnest($1::text[], $2::bigint[], $3::boolean[]) as n (webhook_id, event_id, active)
      where exists (select from clearing.webhook w where w.webhook_id = n.webhook_id for key share)
         on conflict do nothing`,
    [
      deliveries.map(({ webhookId }) => webhookId),
      deliveries.map(({ eventId }) => eventId),
      deliveries.map(({ active }) => active),
      new Date(nowMs),
    ],
  );
}

/** Records that this process is alive, and removes those that are long dead. */
export async function noteSender(db: Queryable, senderId: string): Promise<void> {
  await db.query(
    `insert into clearing.webhook_sender (sender_id) values ($1) on conflict (sender_id) do update
        set seen_at = now()`,
    [senderId],
  );
  await db.query(`delete from clearing.webhook_sender where seen_at < now() - interval '1 hour'`);
}

/** Its claims are free at once. */
export async function removeSender(db: Queryable, senderId: string): Promise<void> {
  await db.query('delete from clearing.webhook_sender where sender_id = $1', [senderId]);
}

/**
 * Frees claims that a living process does not know, because the answer to its claim was lost;
 * `known` are those that it knows.
 */
export async function releaseUnknown(
  db: Queryable,
  senderId: string,
  known: readonly Pick<Claim, 'webhookId' | 'eventId'>[],
): Promise<void> {
  await db.query(
    `update clearing.webhook_delivery set claimed_by = null
      where state = 'pending' and claimed_by = $1 and (webhook_id, event_id) not in (select *
        from unnest($2::text[], $3::bigint[]))`,
    [senderId, known.map(({ webhookId }) => webhookId), known.map(({ eventId }) => eventId)],
  );
}

export interface Claim {
  readonly webhookId: string;
  readonly eventId: bigint;
  readonly attempts: number;
  readonly url: string;
  readonly platformId: Owner;
  /** The newest first. */
  readonly sealedSecrets: readonly Buffer[];
}

export interface Slots {
  /** Messages under way by endpoint. */
  readonly busy: ReadonlyMap<string, number>;
  /** At most this many at a time to one endpoint that works; one to one that fails. */
  readonly perWebhook: number;
  /** At most this many claims now. */
  readonly free: number;
}

/**
 * Claims what is due. Of an ordered endpoint only its oldest event that is neither delivered nor
 * dead, whichever process may be sending it; of others as many as have a slot. Two processes at
 * once never claim the same: the second skips the rows of the first, or finds them claimed.
 */
export async function claimDue(
  db: Queryable,
  senderId: string,
  { busy, perWebhook, free }: Slots,
  nowMs: number,
): Promise<Claim[]> {
  const { rows } = await db.query<Claim>(
    `with alive as (select coalesce(array_agg(sender_id), '{}') as senders
        from clearing.webhook_sender where seen_at > now() - ${SENDER_ALIVE}),
     slot as (
       select w.webhook_id, w.ordered, greatest(0, case when w.failing_since is null
         then $3::integer else 1 end - coalesce(b.count, 0)) as free
         from clearing.webhook w left
           join unnest($4::text[], $5::integer[]) as b (webhook_id, count) using (webhook_id)
        where w.state = 'active'),
     picked as (
       select d.webhook_id, d.event_id
         from slot s, alive, lateral (
           select d.webhook_id, d.event_id, d.due_at from clearing.webhook_delivery d
            where not s.ordered and d.webhook_id = s.webhook_id and d.state = 'pending'
              and d.due_at <= $2 and (d.claimed_by is null or not d.claimed_by = any(alive.senders))
            order by d.due_at, d.event_id limit s.free for update of d skip locked) d
       union all
       select d.webhook_id, d.event_id
         from slot s, alive, lateral (
           select d.webhook_id, d.event_id, d.due_at from clearing.webhook_delivery d
            where s.ordered and s.free > 0 and d.webhook_id = s.webhook_id and d.state = 'pending'
              and d.due_at <= $2 and (d.claimed_by is null or not d.claimed_by = any(alive.senders))
              and d.event_id = (select event_id from clearing.webhook_delivery h
                where h.webhook_id = s.webhook_id and h.state = 'pending' order by event_id limit 1)
              for update of d skip locked) d),
     claimed as (
       update clearing.webhook_delivery d set claimed_by = $1 from (select * from picked limit $6) p
        where d.webhook_id = p.webhook_id and d.event_id = p.event_id
          returning d.webhook_id, d.event_id, d.attempts)
     select c.webhook_id as "webhookId", c.event_id as "eventId", c.attempts, w.url,
       w.platform_id as "platformId",
            array(select s.sealed_secret from clearing.webhook_secret s
              where s.webhook_id = w.webhook_id and (s.ends_at is null or s.ends_at > $2)
              order by s.created_at desc) as "sealedSecrets"
       from claimed c join clearing.webhook w using (webhook_id) order by c.event_id`,
    [senderId, new Date(nowMs), perWebhook, [...busy.keys()], [...busy.values()], free],
  );
  return rows;
}

export interface Result {
  readonly webhookId: string;
  readonly eventId: bigint;
  readonly state: DeliveryState;
  /** When it is sent again, while it is pending. */
  readonly dueMs: number;
  readonly status: number | null;
  readonly error: string | null;
}

/**
 * Records the results of attempts. A delivery that another process has claimed meanwhile, or that
 * was given up, changes only on success.
 */
export async function writeResults(
  db: Queryable,
  senderId: string,
  results: readonly Result[],
  nowMs: number,
): Promise<void> {
  await db.query(
    `update clearing.webhook_delivery d
        set state = r.state, attempts = d.attempts + 1, due_at = to_timestamp(r.due_ms / 1000.0),
          last_status = r.status, last_error = r.error, last_attempt_at = $8,
            claimed_by = null, finished_at = case when r.state = 'pending' then null
              else $8::timestamptz end
       from unnest($2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::integer[],
         $7::text[]) as r (webhook_id, event_id, state, due_ms, status, error)
      where d.webhook_id = r.webhook_id and d.event_id = r.event_id and d.claimed_by = $1
        and (d.state = 'pending' or r.state = 'delivered')`,
    [
      senderId,
      results.map(({ webhookId }) => webhookId),
      results.map(({ eventId }) => eventId),
      results.map(({ state }) => state),
      results.map(({ dueMs }) => dueMs),
      results.map(({ status }) => status),
      results.map(({ error }) => error),
      new Date(nowMs),
    ],
  );
}

/** One success ends the failing; a row that shows success already is not written again. */
export async function noteSuccesses(
  db: Queryable,
  webhookIds: readonly string[],
  nowMs: number,
): Promise<void> {
  await db.query(
    `update clearing.webhook set failing_since = null, last_success_at = $2
      where webhook_id = any($1) and (failing_since is not null or last_success_at is null
        or last_success_at < $2::timestamptz - interval '10 seconds')`,
    [webhookIds, new Date(nowMs)],
  );
}

/** Returns those that have failed all the time since before `sinceMs`. */
export async function noteFailures(
  db: Queryable,
  webhookIds: readonly string[],
  nowMs: number,
  sinceMs: number,
): Promise<string[]> {
  await db.query(
    `update clearing.webhook set failing_since = $2
        where webhook_id = any($1) and failing_since is null`,
    [webhookIds, new Date(nowMs)],
  );
  const { rows } = await db.query<{ webhook_id: string }>(
    `select webhook_id from clearing.webhook where webhook_id = any($1) and state = 'active'
        and failing_since <= $2`,
    [webhookIds, new Date(sinceMs)],
  );
  return rows.map((row) => row.webhook_id);
}

/** Newest event first; before a cursor when one is given. */
export async function selectDeliveries(
  db: Queryable,
  webhookId: string,
  state: DeliveryState | undefined,
  before: bigint | undefined,
  limit: number,
): Promise<Delivery[]> {
  const { rows } = await db.query<Delivery>(
    `select webhook_id as "webhookId", event_id as "eventId", state, attempts, due_at as "dueAt",
        last_status as "lastStatus", last_error as "lastError",
            last_attempt_at as "lastAttemptAt", created_at as "createdAt"
       from clearing.webhook_delivery where webhook_id = $1 and ($2::text is null or state = $2)
         and ($3::bigint is null or event_id < $3) order by event_id desc limit $4`,
    [webhookId, state ?? null, before ?? null, limit],
  );
  return rows;
}

/**
 * One event in any state, or all dead letters since a time: due now, with all attempts before them.
 * Returns how many.
 */
export async function requeue(
  db: Queryable,
  webhookId: string,
  what: { readonly eventId: bigint } | { readonly sinceMs: number },
  nowMs: number,
): Promise<number> {
  const [condition, value] =
    'eventId' in what
      ? (['event_id = $3', what.eventId] as const)
      : ([`state = 'dead' and created_at >= $3`, new Date(what.sinceMs)] as const);
  const { rowCount } = await db.query(
    `update clearing.webhook_delivery set state = 'pending', attempts = 0, due_at = $2,
        finished_at = null where webhook_id = $1 and ${condition}`,
    [webhookId, new Date(nowMs), value],
  );
  return rowCount ?? 0;
}

/** Removes what was delivered or given up before those times; returns how many. */
export async function purgeDeliveries(
  db: Queryable,
  deliveredBeforeMs: number,
  deadBeforeMs: number,
  limit: number,
): Promise<number> {
  const { rowCount } = await db.query(
    `delete from clearing.webhook_delivery where (webhook_id, event_id) in (
       (select webhook_id, event_id from clearing.webhook_delivery
         where state = 'delivered' and finished_at < $1 limit $3)
       union all (select webhook_id, event_id from clearing.webhook_delivery
         where state = 'dead' and finished_at < $2 limit $3))`,
    [new Date(deliveredBeforeMs), new Date(deadBeforeMs), limit],
  );
  return rowCount ?? 0;
}
