// GET /api/recalls/{recall_id}: one recall with all that happened to it.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';
import { describeRecallWithSteps, RecallParams, RecallWithSteps } from '../../views/recall.ts';

export function getRecall(server: FastifyInstance, { recalls, ledger }: ApiParts): void {
  server.get<{ Params: Static<typeof RecallParams> }>(
    '/api/recalls/:recall_id',
    {
      schema: {
        operationId: 'getRecall',
        tags: ['recalls'],
        summary: 'One recall',
        description: 'A platform sees only recalls in which it takes part.',
        params: RecallParams,
        response: { 200: RecallWithSteps, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await recalls.find(
        request.params.recall_id,
        callerOf(request).platform.platformId,
      );
      if (!found.ok) return answerProblem(request, reply, found.problem);
      return describeRecallWithSteps(found.value, await recalls.listSteps(found.value), ledger);
    },
  );
}
