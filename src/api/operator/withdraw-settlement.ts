// POST /operator/windows/{window_id}/withdraw: withdraws a proposed payment.

import { WindowView } from '../../views/window.ts';
import { WindowParams } from '../windows/window-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import { describeWindowResult } from '../windows/window-decisions.ts';

export const withdrawSettlement = defineRoute({
  operationId: 'withdrawSettlement',
  method: 'POST',
  url: '/operator/windows/:window_id/withdraw',
  tag: 'operator',
  summary: 'Withdraw a proposed payment',
  description: 'By any operator, while it is not approved.',
  params: WindowParams,
  body: closed({}),
  answer: WindowView,
  problems: ['window_not_found', 'settlement_state'],
  serve:
    (parts) =>
    async ({ operator, params }) =>
      describeWindowResult(
        parts,
        await parts.settlement.withdraw({
          windowId: params.window_id,
          operatorId: operator.operatorId,
        }),
      ),
});
