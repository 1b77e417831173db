// Webhooks: where platforms and operators want events sent to, signed by Standard Webhooks 1.0, and
// what became of each. Owns endpoints, their keys and deliveries; what happened is the feed's to
// say. `GET /api/events` gives the same events to whoever asks instead of listening.

import { randomBytes } from 'node:crypto';

import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { dbTransaction } from '../../runtime/database.ts';
import type { Egress } from '../../runtime/egress.ts';
import { appendEvents, readFeedHead } from '../feed.ts';
import {
  contextOf,
  createDeliverer,
  type Deliverer,
  type DelivererOptions,
  type DelivererParts,
} from './deliver.ts';
import { requeue, selectDeliveries } from './delivery-store.ts';
import { webhookProblems } from './problems.ts';
import { formatSecret } from './sign.ts';
import {
  changeWebhook,
  countWebhooksLocked,
  deleteWebhook,
  disableWebhook,
  enableWebhook,
  insertSecret,
  insertWebhook,
  selectWebhook,
  selectWebhooks,
  type Scope,
} from './store.ts';
import type { Delivery, DeliveryState, Owner, Webhook, WebhookTerms } from './types.ts';

export type { Deliverer, DelivererOptions } from './deliver.ts';
export type { Scope } from './store.ts';

export type WebhookChange = { readonly [K in keyof WebhookTerms]?: WebhookTerms[K] | undefined } & {
  readonly enabled?: boolean | undefined;
};

export interface WebhooksParts extends DelivererParts {
  readonly egress: Pick<Egress, 'send' | 'findTargetFault'>;
}

/** `scope` is whose endpoints the caller may touch: another's are not found. */
export interface Webhooks {
  /** Events from now on go to it. The secret is told here and nowhere else. */
  create(
    owner: Owner,
    terms: WebhookTerms,
  ): Promise<Result<{ readonly webhook: Webhook; readonly secret: string }>>;
  /** Oldest first. */
  list(scope: Scope): Promise<readonly Webhook[]>;
  find(scope: Scope, webhookId: string): Promise<Result<Webhook>>;
  /** What is undefined stays. Disabling turns what waits into dead letters. */
  change(scope: Scope, webhookId: string, change: WebhookChange): Promise<Result<Webhook>>;
  remove(scope: Scope, webhookId: string): Promise<Result<Webhook>>;
  /** A new secret; messages are signed with the old one too for so long. */
  renewSecret(
    scope: Scope,
    webhookId: string,
    overlapMs: number,
  ): Promise<
    Result<{ readonly webhook: Webhook; readonly secret: string; readonly oldEndsMs: number }>
  >;
  /** Sends an event `webhook.test` to it, whatever types it wants. */
  test(scope: Scope, webhookId: string): Promise<Result<Webhook>>;
  /** Newest event first. */
  listDeliveries(
    scope: Scope,
    webhookId: string,
    filter: {
      readonly state?: DeliveryState | undefined;
      readonly before?: bigint | undefined;
      readonly limit: number;
    },
  ): Promise<Result<readonly Delivery[]>>;
  /**
   * Sends one event again, whatever became of it, or all dead letters since a time; returns how
   * many are due now. `askedBy` is logged.
   */
  redeliver(
    scope: Scope,
    webhookId: string,
    what: { readonly eventId: bigint } | { readonly sinceMs: number },
    askedBy: string,
  ): Promise<Result<number>>;
  /** What sends in this process; run it in a loop. */
  createDeliverer(options?: DelivererOptions): Deliverer;
}

const MAX_WEBHOOKS = 20;
/** Keys that a message is signed with at most. */
const MAX_SECRETS = 3;
const SECRET_BYTES = 32;

