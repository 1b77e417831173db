// GET /operator/reserves: prefund, position and cap of every platform.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeReserve, ReserveView } from '../../views/reserve.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Answer = Type.Object({ reserves: Type.Array(ReserveView) });

export const listReserves = defineRoute({
  operationId: 'listReserves',
  method: 'GET',
  url: '/operator/reserves',
  tag: 'operator',
  summary: 'Reserves of all platforms',
  description: 'Sorted by platform; all figures are of the same moment. See docs/reserve.md.',
  query: closed({}),
  answer: Answer,
  problems: [],
  serve:
    ({ reserve, ledger }) =>
    async () => {
      const all = await reserve.list();
      return ok({
        reserves: all.map((figures) => describeReserve(figures, ledger.settlementAsset())),
      });
    },
});
