// GET /api/rewards: the rewards of the calling platform.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeReward, RewardView } from '../../views/reward.ts';
import { defineRoute } from '../define-route.ts';
import { languageFor } from '../rewards/language.ts';
import { closed } from '../../views/schemas.ts';

const Answer = Type.Object({
  platform_id: Type.String(),
  rewards: Type.Array(RewardView),
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
      const language = languageFor(request, reply);
      const catalogue = rewards.list(platform.platformId);
      const available = await Promise.all(
        catalogue.map((reward) => rewards.countAvailable(reward)),
      );
      return ok({
        platform_id: platform.platformId,
        rewards: catalogue.map((reward, index) =>
          describeReward(reward, available[index] ?? 0n, language, points),
        ),
      });
    },
});
