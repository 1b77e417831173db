// POST /api/points/earn: the platform issues points to one of its users.

import { Type } from 'typebox';
import { formatId } from '../../kernel/ids.ts';
import { refuse } from '../../kernel/problem.ts';
import { readAmount, readDay, readTime, toPoints } from '../amounts.ts';
import { toDetails } from '../details.ts';
import { resolveUser } from '../members.ts';
import { answerOutcome, defineOperation } from '../operation.ts';
import { apiProblems } from '../problems.ts';
import { Amount, closed, DateTime, Day, Metadata, Points, Reference, Success, text, UserId } from '../schemas.ts';

const CLOCK_SKEW_MS = 86_400_000;

export const earn = defineOperation({
  kind: 'earn',
  url: '/api/points/earn',
  summary: 'Issue points to a user',
  description: 'Points are available at once. They repay what the user owes after reversals first. Without expires_on the platform\'s own lifetime of points decides.',
  params: closed({}),
  body: closed({
    user_id: UserId,
    amount: Amount,
    reference: Type.Optional(Reference),
    category: Type.Optional(text(64, 'What the points were earned with, such as `shopping`.')),
    occurred_at: Type.Optional(DateTime),
    expires_on: Type.Optional(Day),
    metadata: Type.Optional(Metadata),
  }),
  answer: Type.Object({ success: Success, transaction_id: Type.String(), balance: Points }),
  userFields: ['user_id'],
  async post({ identity, ledger, clock }, { platform, points }, fields, key) {
    const amount = readAmount(fields.amount, points);
    if (!amount.ok) return amount;
    const expiresOn = fields.expires_on === undefined ? undefined : readDay(fields.expires_on, 'expires_on');
    if (expiresOn?.ok === false) return expiresOn;
    const occurredAtMs = fields.occurred_at === undefined ? undefined : readTime(fields.occurred_at, 'occurred_at');
    if (occurredAtMs?.ok === false) return occurredAtMs;
    if (occurredAtMs !== undefined && occurredAtMs.value > clock.now() + CLOCK_SKEW_MS) {
      return refuse(apiProblems.invalid_field('occurred_at lies in the future.', { field: 'occurred_at' }));
    }
    const resolving = resolveUser(identity, platform.platformId, fields.user_id, 'user_id');
    const member = resolving instanceof Promise ? await resolving : resolving;
    if (!member.ok) return member;

    const outcome = await ledger.submit({
      kind: 'earn', platformId: platform.platformId, memberId: member.value, key, amount: amount.value, reference: fields.reference,
      occurredAtMs: occurredAtMs?.value, expiresOn: expiresOn?.value, details: toDetails(fields.metadata, { category: fields.category }),
    });
    return answerOutcome(outcome, (transaction) => ({
      success: true as const,
      transaction_id: formatId('txn', transaction.transactionId),
      balance: toPoints(transaction.balanceAfter ?? 0n, points),
    }));
  },
});
