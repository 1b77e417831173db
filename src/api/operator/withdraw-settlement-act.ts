// POST /operator/windows/{window_id}/acts/{act_id}/withdraw: withdraws a proposed act.

import { ActView } from '../../views/window.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import { describeActResult, SettlementActParams } from '../windows/window-decisions.ts';

export const withdrawSettlementAct = defineRoute({
  operationId: 'withdrawSettlementAct',
  method: 'POST',
  url: '/operator/windows/:window_id/acts/:act_id/withdraw',
  tag: 'operator',
  summary: 'Withdraw a proposed act',
  description: 'By any operator, while it is open.',
  params: SettlementActParams,
  body: closed({}),
  answer: ActView,
  problems: ['window_not_found', 'settlement_act_not_found', 'settlement_act_decided'],
  serve:
    ({ settlement }) =>
    async ({ operator, params }) =>
      describeActResult(
        await settlement.withdrawAct({
          windowId: params.window_id,
          actId: params.act_id,
          operatorId: operator.operatorId,
        }),
      ),
});
