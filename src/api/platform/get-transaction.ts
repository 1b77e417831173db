// GET /api/transactions/{transaction_id}: one transaction, when it concerns the calling platform.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { parseId } from '../../kernel/ids.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { concerns, TransactionView } from '../../views/transaction.ts';
import { legOf, showTransaction } from '../transactions/show-transactions.ts';

const Params = closed({
  transaction_id: Type.String({
    maxLength: 128,
    description: 'A transaction_id or redemption_id that this API answered.',
  }),
});

export function getTransaction(server: FastifyInstance, parts: ApiParts): void {
  const { ledger } = parts;
  server.get<{ Params: Static<typeof Params> }>(
    '/api/transactions/:transaction_id',
    {
      schema: {
        operationId: 'getTransaction',
        tags: ['transactions'],
        summary: 'One transaction',
        description:
          'A transaction that moved points of another platform only does not exist for the caller.',
        params: Params,
        response: { 200: TransactionView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const transactionId =
        parseId('txn', request.params.transaction_id) ??
        parseId('rdm', request.params.transaction_id);
      const legs = transactionId === undefined ? [] : await ledger.findTransaction(transactionId);
      if (!concerns(legs, caller.points))
        return answerProblem(request, reply, ledgerProblems.transaction_not_found());
      const leg = legOf(legs, caller.points);
      assert(leg !== undefined, 'a transaction that concerns a platform has a leg for it');
      return showTransaction(leg, caller, parts);
    },
  );
}
