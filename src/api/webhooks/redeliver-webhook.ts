// POST /api/webhooks/{webhook_id}/redeliver: one event once more, or all that were given up since a
// time.

import { type Static, Type } from 'typebox';
import { readTime } from '../amounts.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { signedOnce } from '../http/signed-once.ts';
import { apiProblems } from '../../http/problems.ts';
import { closed, DateTime, problemResponses } from '../schemas.ts';
import { WebhookParams } from '../../views/webhook.ts';
import type { AddOperation } from './side.ts';

const Body = closed(
  {
    event_id: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'This event, whatever became of it.',
      }),
    ),
    since: Type.Optional(DateTime),
  },
  'One of the two. since: all dead letters of events from then on, oldest first.',
);

export const postRedeliver: AddOperation = (
  server,
  parts,
  { prefix, tag, adjective, scopeOf, nameOf },
) => {
  const { webhooks } = parts;
  server.post<{ Params: Static<typeof WebhookParams>; Body: Static<typeof Body> }>(
    `${prefix}/webhooks/:webhook_id/redeliver`,
    {
      ...signedOnce(parts, 'once'),
      schema: {
        operationId: `redeliver${adjective}Webhook`,
        tags: [tag],
        summary: 'Send events again',
        description:
          'They are due at once, with all attempts before them, under the webhook-id that they had.',
        params: WebhookParams,
        body: Body,
        response: {
          200: Type.Object({ count: Type.Integer({ description: 'How many are sent again.' }) }),
          ...problemResponses,
        },
      },
    },
    async (request, reply) => {
      const { event_id: eventId, since } = request.body;
      if ((eventId === undefined) === (since === undefined))
        return answerProblem(
          request,
          reply,
          apiProblems.invalid_field('Give event_id or since, and not both.', {
            field: eventId === undefined ? 'event_id' : 'since',
          }),
        );
      const time = since === undefined ? undefined : readTime(since, 'since');
      if (time?.ok === false) return answerProblem(request, reply, time.problem);
      const sent = await webhooks.redeliver(
        scopeOf(request),
        request.params.webhook_id,
        eventId === undefined ? { sinceMs: time?.value ?? 0 } : { eventId: BigInt(eventId) },
        nameOf(request),
      );
      return sent.ok ? { count: sent.value } : answerProblem(request, reply, sent.problem);
    },
  );
};
