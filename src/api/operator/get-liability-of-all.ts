// GET /operator/reports/liability: what each platform owes its users in points.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { identityProblems } from '../../identity/identity.ts';
import { reportLiability } from '../../monitor/monitor.ts';
import { describeLiability, LiabilityView } from '../../views/liability.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import type { ApiParts } from '../parts.ts';
import { closed, PlatformIdText, problemResponses } from '../schemas.ts';

const Query = closed({ platform_id: Type.Optional(PlatformIdText) });

export function getLiabilityOfAll(server: FastifyInstance, parts: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/reports/liability',
    {
      schema: {
        operationId: 'getLiabilityOfAll',
        tags: ['operator'],
        summary: 'What the platforms owe their users in points',
        description: 'Reads every transaction once.',
        querystring: Query,
        response: { 200: LiabilityView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { platform_id: asked } = request.query;
      if (asked === undefined) return describeLiability(await reportLiability(parts));
      const platform = parts.identity.findPlatform(asked);
      if (platform === undefined)
        return answerProblem(request, reply, identityProblems.platform_not_found());
      return describeLiability(await reportLiability(parts, platform.platformId));
    },
  );
}
