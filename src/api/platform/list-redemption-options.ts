// GET /api/rewards/options: what a user can redeem now, with the points that are available (source
// requirement 5.2).

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { toPoints } from '../amounts.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { resolveUser } from '../members.ts';
import type { ApiParts } from '../parts.ts';
import { closed, Points, problemResponses, UserId } from '../schemas.ts';
import { wordsFor } from '../rewards/language.ts';

const Query = closed({ user_id: UserId });

const Answer = Type.Object({
  user_id: Type.String(),
  balance: Type.Number({ description: 'Points that can be spent now.' }),
  options: Type.Array(
    Type.Object({
      reward_id: Type.String(),
      reward_name: Type.String(),
      points_required: Points,
      description: Type.String(),
    }),
  ),
});

export function getOptions(server: FastifyInstance, { identity, rewards }: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>(
    '/api/rewards/options',
    {
      schema: {
        operationId: 'listRedemptionOptions',
        tags: ['rewards'],
        summary: 'What a user can redeem now',
        description:
          'Rewards whose points_required the available points reach, that are offered now, ' +
          'have units left, are for this user, and of which the user may have more. ' +
          'Cheapest first. Texts are Chinese unless Accept-Language prefers English.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const {
        platform: { platformId },
        points,
      } = callerOf(request);
      const { user_id: userId } = request.query;
      // Its points are not here to be spent.
      if (points.custody === 'connected')
        return answerProblem(request, reply, ledgerProblems.connected_platform());
      const member = await resolveUser(identity, platformId, userId, 'user_id');
      if (!member.ok) return answerProblem(request, reply, member.problem);
      const options = await rewards.listOptions({
        platformId,
        memberId: member.value,
        tags: identity.tagsOf(platformId, userId),
      });
      const words = wordsFor(request, reply);
      return {
        user_id: userId,
        balance: toPoints(options.available, points),
        options: options.rewards.map((reward) => ({
          reward_id: reward.rewardId,
          points_required: toPoints(reward.pointsRequired, points),
          ...words(reward),
        })),
      };
    },
  );
}
