// SQL on endpoints and their keys; deliveries are in store-deliveries.ts.

import type { Queryable } from '../../runtime/database.ts';
import type { DisabledReason, Owner, Webhook, WebhookTerms } from './types.ts';

const COLUMNS = `w.webhook_id as "webhookId", w.platform_id as "platformId", w.url, w.description,
    w.types, w.ordered, w.state, w.disabled_reason as "disabledReason",
  w.failing_since as "failingSince", w.last_success_at as "lastSuccessAt",
    w.created_at as "createdAt",
  (select count(*) from clearing.webhook_delivery d
    where d.webhook_id = w.webhook_id and d.state = 'pending')::integer as pending,
  (select count(*) from clearing.webhook_delivery d
    where d.webhook_id = w.webhook_id and d.state = 'dead')::integer as dead`;

/** Of one owner, or of everybody. */
export type Scope = { readonly owner: Owner } | 'everybody';

function inScope(scope: Scope): [condition: string, owner: Owner[]] {
  return scope === 'everybody'
    ? ['$1::text is null', [null]]
    : ['w.platform_id is not distinct from $1', [scope.owner]];
}

/** Oldest first. */
export async function selectWebhooks(db: Queryable, scope: Scope): Promise<Webhook[]> {
  const [condition, owner] = inScope(scope);
  const { rows } = await db.query<Webhook>(
    `select ${COLUMNS} from clearing.webhook w where ${condition}
        order by w.created_at, w.webhook_id`,
    owner,
  );
  return rows;
}

export async function selectWebhook(
  db: Queryable,
  scope: Scope,
  webhookId: string,
): Promise<Webhook | undefined> {
  const [condition, owner] = inScope(scope);
  const { rows } = await db.query<Webhook>(
    `select ${COLUMNS} from clearing.webhook w where ${condition} and w.webhook_id = $2`,
    [...owner, webhookId],
  );
  return rows[0];
}

/**
 * Counts the owner's endpoints; other callers that count them wait for the end of the
 * dbTransaction.
 */
export async function countWebhooksLocked(db: Queryable, owner: Owner): Promise<number> {
  await db.query(
    `select pg_advisory_xact_lock(hashtextextended('webhooks of ' || coalesce($1, ''), 0))`,
    [owner],
  );
  const { rows } = await db.query<{ count: bigint }>(
    'select count(*) as count from clearing.webhook where platform_id is not distinct from $1',
    [owner],
  );
  return Number(rows[0]?.count ?? 0);
}

/** False when the owner has one with this URL. */
export async function insertWebhook(
  db: Queryable,
  webhookId: string,
  owner: Owner,
  { url, description, types, ordered }: WebhookTerms,
  afterEventId: bigint,
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into clearing.webhook (webhook_id, platform_id, url, description, types, ordered,
        after_event_id, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict on constraint webhook_url_once do nothing`,
    [webhookId, owner, url, description, types, ordered, afterEventId, new Date(nowMs)],
  );
  return rowCount === 1;
}

/** False when the owner has another one with this URL. */
export async function changeWebhook(
  db: Queryable,
  webhookId: string,
  { url, description, types, ordered }: WebhookTerms,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update clearing.webhook w set url = $2, description = $3, types = $4, ordered = $5
      where webhook_id = $1 and not exists (select from clearing.webhook o
        where o.platform_id is not distinct
        from w.platform_id and o.url = $2 and o.webhook_id <> $1)`,
    [webhookId, url, description, types, ordered],
  );
  return rowCount === 1;
}

export async function deleteWebhook(db: Queryable, webhookId: string): Promise<void> {
  await db.query('delete from clearing.webhook where webhook_id = $1', [webhookId]);
}

export async function enableWebhook(db: Queryable, webhookId: string): Promise<void> {
  await db.query(
    `update clearing.webhook set state = 'active', disabled_reason = null, failing_since = null
        where webhook_id = $1 and state = 'disabled'`,
    [webhookId],
  );
}

/** Waiting deliveries become dead letters. Undefined when it was disabled before. */
export async function disableWebhook(
  db: Queryable,
  webhookId: string,
  reason: DisabledReason,
  nowMs: number,
): Promise<{ platformId: Owner; url: string } | undefined> {
  const { rows } = await db.query<{ platformId: Owner; url: string }>(
    `update clearing.webhook set state = 'disabled', disabled_reason = $2
        where webhook_id = $1 and state = 'active' returning platform_id as "platformId", url`,
    [webhookId, reason],
  );
  if (rows[0] === undefined) return undefined;
  await db.query(
    `update clearing.webhook_delivery
        set state = 'dead', finished_at = $2,
        last_error = coalesce(last_error, 'The webhook was disabled.')
        where webhook_id = $1 and state = 'pending'`,
    [webhookId, new Date(nowMs)],
  );
  return rows[0];
}

/**
 * Makes a key the newest: those before it end at `oldEndsMs`, unless they end earlier; at most
 * `keep` of them stay.
 */
export async function insertSecret(
  db: Queryable,
  webhookId: string,
  sealed: Buffer,
  nowMs: number,
  oldEndsMs: number,
  keep: number,
): Promise<void> {
  // Of two callers that renew at once, the second sees the key of the first.
  await db.query('select from clearing.webhook where webhook_id = $1 for update', [webhookId]);
  await db.query(
    `update clearing.webhook_secret set ends_at = least(coalesce(ends_at, $2), $2)
        where webhook_id = $1`,
    [webhookId, new Date(oldEndsMs)],
  );
  await db.query(
    `delete from clearing.webhook_secret
        where webhook_id = $1 and (ends_at <= $2 or created_at not in (select created_at
        from clearing.webhook_secret where webhook_id = $1 order by created_at desc limit $3))`,
    [webhookId, new Date(nowMs), keep],
  );
  await db.query(
    `insert into clearing.webhook_secret (webhook_id, created_at, sealed_secret)
     select $1, greatest($2, (select max(created_at) + interval '1 millisecond'
       from clearing.webhook_secret where webhook_id = $1)), $3`,
    [webhookId, new Date(nowMs), sealed],
  );
}
