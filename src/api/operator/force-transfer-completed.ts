// POST /operator/transfers/{transaction_id}/force_completed: asks to end a transfer as done.

import { askedResponse, askForAct } from '../ask-for-act.ts';
import { defineRoute } from '../define-route.ts';
import { TransferParams, TransferReason } from '../transfers/decide-transfer.ts';

export const forceTransferCompleted = defineRoute({
  operationId: 'forceTransferCompleted',
  method: 'POST',
  url: '/operator/transfers/:transaction_id/force_completed',
  tag: 'operator',
  summary: 'Say that it is done',
  description:
    'No platform is called any more: whoever says so knows that both have done their part, ' +
    'or sees to it. The ledger posts the transfer; of a reversal, that both have undone ' +
    'theirs.',
  params: TransferParams,
  body: TransferReason,
  responses: askedResponse,
  problems: ['saga_not_found', 'saga_ended', 'saga_action_not_possible', 'saga_moved'],
  serve: (parts) => (call) =>
    askForAct(call, parts, {
      act: 'transfer_force_completed',
      arguments: { transaction_id: call.params.transaction_id },
      reason: call.body.reason,
    }),
});
