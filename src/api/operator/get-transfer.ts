// GET /operator/transfers/{transaction_id}: one transfer over connected platforms.

import { sagaProblems } from '../../clearing/saga/saga.ts';
import { parseId } from '../../kernel/ids.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { describeTransferWithDecisions, TransferWithDecisions } from '../../views/transfer.ts';
import { defineRoute } from '../define-route.ts';
import { TransferParams } from '../transfers/decide-transfer.ts';

export const getTransfer = defineRoute({
  operationId: 'getTransfer',
  method: 'GET',
  url: '/operator/transfers/:transaction_id',
  tag: 'operator',
  summary: 'One transfer over connected platforms',
  description: 'A transfer that has ended is found too.',
  params: TransferParams,
  answer: TransferWithDecisions,
  problems: ['saga_not_found'],
  serve:
    (parts) =>
    async ({ params }) => {
      const { sagas } = parts;
      const sagaId = parseId('txn', params.transaction_id);
      const saga = sagaId === undefined ? undefined : await sagas.find(sagaId);
      return saga === undefined
        ? refuse(sagaProblems.saga_not_found())
        : ok(describeTransferWithDecisions(saga, await sagas.listActions(saga), parts));
    },
});
