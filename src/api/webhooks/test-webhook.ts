// POST /api/webhooks/{webhook_id}/test: an event that means nothing is sent there, so that the
// receiver can be tried.

import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { signedOnce } from '../http/signed-once.ts';
import { problemResponses, Success } from '../schemas.ts';
import { WebhookParams } from '../../views/webhook.ts';
import type { AddOperation } from './side.ts';

export const postTest: AddOperation = (server, parts, { prefix, tag, adjective, ownerOf }) => {
  const { webhooks } = parts;
  server.post<{ Params: Static<typeof WebhookParams> }>(
    `${prefix}/webhooks/:webhook_id/test`,
    {
      ...signedOnce(parts, 'once'),
      schema: {
        operationId: `test${adjective}Webhook`,
        tags: [tag],
        summary: 'Send a test event',
        description:
          'An event of type webhook.test goes to this webhook alone, whatever types it wants; ' +
          'what became of it is among its deliveries within a second or so.',
        params: WebhookParams,
        response: { 200: Type.Object({ success: Success }), ...problemResponses },
      },
    },
    async (request, reply) => {
      const tested = await webhooks.test({ owner: ownerOf(request) }, request.params.webhook_id);
      return tested.ok ? { success: true as const } : answerProblem(request, reply, tested.problem);
    },
  );
};
