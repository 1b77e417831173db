// POST /api/disputes: claims that a transaction should not have been made as it was; the disputed
// points are frozen where they arrived.

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
import { Amount, closed, IdempotencyKey, problemResponses, TransactionIdText } from '../schemas.ts';
import {
  describeDispute,
  DisputeView,
  ReasonCodeText,
  SideText,
  Words,
} from '../../views/dispute.ts';
import { sourcePointsOf } from '../disputes/source-points.ts';

const Body = closed(
  {
    transaction_id: TransactionIdText,
    reason_code: ReasonCodeText,
    description: Words,
    amount: Type.Optional(Amount),
    opened_by: Type.Optional(
      Type.Enum(['platform', 'member'], {
        description: 'member: you pass on what your member claims; platform when absent.',
      }),
    ),
    side: Type.Optional(SideText),
    idempotency_key: Type.Optional(IdempotencyKey),
  },
  'amount is in points of the source platform; all that can still be disputed when absent. ' +
    'side is needed only where you are both: source when absent.',
);

export function postDispute(server: FastifyInstance, parts: ApiParts): void {
  const { disputes, ledger } = parts;
  server.post<{ Body: Static<typeof Body> }>(
    '/api/disputes',
    {
      ...signedOnce(parts, 'again'),
      schema: {
        operationId: 'openDispute',
        tags: ['disputes'],
        summary: 'Open a dispute',
        description:
          'A conversion, or a transfer between members, in whole or in part, until the ' +
          "network's deadline after it was posted. What the receiver still has of the " +
          'disputed points is frozen. ' +
          'The same Idempotency-Key and body give the same dispute again.',
        body: Body,
        response: { 200: DisputeView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const key = operationKeyOf(request);
      if (!key.ok) return answerProblem(request, reply, key.problem);
      const { platform } = callerOf(request);
      const {
        reason_code: reasonCode,
        description,
        opened_by: openedBy = 'platform',
        side,
      } = request.body;
      const transactionId =
        parseId('txn', request.body.transaction_id) ?? parseId('rdm', request.body.transaction_id);
      const points =
        transactionId === undefined ? undefined : await sourcePointsOf(ledger, transactionId);
      if (transactionId === undefined || points === undefined)
        return answerProblem(
          request,
          reply,
          ledgerProblems.transaction_not_found(undefined, { field: 'transaction_id' }),
        );
      const amount = readOptionalAmount(request.body.amount, points);
      if (!amount.ok) return answerProblem(request, reply, amount.problem);
      const opened = await disputes.open({
        transactionId,
        openedBy,
        platformId: platform.platformId,
        operatorId: undefined,
        side,
        reasonCode,
        description,
        amount: amount.value,
        key: key.value.key,
      });
      if (!opened.ok) return answerProblem(request, reply, opened.problem);
      if (opened.value.replayed) reply.header('idempotency-replayed', 'true');
      return describeDispute(opened.value.dispute, ledger, disputes);
    },
  );
}
