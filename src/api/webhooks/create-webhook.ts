// POST …/webhooks, on both sides: registers a URL to which new events are sent.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeWebhook, WebhookWithSecret } from '../../views/webhook.ts';
import { TermFields } from './webhook-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import type { Side, SidePrefix } from './side.ts';

const Body = closed({
  url: TermFields.url,
  types: Type.Optional(TermFields.types),
  ordered: Type.Optional(TermFields.ordered),
  description: Type.Optional(TermFields.description),
});

/** Makes the route for one side. */
export const createWebhookOf = <Prefix extends SidePrefix>({
  prefix,
  tag,
  adjective,
  ownerOf,
}: Side<Prefix>) =>
  defineRoute({
    operationId: `create${adjective}Webhook`,
    method: 'POST',
    url: `${prefix}/webhooks`,
    tag,
    summary: 'Register a webhook',
    description:
      'From now on, events are sent to the URL. Messages follow Standard Webhooks 1.0; ' +
      'docs/webhooks.md explains how to verify them and when they are sent again. Only this ' +
      'answer contains the secret.',
    body: Body,
    answer: WebhookWithSecret,
    problems: ['webhook_target_refused', 'webhook_exists', 'too_many_webhooks'],
    serve:
      ({ webhooks }) =>
      async ({ body, request }) => {
        const { url, types = null, ordered = false, description = '' } = body;
        const created = await webhooks.create(ownerOf(request), {
          url,
          types,
          ordered,
          description,
        });
        return created.ok
          ? ok({ ...describeWebhook(created.value.webhook), secret: created.value.secret })
          : created;
      },
  });
