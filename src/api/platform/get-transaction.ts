// GET /api/transactions/{transaction_id}: one transaction that concerns the calling platform.

import { Type } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { parseId } from '../../kernel/ids.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { concerns, TransactionView } from '../../views/transaction.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import { legOf, showTransaction } from '../transactions/show-transactions.ts';

const Params = closed({
  transaction_id: Type.String({
    maxLength: 128,
    description: 'A transaction_id or redemption_id from an answer of this API.',
  }),
});

export const getTransaction = defineRoute({
  operationId: 'getTransaction',
  method: 'GET',
  url: '/api/transactions/:transaction_id',
  tag: 'transactions',
  summary: 'One transaction',
  description: 'A transaction that moved only points of other platforms is not found.',
  params: Params,
  answer: TransactionView,
  problems: ['transaction_not_found'],
  serve:
    (parts) =>
    async ({ caller, params }) => {
      const transactionId =
        parseId('txn', params.transaction_id) ?? parseId('rdm', params.transaction_id);
      const legs =
        transactionId === undefined ? [] : await parts.ledger.findTransaction(transactionId);
      if (!concerns(legs, caller.points)) return refuse(ledgerProblems.transaction_not_found());
      const leg = legOf(legs, caller.points);
      assert(leg !== undefined, 'a transaction that concerns a platform has a leg for it');
      return ok(await showTransaction(leg, caller, parts));
    },
});
