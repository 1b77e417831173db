// POST /api/rewards/validate: checks whether a redemption would succeed now (source requirement
// 5.2). Posts nothing.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { defineRoute } from '../define-route.ts';
import { resolveUser } from '../members.ts';
import { UserId } from '../schemas.ts';
import { closed, text } from '../../views/schemas.ts';

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
      'Redemption valid; No rules defined for this platform; Invalid reward ID; Insufficient ' +
      'points; Reward not available; Not eligible for this reward; Limit exceeded; or the ' +
      'error of a redeem.',
  }),
});

export const validateRedemption = defineRoute({
  operationId: 'validateRedemption',
  method: 'POST',
  url: '/api/rewards/validate',
  tag: 'rewards',
  summary: 'Check whether a redemption would succeed',
  description: 'Posts nothing and reserves nothing: POST /api/points/redeem decides again.',
  body: Body,
  answer: Answer,
  problems: ['user_not_found'],
  serve:
    ({ identity, rewards }) =>
    async ({ caller: { platform }, body }) => {
      const { platformId } = platform;
      const { user_id: userId, reward_id: rewardId, quantity = 1 } = body;
      const member = await resolveUser(identity, platformId, userId, 'user_id');
      if (!member.ok) return member;
      const who = {
        platformId,
        memberId: member.value,
        tags: identity.tagsOf(platformId, userId),
      };
      return ok(await rewards.validate(who, rewardId, BigInt(quantity)));
    },
});
