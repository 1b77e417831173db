// POST /operator/windows/{window_id}/acts/{act_id}/approve: approves an act on a window that
// another operator proposed.

import { ActView } from '../../views/window.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import { describeActResult, SettlementActParams } from '../windows/window-decisions.ts';

export const approveSettlementAct = defineRoute({
  operationId: 'approveSettlementAct',
  method: 'POST',
  url: '/operator/windows/:window_id/acts/:act_id/approve',
  tag: 'operator',
  summary: 'Approve an act on a settlement window',
  description:
    'By another operator than the one who proposed it. Payments that follow from it are made at ' +
    'once, as far as possible.',
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
