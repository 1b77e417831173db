// GET /api/settlements: the closed settlement windows with the calling platform's own figures,
// newest first.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { formatMoment } from '../../kernel/time.ts';
import { callerOf } from '../http/request-fields.ts';
import { toPoints } from '../amounts.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  before: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 2 ** 31 - 1,
      description: 'Only windows with a smaller number.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Money = Type.Number({
  description: 'In the settlement currency; negative for what you owe.',
});
const Answer = Type.Object({
  settlements: Type.Array(
    Type.Object({
      window_id: Type.Integer(),
      state: Type.String({ description: 'closed, proposed, settling or settled.' }),
      currency: Type.String(),
      opened_at: Type.String(),
      closed_at: Type.String(),
      settled_at: Type.Union([Type.String(), Type.Null()]),
      statement_ready: Type.Boolean(),
      opening_position: Money,
      net: Money,
      paid_meanwhile: Money,
      closing_position: Money,
    }),
  ),
});

export function getSettlements(server: FastifyInstance, { settlement, ledger }: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>(
    '/api/settlements',
    {
      schema: {
        operationId: 'listSettlements',
        tags: ['platform'],
        summary: 'Settlement windows',
        description:
          'Closed windows with your own figures, newest first. Position: opening + net + paid ' +
          'meanwhile = closing.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, _reply) => {
      const { before = 2 ** 31 - 1, limit = DEFAULT_LIMIT } = request.query;
      const currency = ledger.settlementAsset();
      const rows = await settlement.listOf(callerOf(request).platform.platformId, before, limit);
      return {
        settlements: rows.map(({ window, net }) => ({
          window_id: window.windowId,
          state: window.state,
          currency: currency.code,
          opened_at: formatMoment(window.openedAtMs),
          closed_at: formatMoment(window.closedAtMs ?? 0),
          settled_at: formatMoment(window.settledAtMs),
          statement_ready: window.countedAtMs !== null && window.mismatch === null,
          opening_position: toPoints(net.opening, currency),
          net: toPoints(net.net, currency),
          paid_meanwhile: toPoints(net.paid, currency),
          closing_position: toPoints(net.closing, currency),
        })),
      };
    },
  );
}
