// PATCH /api/webhooks/{webhook_id}: another URL, other types, another order; switched off and on.

import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeWebhook, TermFields, WebhookParams, WebhookView } from '../../views/webhook.ts';
import type { AddOperation } from './side.ts';

const Body = closed({
  url: Type.Optional(TermFields.url),
  types: Type.Optional(TermFields.types),
  ordered: Type.Optional(TermFields.ordered),
  description: Type.Optional(TermFields.description),
  enabled: Type.Optional(
    Type.Boolean({
      description:
        'False: nothing is sent any more, and what waits becomes dead letters. True: events ' +
        'are sent from now on; ask for the dead letters with redeliver.',
    }),
  ),
});

export const patchWebhook: AddOperation = (
  server,
  { webhooks },
  { prefix, tag, adjective, ownerOf },
) => {
  server.patch<{ Params: Static<typeof WebhookParams>; Body: Static<typeof Body> }>(
    `${prefix}/webhooks/:webhook_id`,
    {
      schema: {
        operationId: `change${adjective}Webhook`,
        tags: [tag],
        summary: 'Change a webhook',
        description: 'What is left out stays as it is. What waits to be sent goes to the new URL.',
        params: WebhookParams,
        body: Body,
        response: { 200: WebhookView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const changed = await webhooks.change(
        { owner: ownerOf(request) },
        request.params.webhook_id,
        request.body,
      );
      return changed.ok
        ? describeWebhook(changed.value)
        : answerProblem(request, reply, changed.problem);
    },
  );
};
