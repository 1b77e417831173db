// POST /api/disputes: opens a claim against a transaction; the disputed points that the receiver
// still has are frozen.

import { Type } from 'typebox';
import { parseId } from '../../kernel/ids.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { describeDispute, DisputeView, ReasonCodeText, SideText } from '../../views/dispute.ts';
import { Words } from '../disputes/dispute-request.ts';
import { AMOUNT_PROBLEMS, readOptionalAmount } from '../amounts.ts';
import { defineRoute } from '../define-route.ts';
import { sourcePointsOf } from '../disputes/source-points.ts';
import { operationKeyOf } from '../http/idempotency.ts';
import { Amount, IdempotencyKey, TransactionIdText } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';

const Body = closed(
  {
    transaction_id: TransactionIdText,
    reason_code: ReasonCodeText,
    description: Words,
    amount: Type.Optional(Amount),
    opened_by: Type.Optional(
      Type.Enum(['platform', 'member'], {
        description: '`member`: you forward a claim of your member. `platform` when absent.',
      }),
    ),
    side: Type.Optional(SideText),
    idempotency_key: Type.Optional(IdempotencyKey),
  },
  '`amount` is in points of the source platform; when absent, everything that can still be ' +
    'disputed. `side` is needed only if you are both sides; `source` when absent.',
);

export const openDispute = defineRoute({
  operationId: 'openDispute',
  method: 'POST',
  url: '/api/disputes',
  tag: 'disputes',
  summary: 'Open a dispute',
  description:
    'About a conversion, or a transfer between members, all of it or a part, until the ' +
    "network's deadline after it was posted. Disputed points that the receiver still has are " +
    'frozen. The same Idempotency-Key and body return the same dispute again.',
  body: Body,
  answer: DisputeView,
  problems: [
    ...AMOUNT_PROBLEMS,
    'transaction_not_found',
    'not_disputable',
    'not_your_side',
    'dispute_too_late',
    'dispute_decided',
    'dispute_too_small',
    'dispute_exceeds_rest',
    'already_reversed',
    'idempotency_key_reused',
  ],
  signature: 'again',
  serve:
    ({ disputes, ledger }) =>
    async ({ caller: { platform }, body, request, reply }) => {
      const key = operationKeyOf(request);
      if (!key.ok) return key;
      const { reason_code: reasonCode, description, opened_by: openedBy = 'platform', side } = body;
      const transactionId =
        parseId('txn', body.transaction_id) ?? parseId('rdm', body.transaction_id);
      const points =
        transactionId === undefined ? undefined : await sourcePointsOf(ledger, transactionId);
      if (transactionId === undefined || points === undefined)
        return refuse(ledgerProblems.transaction_not_found(undefined, { field: 'transaction_id' }));
      const amount = readOptionalAmount(body.amount, points);
      if (!amount.ok) return amount;
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
      if (!opened.ok) return opened;
      if (opened.value.replayed) reply.header('idempotency-replayed', 'true');
      return ok(describeDispute(opened.value.dispute, ledger, disputes));
    },
});
