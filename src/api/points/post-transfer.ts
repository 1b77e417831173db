// POST /api/points/transfer: points to another user of the same platform, or converted to points of another platform.

import { Type } from 'typebox';
import { identityProblems } from '../../identity/identity.ts';
import { formatId } from '../../kernel/ids.ts';
import { refuse } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { readAmount, toPoints } from '../amounts.ts';
import { toDetails } from '../details.ts';
import { resolveUser } from '../members.ts';
import { answerOutcome, defineOperation } from '../operation.ts';
import { Amount, closed, Metadata, PlatformIdText, Points, Reference, Success, TargetUserId, UserId } from '../schemas.ts';

export const transfer = defineOperation({
  kind: 'transfer',
  url: '/api/points/transfer',
  summary: 'Move points to another user or platform',
  description:
    'from_user_id is a user of the calling platform, to_user_id one of target_platform. Within a platform points move one to one; ' +
    'across platforms they are converted at the rate of the moment, rounded toward zero. All or nothing.',
  params: closed({}),
  body: closed({
    from_user_id: UserId,
    to_user_id: TargetUserId,
    amount: Amount,
    target_platform: PlatformIdText,
    reference: Type.Optional(Reference),
    metadata: Type.Optional(Metadata),
  }),
  answer: Type.Object({
    success: Success,
    transaction_id: Type.String(),
    status: Type.Literal('completed'),
    amount: Points,
    rate: Type.String({ description: 'Target points for one source point, as decimal text; for display.', examples: ['0.83333333'] }),
    fee: Points,
    credited_amount: Points,
    message: Type.String(),
  }),
  userFields: ['from_user_id'],
  async post({ identity, ledger }, { platform, points }, fields, key) {
    const amount = readAmount(fields.amount, points);
    if (!amount.ok) return amount;
    const target = identity.findPlatform(fields.target_platform);
    if (target === undefined) return refuse(identityProblems.platform_not_found(undefined, { field: 'target_platform' }));
    if (target.state !== 'active') return refuse(identityProblems.platform_suspended(undefined, { field: 'target_platform' }));
    const targetPoints = ledger.pointsOf(target.platformId);
    if (targetPoints === undefined) return refuse(ledgerProblems.unavailable());
    const resolvingFrom = resolveUser(identity, platform.platformId, fields.from_user_id, 'from_user_id');
    const resolvingTo = resolveUser(identity, target.platformId, fields.to_user_id, 'to_user_id');
    // Both are on their way before either is waited for, and neither is left to fail unheard.
    const [from, to] = resolvingFrom instanceof Promise || resolvingTo instanceof Promise ? await Promise.all([resolvingFrom, resolvingTo]) : [resolvingFrom, resolvingTo];
    if (!from.ok) return from;
    if (!to.ok) return to;

    const outcome = await ledger.submit({
      kind: 'transfer', platformId: platform.platformId, memberId: from.value, key, amount: amount.value, toMemberId: to.value,
      targetPlatformId: target.platformId, reference: fields.reference, details: toDetails(fields.metadata),
    });
    return answerOutcome(outcome, (transaction) => ({
      success: true as const,
      transaction_id: formatId('txn', transaction.transactionId),
      status: 'completed' as const,
      amount: toPoints(transaction.amount, points),
      rate: transaction.rate ?? '1',
      fee: toPoints(transaction.fee ?? 0n, points),
      credited_amount: toPoints(transaction.credited ?? transaction.amount, targetPoints),
      message: 'Transfer completed successfully',
    }));
  },
});
