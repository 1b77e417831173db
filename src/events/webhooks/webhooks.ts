// Webhooks: endpoints of platforms and operators to which events are sent, signed by Standard
// Webhooks 1.0, and the state of each delivery. Owns endpoints, their keys and deliveries; the feed
// owns the events. `GET /api/events` gives the same events to callers that ask instead of
// listening.

import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { appendEvents } from '../feed.ts';
import { createDeliverer, type Deliverer, type DelivererOptions } from './deliver.ts';
import { requeue, selectDeliveries } from './store-deliveries.ts';
import { webhookProblems } from './problems.ts';
import { deleteWebhook, insertSecret, selectWebhooks, type Scope } from './store.ts';
import type { Delivery, DeliveryState, Owner, Webhook, WebhookTerms } from './types.ts';
import {
  changeTerms,
  createWebhook,
  findWebhook,
  MAX_SECRETS,
  sealNewSecret,
  type WebhookChange,
  type WebhooksParts,
} from './endpoints.ts';

export type { Deliverer } from './deliver.ts';
export type { Scope } from './store.ts';

/** `scope` is the owner whose endpoints the caller may touch: others are not found. */
export interface Webhooks {
  /** Gets events from now on. The secret is shown here and nowhere else. */
  create(
    owner: Owner,
    terms: WebhookTerms,
  ): Promise<Result<{ readonly webhook: Webhook; readonly secret: string }>>;
  /** Oldest first. */
  list(scope: Scope): Promise<readonly Webhook[]>;
  find(scope: Scope, webhookId: string): Promise<Result<Webhook>>;
  /** An undefined value stays. Disabling turns waiting deliveries into dead letters. */
  change(scope: Scope, webhookId: string, change: WebhookChange): Promise<Result<Webhook>>;
  remove(scope: Scope, webhookId: string): Promise<Result<Webhook>>;
  /** Makes a new secret; messages are signed with the old one too until the overlap ends. */
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
   * Sends one event again, in any state, or all dead letters since a time; returns how many are due
   * now. `askedBy` is logged.
   */
  redeliver(
    scope: Scope,
    webhookId: string,
    what: { readonly eventId: bigint } | { readonly sinceMs: number },
    askedBy: string,
  ): Promise<Result<number>>;
  /** The sender of this process; run it in a loop. */
  createDeliverer(options?: DelivererOptions): Deliverer;
}

export function createWebhooks(parts: WebhooksParts): Webhooks {
  const { pool, clock, log } = parts;

  const find: Webhooks['find'] = (scope, webhookId) => findWebhook(parts, scope, webhookId);

  return {
    create: (owner, terms) => createWebhook(parts, owner, terms),
    list: (scope) => selectWebhooks(pool, scope),
    find,

    change: (scope, webhookId, change) => changeTerms(parts, scope, webhookId, change),

    async remove(scope, webhookId) {
      const found = await find(scope, webhookId);
      if (found.ok) await deleteWebhook(pool, webhookId);
      return found;
    },

    async renewSecret(scope, webhookId, overlapMs) {
      const found = await find(scope, webhookId);
      if (!found.ok) return found;
      const { secret, sealed } = sealNewSecret(parts, webhookId);
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
