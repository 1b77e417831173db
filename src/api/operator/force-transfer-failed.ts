// POST /operator/transfers/{transaction_id}/force_failed: requests to end a transfer as failed.

import { askedResponse, askForAct } from '../ask-for-act.ts';
import { ACT_PROBLEMS } from '../acts/act-problems.ts';
import { defineRoute } from '../define-route.ts';
import { TransferParams, TransferReason } from '../transfers/decide-transfer.ts';

export const forceTransferFailed = defineRoute({
  operationId: 'forceTransferFailed',
  method: 'POST',
  url: '/operator/transfers/:transaction_id/force_failed',
  tag: 'operator',
  summary: 'Force a transfer to failed',
  description:
    'Platforms are no longer called. The operators know that neither platform keeps any part ' +
    'of the transfer, or make sure of it. The ledger gives the points back.',
  params: TransferParams,
  body: TransferReason,
  responses: askedResponse,
  problems: ACT_PROBLEMS.transfer_force_failed,
  serve: (parts) => (call) =>
    askForAct(call, parts, {
      act: 'transfer_force_failed',
      arguments: { transaction_id: call.params.transaction_id },
      reason: call.body.reason,
    }),
});
