// GET /api/redemptions/{redemption_id}: what became of a redemption of the calling platform.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { parseId } from '../../kernel/ids.ts';
import { rewardsProblems } from '../../rewards/rewards.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeWithCodes, RedemptionView } from '../../views/redemption.ts';

const Params = closed({
  redemption_id: Type.String({
    maxLength: 128,
    description: 'As POST /api/points/redeem answered it.',
  }),
});

export function getRedemption(server: FastifyInstance, { rewards }: ApiParts): void {
  server.get<{ Params: Static<typeof Params> }>(
    '/api/redemptions/:redemption_id',
    {
      schema: {
        operationId: 'getRedemption',
        tags: ['rewards'],
        summary: 'One redemption',
        description: 'A platform sees only its own redemptions.',
        params: Params,
        response: { 200: RedemptionView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { platform, points } = callerOf(request);
      const redemptionId = parseId('rdm', request.params.redemption_id);
      if (redemptionId === undefined)
        return answerProblem(request, reply, rewardsProblems.redemption_not_found());
      const found = await rewards.find(platform.platformId, redemptionId);
      if (!found.ok) return answerProblem(request, reply, found.problem);
      return describeWithCodes(found.value, points, rewards);
    },
  );
}
