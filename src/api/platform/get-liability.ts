// GET /api/reports/liability: what the calling platform owes its users in points.

import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { reportLiability } from '../../monitor/monitor.ts';
import { describeLiability, LiabilityHead, LiabilityRow } from '../../views/liability.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';

const Answer = Type.Object({ ...LiabilityHead, ...LiabilityRow });

export function getLiability(server: FastifyInstance, parts: ApiParts): void {
  server.get(
    '/api/reports/liability',
    {
      schema: {
        operationId: 'getLiability',
        tags: ['reports'],
        summary: 'What your points come to: issued, used, outstanding',
        description:
          'Reads every transaction once; ask for it when you need it, not for each page view.',
        querystring: closed({}),
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const {
        platform: { platformId },
      } = callerOf(request);
      const {
        platforms: [own],
        ...head
      } = describeLiability(await reportLiability(parts, platformId));
      assert(own !== undefined, `platform ${platformId} has points`);
      return reply.send({ ...head, ...own });
    },
  );
}
