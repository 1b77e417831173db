// GET …/webhooks, on both sides: all endpoints of the caller, and how they fare.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeWebhook, WebhookView } from '../../views/webhook.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../schemas.ts';
import type { Side, SidePrefix } from './side.ts';

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
    summary: 'Where events are sent to',
    description: 'Oldest first.',
    query: closed({}),
    answer: Type.Object({ webhooks: Type.Array(WebhookView) }),
    problems: [],
    serve:
      ({ webhooks }) =>
      async ({ request }) =>
        ok({ webhooks: (await webhooks.list(scopeOf(request))).map(describeWebhook) }),
  });
