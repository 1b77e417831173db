// POST /operator/transfers/{transaction_id}/force_completed: requests to end a transfer as
// completed.

import { askedResponse, askForAct } from '../ask-for-act.ts';
import { ACT_PROBLEMS } from '../acts/act-problems.ts';
import { defineRoute } from '../define-route.ts';
import { TransferParams, TransferReason } from '../transfers/decide-transfer.ts';

export const forceTransferCompleted = defineRoute({
  operationId: 'forceTransferCompleted',
  method: 'POST',
  url: '/operator/transfers/:transaction_id/force_completed',
  tag: 'operator',
  summary: 'Force a transfer to completed',
  description:
    'Platforms are no longer called. The operators know that both platforms have done their ' +
    'part, or make sure of it. The ledger posts the transfer. For a reversal: both platforms ' +
    'have undone their part.',
  params: TransferParams,
  body: TransferReason,
  responses: askedResponse,
  problems: ACT_PROBLEMS.transfer_force_completed,
  serve: (parts) => (call) =>
    askForAct(call, parts, {
      act: 'transfer_force_completed',
      arguments: { transaction_id: call.params.transaction_id },
      reason: call.body.reason,
    }),
});
