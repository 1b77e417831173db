// POST /api/redemptions/{redemption_id}/cancel: returns points to their lots and units to the
// stock.

import { assert } from '../../kernel/assert.ts';
import { parseId } from '../../kernel/ids.ts';
import { ok } from '../../kernel/problem.ts';
import { describeWithCodes, RedemptionView } from '../../views/redemption.ts';
import { defineRoute } from '../define-route.ts';
import { RedemptionIdText } from '../schemas.ts';
import { closed, text } from '../../views/schemas.ts';

const Params = closed({ redemption_id: RedemptionIdText });
const Body = closed({
  reason: text(256, 'The reason; kept with the reversal. Do not put personal data here.'),
});

export const cancelRedemption = defineRoute({
  operationId: 'cancelRedemption',
  method: 'POST',
  url: '/api/redemptions/:redemption_id/cancel',
  tag: 'rewards',
  summary: 'Cancel a redemption',
  description:
    'Returns all usable units: points with their last days, units to the stock; their codes ' +
    'end. Takes effect once, even when it is repeated. A redemption that is fulfilled or ' +
    'expired is refused.',
  params: Params,
  body: Body,
  answer: RedemptionView,
  problems: [
    'redemption_not_found',
    'voucher_used',
    'redemption_expired',
    'balance_limit',
    'counter_limit',
    'overloaded',
  ],
  serve:
    ({ rewards }) =>
    async ({ caller: { platform, points }, params, body }) => {
      const redemptionId = parseId('rdm', params.redemption_id);
      assert(redemptionId !== undefined, 'the schema has checked the form of the id');
      const cancelled = await rewards.cancel(platform.platformId, redemptionId, body.reason);
      if (!cancelled.ok) return cancelled;
      return ok(describeWithCodes(cancelled.value, points, rewards));
    },
});
