// GET /api/reserve: where the calling platform stands with the network.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import { callerOf } from '../http/request-fields.ts';
import { describeReserve, ReserveView } from '../../views/reserve.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';

export function getReserve(server: FastifyInstance, { reserve, ledger }: ApiParts): void {
  async function find(platformId: PlatformId): Promise<Static<typeof ReserveView>> {
    const figures = await reserve.find(platformId);
    assert(figures !== undefined, 'a platform that is authenticated has points');
    return describeReserve(figures, ledger.settlementAsset());
  }

  server.get(
    '/api/reserve',
    {
      schema: {
        operationId: 'getReserve',
        tags: ['platform'],
        summary: 'Your prefund, position and cap',
        description:
          'What you may still send to other platforms is `available`. See docs/reserve.md.',
        querystring: closed({}),
        response: { 200: ReserveView, ...problemResponses },
      },
    },
    (request) => find(callerOf(request).platform.platformId),
  );
}
