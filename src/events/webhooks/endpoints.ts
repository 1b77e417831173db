// Creates and changes endpoints: where events are sent, which of them, and under which secret.

import { randomBytes } from 'node:crypto';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { dbTransaction } from '../../runtime/database.ts';
import type { Egress } from '../../runtime/egress.ts';
import { readFeedHead } from '../feed.ts';
import { contextOf, type DelivererParts } from './send-message.ts';
import { webhookProblems } from './problems.ts';
import { formatSecret } from './sign.ts';
import {
  changeWebhook,
  countWebhooksLocked,
  disableWebhook,
  enableWebhook,
  insertSecret,
  insertWebhook,
  selectWebhook,
  type Scope,
} from './store.ts';
import type { Owner, Webhook, WebhookTerms } from './types.ts';

export type WebhookChange = { readonly [K in keyof WebhookTerms]?: WebhookTerms[K] | undefined } & {
  readonly enabled?: boolean | undefined;
};

export interface WebhooksParts extends DelivererParts {
  readonly egress: Pick<Egress, 'send' | 'findTargetFault'>;
}

const MAX_WEBHOOKS = 20;
/** The most keys with which a message is signed. */
export const MAX_SECRETS = 3;
const SECRET_BYTES = 32;

export async function createWebhook(
  parts: WebhooksParts,
  owner: Owner,
  terms: WebhookTerms,
): Promise<Result<{ readonly webhook: Webhook; readonly secret: string }>> {
  const { pool, clock } = parts;
  const target = await checkTarget(parts, terms.url);
  if (!target.ok) return target;
  const webhookId = `whk_${randomBytes(16).toString('hex')}`;
  const { secret, sealed } = sealNewSecret(parts, webhookId);
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
  const webhook = await findWebhook(parts, 'everybody', webhookId);
  return webhook.ok ? ok({ webhook: webhook.value, secret }) : webhook;
}

export async function changeTerms(
  parts: WebhooksParts,
  scope: Scope,
  webhookId: string,
  { enabled, ...change }: WebhookChange,
): Promise<Result<Webhook>> {
  const { pool, clock } = parts;
  const found = await findWebhook(parts, scope, webhookId);
  if (!found.ok) return found;
  const before = found.value;
  const {
    url = before.url,
    description = before.description,
    types = before.types,
    ordered = before.ordered,
  } = change;
  const target = url === before.url ? ok(undefined) : await checkTarget(parts, url);
  if (!target.ok) return target;
  const changed = await dbTransaction(pool, async (client) => {
    if (!(await changeWebhook(client, webhookId, { url, description, types, ordered })))
      return false;
    if (enabled === true) await enableWebhook(client, webhookId);
    if (enabled === false) await disableWebhook(client, webhookId, 'owner', clock.now());
    return true;
  });
  const after = await findWebhook(parts, scope, webhookId);
  return changed || !after.ok ? after : refuse(webhookProblems.webhook_exists());
}

export async function findWebhook(
  { pool }: Pick<WebhooksParts, 'pool'>,
  scope: Scope,
  webhookId: string,
): Promise<Result<Webhook>> {
  const webhook = await selectWebhook(pool, scope, webhookId);
  return webhook === undefined ? refuse(webhookProblems.webhook_not_found()) : ok(webhook);
}

async function checkTarget(
  { egress }: Pick<WebhooksParts, 'egress'>,
  url: string,
): Promise<Result<undefined>> {
  const fault = await egress.findTargetFault(url);
  return fault === undefined
    ? ok(undefined)
    : refuse(webhookProblems.webhook_target_refused(`The url ${fault}.`, { field: 'url' }));
}

export function sealNewSecret(
  { sealer }: Pick<WebhooksParts, 'sealer'>,
  webhookId: string,
): { secret: string; sealed: Buffer } {
  const secret = formatSecret(randomBytes(SECRET_BYTES));
  return { secret, sealed: sealer.seal(secret, contextOf(webhookId)) };
}
