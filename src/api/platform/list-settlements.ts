// GET /api/settlements: the closed settlement windows with the calling platform's own figures,
// newest first.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { formatMoment } from '../../kernel/time.ts';
import { toPoints } from '../../views/points.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

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
  description: 'In settlement currency; negative when you owe it.',
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

export const listSettlements = defineRoute({
  operationId: 'listSettlements',
  method: 'GET',
  url: '/api/settlements',
  tag: 'platform',
  summary: 'Settlement windows',
  description:
    'Closed windows with your own figures, newest first. Your position: opening_position + net ' +
    '+ paid_meanwhile = closing_position.',
  query: Query,
  answer: Answer,
  problems: [],
  serve:
    ({ settlement, ledger }) =>
    async ({ caller, query }) => {
      const { before = 2 ** 31 - 1, limit = DEFAULT_LIMIT } = query;
      const currency = ledger.settlementAsset();
      const rows = await settlement.listOf(caller.platform.platformId, before, limit);
      return ok({
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
      });
    },
});
