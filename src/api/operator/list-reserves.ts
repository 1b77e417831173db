// GET /operator/reserves: where every platform stands with the network.

import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeReserve, ReserveView } from '../../views/reserve.ts';

const Answer = Type.Object({ reserves: Type.Array(ReserveView) });

export function getReserves(server: FastifyInstance, { reserve, ledger }: ApiParts): void {
  server.get(
    '/operator/reserves',
    {
      schema: {
        operationId: 'listReserves',
        tags: ['operator'],
        summary: 'Reserves of all platforms',
        description: 'By platform, all figures of one moment. See docs/reserve.md.',
        querystring: closed({}),
        response: { 200: Answer, ...problemResponses },
      },
    },
    async () => ({
      reserves: (await reserve.list()).map((figures) =>
        describeReserve(figures, ledger.settlementAsset()),
      ),
    }),
  );
}
