// GET …/webhooks/{webhook_id}, on both sides: one webhook and the state of its deliveries.

import { ok } from '../../kernel/problem.ts';
import { describeWebhook, WebhookView } from '../../views/webhook.ts';
import { WebhookParams } from './webhook-request.ts';
import { defineRoute } from '../define-route.ts';
import type { Side, SidePrefix } from './side.ts';

/** Makes the route for one side. */
export const getWebhookOf = <Prefix extends SidePrefix>({
  prefix,
  tag,
  adjective,
  scopeOf,
}: Side<Prefix>) =>
  defineRoute({
    operationId: `get${adjective}Webhook`,
    method: 'GET',
    url: `${prefix}/webhooks/:webhook_id`,
    tag,
    summary: 'One webhook',
    params: WebhookParams,
    answer: WebhookView,
    problems: ['webhook_not_found'],
    serve:
      ({ webhooks }) =>
      async ({ params, request }) => {
        const found = await webhooks.find(scopeOf(request), params.webhook_id);
        return found.ok ? ok(describeWebhook(found.value)) : found;
      },
  });
