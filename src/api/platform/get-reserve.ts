// GET /api/reserve: prefund, position and cap of the calling platform.

import { assert } from '../../kernel/assert.ts';
import { ok } from '../../kernel/problem.ts';
import { describeReserve, ReserveView } from '../../views/reserve.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

export const getReserve = defineRoute({
  operationId: 'getReserve',
  method: 'GET',
  url: '/api/reserve',
  tag: 'platform',
  summary: 'Your prefund, position and cap',
  description:
    '`available` is the amount that you may still send to other platforms. See docs/reserve.md.',
  query: closed({}),
  answer: ReserveView,
  problems: [],
  serve:
    ({ reserve, ledger }) =>
    async ({ caller: { platform } }) => {
      const figures = await reserve.find(platform.platformId);
      assert(figures !== undefined, 'a platform that is authenticated has points');
      return ok(describeReserve(figures, ledger.settlementAsset()));
    },
});
