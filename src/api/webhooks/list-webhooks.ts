// GET …/webhooks, on both sides: the caller's webhooks and the state of their deliveries.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeWebhook, WebhookView } from '../../views/webhook.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import type { Side, SidePrefix } from './side.ts';

/** Makes the route for one side. */
export const listWebhooksOf = <Prefix extends SidePrefix>({
  prefix,
  tag,
  adjective,
  scopeOf,
}: Side<Prefix>) =>
  defineRoute({
    operationId: `list${adjective}Webhooks`,
    method: 'GET',
    url: `${prefix}/webhooks`,
    tag,
    summary: 'Webhooks',
    description: 'Oldest first.',
    query: closed({}),
    answer: Type.Object({ webhooks: Type.Array(WebhookView) }),
    problems: [],
    serve:
      ({ webhooks }) =>
      async ({ request }) =>
        ok({ webhooks: (await webhooks.list(scopeOf(request))).map(describeWebhook) }),
  });
