// GET /operator/windows/{window_id}: one settlement window with its figures.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { describeWindowFigures, WindowParams, WindowView } from '../../views/window.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';

export function getWindow(server: FastifyInstance, { settlement, ledger }: ApiParts): void {
  server.get<{ Params: Static<typeof WindowParams> }>(
    '/operator/windows/:window_id',
    {
      schema: {
        operationId: 'getWindow',
        tags: ['operator'],
        summary: 'One settlement window',
        description:
          'Nets of all platforms, gross figures of all pairs, disputed transactions and ' +
          'obligations. Of the open window there is nothing yet.',
        params: WindowParams,
        response: { 200: WindowView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await settlement.find(request.params.window_id);
      return found.ok
        ? describeWindowFigures(found.value, ledger)
        : answerProblem(request, reply, found.problem);
    },
  );
}
