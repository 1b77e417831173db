// PATCH …/webhooks/{webhook_id}, on both sides: changes URL, types or order of a webhook, and
// switches it off and on.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeWebhook, WebhookView } from '../../views/webhook.ts';
import { TermFields, WebhookParams } from './webhook-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import type { Side, SidePrefix } from './side.ts';

const Body = closed({
  url: Type.Optional(TermFields.url),
  types: Type.Optional(TermFields.types),
  ordered: Type.Optional(TermFields.ordered),
  description: Type.Optional(TermFields.description),
  enabled: Type.Optional(
    Type.Boolean({
      description:
        'False: no more events are sent, and waiting deliveries become dead letters. True: ' +
        'events are sent from now on; use redeliver for the dead letters.',
    }),
  ),
});

/** Makes the route for one side. */
export const changeWebhookOf = <Prefix extends SidePrefix>({
  prefix,
  tag,
  adjective,
  ownerOf,
}: Side<Prefix>) =>
  defineRoute({
    operationId: `change${adjective}Webhook`,
    method: 'PATCH',
    url: `${prefix}/webhooks/:webhook_id`,
    tag,
    summary: 'Change a webhook',
    description: 'Fields that are absent keep their values. Waiting deliveries go to the new URL.',
    params: WebhookParams,
    body: Body,
    answer: WebhookView,
    problems: ['webhook_not_found', 'webhook_target_refused', 'webhook_exists'],
    serve:
      ({ webhooks }) =>
      async ({ params, body, request }) => {
        const changed = await webhooks.change({ owner: ownerOf(request) }, params.webhook_id, body);
        return changed.ok ? ok(describeWebhook(changed.value)) : changed;
      },
  });
