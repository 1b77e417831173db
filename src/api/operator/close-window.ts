// POST /operator/windows/{window_id}/close: closes the open window and opens the next one.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { describeWindow, WindowHead, WindowParams } from '../../views/window.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';

export function postWindowClose(server: FastifyInstance, { settlement }: ApiParts): void {
  server.post<{ Params: Static<typeof WindowParams> }>(
    '/operator/windows/:window_id/close',
    {
      schema: {
        operationId: 'closeWindow',
        tags: ['operator'],
        summary: 'Close the open settlement window',
        description:
          'Cuts the journal while it is posted on, and opens the next window in the same ' +
          'moment. Its pairs are counted afterwards; then the statements are ready.',
        params: WindowParams,
        body: closed({}),
        response: { 200: WindowHead, ...problemResponses },
      },
    },
    async (request, reply) => {
      const made = await settlement.close({
        windowId: request.params.window_id,
        closedBy: operatorOf(request).operatorId,
      });
      if (!made.ok) return answerProblem(request, reply, made.problem);
      return made.value === undefined ? undefined : describeWindow(made.value);
    },
  );
}
