// POST /api/transactions/{transaction_id}/recall: the source of a posted transfer asks the target
// platform for the points.

import { Type } from 'typebox';
import { parseId } from '../../kernel/ids.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { describeRecall, RecallView } from '../../views/recall.ts';
import { AMOUNT_PROBLEMS, readOptionalAmount } from '../amounts.ts';
import { defineRoute } from '../define-route.ts';
import { operationKeyOf } from '../http/idempotency.ts';
import { Amount, IdempotencyKey } from '../schemas.ts';
import { closed, text } from '../../views/schemas.ts';

const Params = closed({
  transaction_id: Type.String({
    maxLength: 128,
    description: 'The id of a transfer to another platform.',
  }),
});
const Body = closed(
  {
    reason: text(
      256,
      'The reason. The target platform reads it, and it is kept with the reversal. Do not put ' +
        'personal data here.',
    ),
    amount: Type.Optional(Amount),
    idempotency_key: Type.Optional(IdempotencyKey),
  },
  '`amount` is in points of the source platform; when absent, everything that can still be ' +
    'recalled. A transfer over a connected platform is recalled as a whole.',
);

export const askForRecall = defineRoute({
  operationId: 'askForRecall',
  method: 'POST',
  url: '/api/transactions/:transaction_id/recall',
  tag: 'recalls',
  summary: 'Ask for a recall',
  description:
    'A posted transfer between platforms is final. Its source platform asks the target ' +
    'platform for the points; the target accepts or refuses until `due_at`. No answer by then ' +
    'is a refusal. Nothing is frozen in the meantime. The same Idempotency-Key and body return ' +
    'the same recall again.',
  params: Params,
  body: Body,
  answer: RecallView,
  problems: [
    ...AMOUNT_PROBLEMS,
    'transaction_not_found',
    'not_your_recall',
    'not_recallable',
    'transfer_pending',
    'recall_exceeds_rest',
    'already_reversed',
    'whole_reversal_only',
    'idempotency_key_reused',
  ],
  signature: 'again',
  serve:
    ({ recalls, ledger }) =>
    async ({ caller, params, body, request, reply }) => {
      const key = operationKeyOf(request);
      if (!key.ok) return key;
      const { platform, points } = caller;
      const transactionId = parseId('txn', params.transaction_id);
      if (transactionId === undefined) return refuse(ledgerProblems.transaction_not_found());
      const amount = readOptionalAmount(body.amount, points);
      if (!amount.ok) return amount;
      const asked = await recalls.ask({
        transactionId,
        platformId: platform.platformId,
        reason: body.reason,
        amount: amount.value,
        key: key.value.key,
      });
      if (!asked.ok) return asked;
      if (asked.value.replayed) reply.header('idempotency-replayed', 'true');
      return ok(describeRecall(asked.value.recall, ledger));
    },
});
