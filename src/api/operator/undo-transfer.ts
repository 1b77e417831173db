// POST /operator/transfers/{transaction_id}/undo: takes a transfer back that has not ended.

import { TransferWithDecisions } from '../../views/transfer.ts';
import { defineRoute } from '../define-route.ts';
import { decideTransfer, TransferParams, TransferReason } from '../transfers/decide-transfer.ts';

export const undoTransfer = defineRoute({
  operationId: 'undoTransfer',
  method: 'POST',
  url: '/operator/transfers/:transaction_id/undo',
  tag: 'operator',
  summary: 'Take a transfer back',
  description:
    'What platforms have done, known or not, is reversed there; then the transfer has ' +
    'failed and everything is as before.',
  params: TransferParams,
  body: TransferReason,
  answer: TransferWithDecisions,
  problems: ['saga_not_found', 'saga_ended', 'saga_action_not_possible', 'saga_moved'],
  serve: decideTransfer('undo'),
});