export function createWebhooks(parts: WebhooksParts): Webhooks {
  const { pool, clock, log, sealer, egress } = parts;

  async function find(scope: Scope, webhookId: string): Promise<Result<Webhook>> {
    const webhook = await selectWebhook(pool, scope, webhookId);
    return webhook === undefined ? refuse(webhookProblems.webhook_not_found()) : ok(webhook);
  }

  async function faultOf(url: string): Promise<Result<undefined>> {
    const fault = await egress.findTargetFault(url);
    return fault === undefined
      ? ok(undefined)
      : refuse(webhookProblems.webhook_target_refused(`The url ${fault}.`, { field: 'url' }));
  }

  function sealNew(webhookId: string): { secret: string; sealed: Buffer } {
    const secret = formatSecret(randomBytes(SECRET_BYTES));
    return { secret, sealed: sealer.seal(secret, contextOf(webhookId)) };
  }

  return {
    async create(owner, terms) {
      const target = await faultOf(terms.url);
      if (!target.ok) return target;
      const webhookId = `whk_${randomBytes(16).toString('hex')}`;
      const { secret, sealed } = sealNew(webhookId);
      const created = await dbTransaction(pool, async (client) => {
        const count = await countWebhooksLocked(client, owner);
        if (count >= MAX_WEBHOOKS)
          return webhookProblems.too_many_webhooks(`There are ${count} already.`);
        if (
          !(await insertWebhook(
            client,
            webhookId,
            owner,
            terms,
            await readFeedHead(client),
            clock.now(),
          ))
        )
          return webhookProblems.webhook_exists();
        await insertSecret(client, webhookId, sealed, clock.now(), clock.now(), MAX_SECRETS - 1);
        return undefined;
      });
      if (created !== undefined) return refuse(created);
      const webhook = await find('everybody', webhookId);
      return webhook.ok ? ok({ webhook: webhook.value, secret }) : webhook;
    },

    list: (scope) => selectWebhooks(pool, scope),
    find,

    async change(scope, webhookId, { enabled, ...change }) {
      const found = await find(scope, webhookId);
      if (!found.ok) return found;
      const before = found.value;
      const {
        url = before.url,
        description = before.description,
        types = before.types,
        ordered = before.ordered,
      } = change;
      const target = url === before.url ? ok(undefined) : await faultOf(url);
      if (!target.ok) return target;
      const changed = await dbTransaction(pool, async (client) => {
        if (!(await changeWebhook(client, webhookId, { url, description, types, ordered })))
          return false;
        if (enabled === true) await enableWebhook(client, webhookId);
        if (enabled === false) await disableWebhook(client, webhookId, 'owner', clock.now());
        return true;
      });
      const after = await find(scope, webhookId);
      return changed || !after.ok ? after : refuse(webhookProblems.webhook_exists());
    },

    async remove(scope, webhookId) {
      const found = await find(scope, webhookId);
      if (found.ok) await deleteWebhook(pool, webhookId);
      return found;
    },

    async renewSecret(scope, webhookId, overlapMs) {
      const found = await find(scope, webhookId);
      if (!found.ok) return found;
      const { secret, sealed } = sealNew(webhookId);
      const oldEndsMs = clock.now() + overlapMs;
      await dbTransaction(pool, (client) =>
        insertSecret(client, webhookId, sealed, clock.now(), oldEndsMs, MAX_SECRETS - 1),
      );
      return ok({ webhook: found.value, secret, oldEndsMs });
    },

    async test(scope, webhookId) {
      const found = await find(scope, webhookId);
      if (!found.ok) return found;
      const { platformId, state } = found.value;
      if (state === 'disabled') return refuse(webhookProblems.webhook_disabled());
      await dbTransaction(pool, (client) =>
        appendEvents(
          client,
          [{ type: 'webhook.test', platformId, data: { webhook_id: webhookId } }],
          clock.now(),
        ),
      );
      return found;
    },

    async listDeliveries(scope, webhookId, { state, before, limit }) {
      const found = await find(scope, webhookId);
      return found.ok ? ok(await selectDeliveries(pool, webhookId, state, before, limit)) : found;
    },

    async redeliver(scope, webhookId, what, askedBy) {
      const found = await find(scope, webhookId);
      if (!found.ok) return found;
      if (found.value.state === 'disabled') return refuse(webhookProblems.webhook_disabled());
      const count = await requeue(pool, webhookId, what, clock.now());
      if (count === 0 && 'eventId' in what) return refuse(webhookProblems.delivery_not_found());
      log.info(
        { webhook_id: webhookId, count, asked_by: askedBy },
        'webhook messages are sent again',
      );
      return ok(count);
    },

    createDeliverer: (options) => createDeliverer(parts, options),
  };
}
