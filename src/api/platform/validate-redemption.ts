// POST /api/rewards/validate: whether a redemption would go through now (source requirement 5.2).
// Posts nothing.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import { resolveUser } from '../members.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, text, UserId } from '../schemas.ts';

const Body = closed({
  user_id: UserId,
  reward_id: text(64, 'A reward of your platform.'),
  quantity: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Units; 1 when absent.' }),
  ),
});

const Answer = Type.Object({
  valid: Type.Boolean(),
  message: Type.String({
    examples: [
      'Redemption valid',
      'Insufficient points',
      'Invalid reward ID',
      'No rules defined for this platform',
    ],
    description:
      'Redemption valid, No rules defined for this platform, Invalid reward ID, Insufficient ' +
      'points; Reward not available, Not eligible for this reward, Limit exceeded, or the ' +
      'error that a redeem would answer.',
  }),
});

export function postValidate(server: FastifyInstance, { identity, rewards }: ApiParts): void {
  server.post<{ Body: Static<typeof Body> }>(
    '/api/rewards/validate',
    {
      schema: {
        operationId: 'validateRedemption',
        tags: ['rewards'],
        summary: 'Would this redemption go through?',
        description: 'Posts nothing and promises nothing: POST /api/points/redeem decides again.',
        body: Body,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const {
        platform: { platformId },
      } = callerOf(request);
      const { user_id: userId, reward_id: rewardId, quantity = 1 } = request.body;
      const member = await resolveUser(identity, platformId, userId, 'user_id');
      if (!member.ok) return answerProblem(request, reply, member.problem);
      return rewards.validate(
        { platformId, memberId: member.value, tags: identity.tagsOf(platformId, userId) },
        rewardId,
        BigInt(quantity),
      );
    },
  );
}
