// POST /operator/transfers/{transaction_id}/undo: takes back a transfer that has not ended.

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
    'The steps of the platforms are reversed there, whether their results are known or not. ' +
    'Then the transfer has failed and all points are where they were before.',
  params: TransferParams,
  body: TransferReason,
  answer: TransferWithDecisions,
  problems: ['saga_not_found', 'saga_ended', 'saga_action_not_possible', 'saga_moved'],
  serve: decideTransfer('undo'),
});
