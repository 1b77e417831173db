// GET /api/disputes/{dispute_id}: one dispute with its trail and its evidence.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { problemResponses } from '../schemas.ts';
import { describeDispute, DisputeParams, DisputeWithTrail } from '../../views/dispute.ts';
import { readTrail } from '../disputes/trail.ts';

export function getDispute(server: FastifyInstance, parts: ApiParts): void {
  server.get<{ Params: Static<typeof DisputeParams> }>(
    '/api/disputes/:dispute_id',
    {
      schema: {
        operationId: 'getDispute',
        tags: ['disputes'],
        summary: 'One dispute',
        description: 'A platform sees only disputes in which it takes part.',
        params: DisputeParams,
        response: { 200: DisputeWithTrail, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await parts.disputes.find(
        request.params.dispute_id,
        callerOf(request).platform.platformId,
      );
      return found.ok
        ? {
            ...describeDispute(found.value, parts.ledger, parts.disputes),
            ...(await readTrail(parts, found.value, 'platform')),
          }
        : answerProblem(request, reply, found.problem);
    },
  );
}
