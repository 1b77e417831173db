// POST …/webhooks/{webhook_id}/redeliver, on both sides: sends one event again, or all dead letters
// since a time.

import { Type } from 'typebox';
import { apiProblems } from '../../http/problems.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { WebhookParams } from './webhook-request.ts';
import { readTime } from '../amounts.ts';
import { defineRoute } from '../define-route.ts';
import { closed, DateTime } from '../../views/schemas.ts';
import type { Side, SidePrefix } from './side.ts';

const Body = closed(
  {
    event_id: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Send this event again, whether it was delivered or not.',
      }),
    ),
    since: Type.Optional(DateTime),
  },
  'Exactly one of event_id and since. `since`: send all dead letters of events from this time ' +
    'on, oldest first.',
);

/** Makes the route for one side. */
export const redeliverWebhookOf = <Prefix extends SidePrefix>({
  prefix,
  tag,
  adjective,
  scopeOf,
  nameOf,
}: Side<Prefix>) =>
  defineRoute({
    operationId: `redeliver${adjective}Webhook`,
    method: 'POST',
    url: `${prefix}/webhooks/:webhook_id/redeliver`,
    tag,
    summary: 'Send events again',
    description:
      'They are sent at once, and all their attempts are available again. The webhook-id stays ' +
      'the same.',
    params: WebhookParams,
    body: Body,
    answer: Type.Object({
      count: Type.Integer({ description: 'Number of events that are sent again.' }),
    }),
    problems: ['webhook_not_found', 'webhook_disabled', 'delivery_not_found'],
    signature: 'once',
    serve:
      ({ webhooks }) =>
      async ({ params, body, request }) => {
        const { event_id: eventId, since } = body;
        if ((eventId === undefined) === (since === undefined))
          return refuse(
            apiProblems.invalid_field('Give event_id or since, and not both.', {
              field: eventId === undefined ? 'event_id' : 'since',
            }),
          );
        const time = since === undefined ? undefined : readTime(since, 'since');
        if (time?.ok === false) return time;
        const sent = await webhooks.redeliver(
          scopeOf(request),
          params.webhook_id,
          eventId === undefined ? { sinceMs: time?.value ?? 0 } : { eventId: BigInt(eventId) },
          nameOf(request),
        );
        return sent.ok ? ok({ count: sent.value }) : sent;
      },
  });
