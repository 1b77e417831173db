// GET /api/rewards: what the calling platform's points buy.

import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { toPoints } from '../amounts.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, Points, problemResponses } from '../schemas.ts';

const Answer = Type.Object({
  platform_id: Type.String(),
  rewards: Type.Array(Type.Object({
    reward_id: Type.String(),
    reward_name: Type.String(),
    points_required: Points,
    description: Type.String(),
    available: Type.Integer({ description: 'Units left.' }),
  })),
});

export function getRewards(server: FastifyInstance, { rewards }: ApiParts): void {
  server.get('/api/rewards', {
    schema: {
      operationId: 'listRewards', tags: ['rewards'], summary: 'Catalogue of rewards',
      description: 'Cheapest first. Texts are Chinese unless Accept-Language prefers English.',
      querystring: closed({}), response: { 200: Answer, ...problemResponses },
    },
  }, async (request, reply) => {
    const { platform, points } = callerOf(request);
    const language = prefersEnglish(request.headers['accept-language']) ? 'en' : 'zh';
    const catalogue = rewards.list(platform.platformId);
    const available = await Promise.all(catalogue.map((reward) => rewards.countAvailable(reward)));
    reply.header('content-language', language).header('vary', 'accept-language');
    return {
      platform_id: platform.platformId,
      rewards: catalogue.map((reward, index) => ({
        reward_id: reward.rewardId,
        reward_name: language === 'en' ? reward.nameEn : reward.nameZh,
        points_required: toPoints(reward.pointsRequired, points),
        description: language === 'en' ? reward.descriptionEn : reward.descriptionZh,
        available: Number(available[index] ?? 0n),
      })),
    };
  });
}

/** True when English is named before Chinese; weights other than order are rare enough to leave out. */
function prefersEnglish(header: string | undefined): boolean {
  return /\b(en|zh)\b/i.exec(header ?? '')?.[1]?.toLowerCase() === 'en';
}
