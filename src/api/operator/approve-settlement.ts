// POST /operator/windows/{window_id}/approve: confirms a proposed payment, which is then carried
// out.

import { WindowView } from '../../views/window.ts';
import { WindowParams } from '../windows/window-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import { describeWindowResult } from '../windows/window-decisions.ts';

export const approveSettlement = defineRoute({
  operationId: 'approveSettlement',
  method: 'POST',
  url: '/operator/windows/:window_id/approve',
  tag: 'operator',
  summary: 'Confirm a proposed payment',
  description:
    'By another operator than the one who proposed it. Payers pay first. If the ledger refuses ' +
    'a payment because a prefund or a cap is too small, the obligation shows the reason, and ' +
    'the payment is retried every 30 seconds. The window is settled when all obligations are.',
  params: WindowParams,
  body: closed({}),
  answer: WindowView,
  problems: ['window_not_found', 'settlement_state', 'settlement_same_operator'],
  serve:
    (parts) =>
    async ({ operator, params }) =>
      describeWindowResult(
        parts,
        await parts.settlement.approve({
          windowId: params.window_id,
          operatorId: operator.operatorId,
        }),
      ),
});
