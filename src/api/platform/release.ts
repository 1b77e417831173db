// POST /api/points/holds/{hold_id}/release: makes the points of a hold available again.

import { Type } from 'typebox';
import { formatId } from '../../kernel/ids.ts';
import { toPoints } from '../../views/points.ts';
import { answerOutcome, defineOperation } from '../define-operation.ts';
import { findOwnHold } from '../points/find-own-hold.ts';
import { HoldIdText, Reference } from '../schemas.ts';
import { closed, Points, Success } from '../../views/schemas.ts';

export const release = defineOperation({
  kind: 'release',
  url: '/api/points/holds/:hold_id/release',
  summary: 'Release a hold',
  description: 'The held points are available again. The body may be left out.',
  params: closed({ hold_id: HoldIdText }),
  body: closed({ reference: Type.Optional(Reference) }),
  answer: Type.Object({
    success: Success,
    hold_id: Type.String(),
    transaction_id: Type.String(),
    status: Type.Literal('released'),
    released_amount: Points,
  }),
  problems: ['hold_not_found', 'hold_resolved', 'hold_expired'],
  async post(parts, caller, fields, key) {
    const hold = await findOwnHold(parts, caller, fields.hold_id);
    if (!hold.ok) return hold;
    const { holdId, memberId } = hold.value;
    const outcome = await parts.ledger.submit({
      kind: 'release',
      platformId: caller.platform.platformId,
      memberId,
      ...key,
      holdId,
      cause: 'caller',
      reference: fields.reference,
    });
    return answerOutcome(outcome, (transaction) => ({
      success: true as const,
      hold_id: formatId('hold', holdId),
      transaction_id: formatId('txn', transaction.transactionId),
      status: 'released' as const,
      released_amount: toPoints(transaction.amount, caller.points),
    }));
  },
});
