// POST /operator/disputes: opens a dispute for one side of a transaction.

import { Type } from 'typebox';
import { parseId } from '../../kernel/ids.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import {
  describeForOperator,
  OperatorDisputeView,
  ReasonCodeText,
  SideText,
} from '../../views/dispute.ts';
import { Words } from '../disputes/dispute-request.ts';
import { AMOUNT_PROBLEMS, readOptionalAmount } from '../amounts.ts';
import { defineRoute } from '../define-route.ts';
import { sourcePointsOf } from '../disputes/source-points.ts';
import { Amount, IdempotencyKey, TransactionIdText } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';

const Opening = closed(
  {
    idempotency_key: IdempotencyKey,
    transaction_id: TransactionIdText,
    side: SideText,
    reason_code: ReasonCodeText,
    description: Words,
    amount: Type.Optional(Amount),
  },
  '`side` is the side that claims. The operator who opens a dispute may not decide it.',
);

export const openDisputeAsOperator = defineRoute({
  operationId: 'openDisputeAsOperator',
  method: 'POST',
  url: '/operator/disputes',
  tag: 'operator',
  summary: 'Open a dispute for one side',
  description: 'The same key and body return the same dispute again. Another operator decides it.',
  body: Opening,
  answer: OperatorDisputeView,
  problems: [
    ...AMOUNT_PROBLEMS,
    'transaction_not_found',
    'not_disputable',
    'dispute_too_late',
    'dispute_decided',
    'dispute_too_small',
    'dispute_exceeds_rest',
    'already_reversed',
    'idempotency_key_reused',
  ],
  serve:
    ({ disputes, ledger }) =>
    async ({ operator: { operatorId }, body }) => {
      const { idempotency_key: key, side, reason_code: reasonCode, description } = body;
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
        openedBy: 'operator',
        platformId: undefined,
        operatorId,
        side,
        reasonCode,
        description,
        amount: amount.value,
        key,
      });
      return opened.ok ? ok(describeForOperator(opened.value.dispute, ledger, disputes)) : opened;
    },
});
