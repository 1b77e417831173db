// POST /api/webhooks: from now on, events are sent to this URL.

import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeWebhook, TermFields, WebhookWithSecret } from '../../views/webhook.ts';
import type { AddOperation } from './side.ts';

const Body = closed({
  url: TermFields.url,
  types: Type.Optional(TermFields.types),
  ordered: Type.Optional(TermFields.ordered),
  description: Type.Optional(TermFields.description),
});

export const postWebhook: AddOperation = (
  server,
  { webhooks },
  { prefix, tag, adjective, ownerOf },
) => {
  server.post<{ Body: Static<typeof Body> }>(
    `${prefix}/webhooks`,
    {
      schema: {
        operationId: `create${adjective}Webhook`,
        tags: [tag],
        summary: 'Have events sent to a URL',
        description:
          'Messages follow Standard Webhooks 1.0; docs/webhooks.md says how to verify them ' +
          'and when they are repeated. The secret is told in this answer only.',
        body: Body,
        response: { 200: WebhookWithSecret, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { url, types = null, ordered = false, description = '' } = request.body;
      const created = await webhooks.create(ownerOf(request), { url, types, ordered, description });
      return created.ok
        ? { ...describeWebhook(created.value.webhook), secret: created.value.secret }
        : answerProblem(request, reply, created.problem);
    },
  );
};
