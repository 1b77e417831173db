// GET /api/rewards: what the calling platform's points buy.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { formatMoment } from '../../kernel/time.ts';
import { toPoints } from '../amounts.ts';
import { defineRoute } from '../define-route.ts';
import { wordsFor } from '../rewards/language.ts';
import { closed, Points } from '../schemas.ts';

const Answer = Type.Object({
  platform_id: Type.String(),
  rewards: Type.Array(
    Type.Object({
      reward_id: Type.String(),
      reward_name: Type.String(),
      points_required: Points,
      description: Type.String(),
      available: Type.Integer({ description: 'Units left.' }),
      from: Type.Optional(Type.String({ description: 'RFC 3339; can be redeemed from then on.' })),
      until: Type.Optional(
        Type.String({ description: 'RFC 3339; can be redeemed until just before then.' }),
      ),
      per_member: Type.Optional(
        Type.Integer({ description: 'Most units that one member can have.' }),
      ),
    }),
  ),
});

export const listRewards = defineRoute({
  operationId: 'listRewards',
  method: 'GET',
  url: '/api/rewards',
  tag: 'rewards',
  summary: 'Catalogue of rewards',
  description: 'Cheapest first. Texts are Chinese unless Accept-Language prefers English.',
  query: closed({}),
  answer: Answer,
  problems: [],
  serve:
    ({ rewards }) =>
    async ({ caller: { platform, points }, request, reply }) => {
      const words = wordsFor(request, reply);
      const catalogue = rewards.list(platform.platformId);
      const available = await Promise.all(
        catalogue.map((reward) => rewards.countAvailable(reward)),
      );
      return ok({
        platform_id: platform.platformId,
        rewards: catalogue.map((reward, index) => ({
          reward_id: reward.rewardId,
          points_required: toPoints(reward.pointsRequired, points),
          ...words(reward),
          available: Number(available[index] ?? 0n),
          ...(Number.isFinite(reward.fromMs) ? { from: formatMoment(reward.fromMs) } : {}),
          ...(Number.isFinite(reward.untilMs) ? { until: formatMoment(reward.untilMs) } : {}),
          ...(reward.perMember === undefined ? {} : { per_member: Number(reward.perMember) }),
        })),
      });
    },
});
