// POST /api/points/holds/{hold_id}/capture: spends the points of a hold, all or a part.

import { Type } from 'typebox';
import { formatId } from '../../kernel/ids.ts';
import { AMOUNT_PROBLEMS, readOptionalAmount } from '../amounts.ts';
import { toPoints } from '../../views/points.ts';
import { answerOutcome, defineOperation } from '../define-operation.ts';
import { findOwnHold } from '../points/find-own-hold.ts';
import { Amount, HoldIdText, Reference } from '../schemas.ts';
import { closed, Points, Success } from '../../views/schemas.ts';

export const capture = defineOperation({
  kind: 'capture',
  url: '/api/points/holds/:hold_id/capture',
  summary: 'Capture a hold',
  description:
    'Without `amount` the whole hold is captured. Points that are not captured are available ' +
    'again. A hold is captured once.',
  params: closed({ hold_id: HoldIdText }),
  body: closed({ amount: Type.Optional(Amount), reference: Type.Optional(Reference) }),
  answer: Type.Object({
    success: Success,
    hold_id: Type.String(),
    transaction_id: Type.String(),
    status: Type.Literal('captured'),
    captured_amount: Points,
    released_amount: Points,
  }),
  problems: [
    ...AMOUNT_PROBLEMS,
    'hold_not_found',
    'hold_resolved',
    'hold_expired',
    'capture_exceeds_hold',
  ],
  async post(parts, caller, fields, key) {
    const amount = readOptionalAmount(fields.amount, caller.points);
    if (!amount.ok) return amount;
    const hold = await findOwnHold(parts, caller, fields.hold_id);
    if (!hold.ok) return hold;
    const { holdId, memberId } = hold.value;
    const outcome = await parts.ledger.submit({
      kind: 'capture',
      platformId: caller.platform.platformId,
      memberId,
      ...key,
      holdId,
      amount: amount.value,
      reference: fields.reference,
    });
    return answerOutcome(outcome, (transaction) => ({
      success: true as const,
      hold_id: formatId('hold', holdId),
      transaction_id: formatId('txn', transaction.transactionId),
      status: 'captured' as const,
      captured_amount: toPoints(transaction.amount, caller.points),
      released_amount: toPoints(hold.value.amount - transaction.amount, caller.points),
    }));
  },
});
