// POST /operator/transfers/{transaction_id}/retry: calls the platform again now.

import { TransferWithDecisions } from '../../views/transfer.ts';
import { defineRoute } from '../define-route.ts';
import { decideTransfer, TransferParams, TransferReason } from '../transfers/decide-transfer.ts';

export const retryTransfer = defineRoute({
  operationId: 'retryTransfer',
  method: 'POST',
  url: '/operator/transfers/:transaction_id/retry',
  tag: 'operator',
  summary: 'Call the platform again now',
  description:
    'For use after the fault was repaired. The platform is first asked what it has done, so ' +
    'nothing happens twice.',
  params: TransferParams,
  body: TransferReason,
  answer: TransferWithDecisions,
  problems: ['saga_not_found', 'saga_ended', 'saga_action_not_possible', 'saga_moved'],
  serve: decideTransfer('retry'),
});
