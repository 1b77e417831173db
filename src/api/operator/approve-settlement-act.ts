// POST /operator/windows/{window_id}/acts/{act_id}/approve: approves what another operator proposed
// to do with a window.

import { ActView } from '../../views/window.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import { describeActResult, SettlementActParams } from '../windows/window-decisions.ts';

export const approveSettlementAct = defineRoute({
  operationId: 'approveSettlementAct',
  method: 'POST',
  url: '/operator/windows/:window_id/acts/:act_id/approve',
  tag: 'operator',
  summary: 'Approve what another operator proposed to do with a window',
  description: 'What follows from it is paid at once, as far as it can be.',
  params: SettlementActParams,
  body: closed({}),
  answer: ActView,
  problems: [
    'window_not_found',
    'settlement_act_not_found',
    'settlement_act_decided',
    'settlement_same_operator',
    'settlement_state',
    'not_in_default',
    'obligation_not_found',
  ],
  serve:
    ({ settlement }) =>
    async ({ operator, params }) =>
      describeActResult(
        await settlement.approveAct({
          windowId: params.window_id,
          actId: params.act_id,
          operatorId: operator.operatorId,
        }),
      ),
});
