// POST /api/webhooks/{webhook_id}/secret: a new key, beside which the old one signs for a while.

import { type Static, Type } from 'typebox';
import { formatMoment } from '../../kernel/time.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { signedOnce } from '../http/signed-once.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeWebhook, WebhookParams, WebhookWithSecret } from '../../views/webhook.ts';
import type { AddOperation } from './side.ts';

const HOUR_MS = 3_600_000;
const DEFAULT_HOURS = 24;

const Body = closed({
  overlap_hours: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 168,
      description:
        `How long messages are signed with the old key too; ${DEFAULT_HOURS} when absent, 0 ` +
        'when somebody else knows it.',
    }),
  ),
});
const Answer = Type.Object({
  ...WebhookWithSecret.properties,
  old_secret_ends_at: Type.String({ description: 'RFC 3339.' }),
});

export const postSecret: AddOperation = (server, parts, { prefix, tag, adjective, ownerOf }) => {
  const { webhooks } = parts;
  server.post<{ Params: Static<typeof WebhookParams>; Body: Static<typeof Body> }>(
    `${prefix}/webhooks/:webhook_id/secret`,
    {
      ...signedOnce(parts, 'once'),
      schema: {
        operationId: `renew${adjective}WebhookSecret`,
        tags: [tag],
        summary: 'Renew the secret of a webhook',
        description:
          'During the overlap a message has a signature by each key, so it is verified with ' +
          'the old one and with the new one. At most three keys sign.',
        params: WebhookParams,
        body: Body,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const renewed = await webhooks.renewSecret(
        { owner: ownerOf(request) },
        request.params.webhook_id,
        (request.body.overlap_hours ?? DEFAULT_HOURS) * HOUR_MS,
      );
      if (!renewed.ok) return answerProblem(request, reply, renewed.problem);
      const { webhook, secret, oldEndsMs } = renewed.value;
      return {
        ...describeWebhook(webhook),
        secret,
        old_secret_ends_at: formatMoment(oldEndsMs),
      };
    },
  );
};
