// POST /api/transactions/{transaction_id}/recall: the source of a posted transfer asks the target
// platform for the points.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { parseId } from '../../kernel/ids.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { readOptionalAmount } from '../amounts.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operationKeyOf } from '../http/idempotency.ts';
import { signedOnce } from '../http/signed-once.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { Amount, closed, IdempotencyKey, problemResponses, text } from '../schemas.ts';
import { describeRecall, RecallView } from '../../views/recall.ts';

const Params = closed({
  transaction_id: Type.String({
    maxLength: 128,
    description: 'Of a transfer to another platform.',
  }),
});
const Body = closed(
  {
    reason: text(
      256,
      'Why; the target platform reads it, and it is kept with the reversal. Do not put ' +
        'personal data here.',
    ),
    amount: Type.Optional(Amount),
    idempotency_key: Type.Optional(IdempotencyKey),
  },
  'amount is in points of the source platform; all that can still be recalled when absent. ' +
    'Over a platform that keeps its points itself the whole.',
);

export function postRecall(server: FastifyInstance, parts: ApiParts): void {
  const { recalls, ledger } = parts;
  server.post<{ Params: Static<typeof Params>; Body: Static<typeof Body> }>(
    '/api/transactions/:transaction_id/recall',
    {
      ...signedOnce(parts, 'again'),
      schema: {
        operationId: 'askForRecall',
        tags: ['recalls'],
        summary: 'Ask for a recall',
        description:
          'A posted transfer between platforms is final: its source asks the target platform ' +
          'for the points, which accepts or refuses until `due_at`; ' +
          'silence refuses. Nothing is frozen meanwhile. The same Idempotency-Key and body ' +
          'give the same recall again.',
        params: Params,
        body: Body,
        response: { 200: RecallView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const key = operationKeyOf(request);
      if (!key.ok) return answerProblem(request, reply, key.problem);
      const { platform, points } = callerOf(request);
      const transactionId = parseId('txn', request.params.transaction_id);
      if (transactionId === undefined)
        return answerProblem(request, reply, ledgerProblems.transaction_not_found());
      const amount = readOptionalAmount(request.body.amount, points);
      if (!amount.ok) return answerProblem(request, reply, amount.problem);
      const asked = await recalls.ask({
        transactionId,
        platformId: platform.platformId,
        reason: request.body.reason,
        amount: amount.value,
        key: key.value.key,
      });
      if (!asked.ok) return answerProblem(request, reply, asked.problem);
      if (asked.value.replayed) reply.header('idempotency-replayed', 'true');
      return describeRecall(asked.value.recall, ledger);
    },
  );
}
