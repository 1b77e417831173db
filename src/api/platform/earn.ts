// POST /api/points/earn: the platform issues points to one of its users.

import { Type } from 'typebox';
import { apiProblems, missingField } from '../../http/problems.ts';
import { formatId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { DAY_MS } from '../../kernel/time.ts';
import type { Asset } from '../../ledger/ledger.ts';
import { toDetails } from '../../views/details.ts';
import { AMOUNT_PROBLEMS, readAmount, readDay, readTime } from '../amounts.ts';
import { toPoints } from '../../views/points.ts';
import { answerOutcome, defineOperation, RULE_PROBLEMS } from '../define-operation.ts';
import { resolveUser } from '../members.ts';
import { Amount, Category, Day, Reference, UserId } from '../schemas.ts';
import { closed, DateTime, Metadata, Points, Success } from '../../views/schemas.ts';

const CLOCK_SKEW_MS = DAY_MS;

const PurchaseAmount = Type.Unsafe<number | string>({
  type: ['number', 'string'],
  maxLength: 40,
  examples: [199.9],
  description:
    'The amount of the purchase in settlement currency (CNY, at most 4 decimals). Replaces ' +
    '`amount`.',
});

export const earn = defineOperation({
  kind: 'earn',
  url: '/api/points/earn',
  summary: 'Issue points to a user',
  description:
    'Points are available at once. They first repay what the user owes after reversals. ' +
    "Without `expires_on` the platform's expiry policy sets their last day. With " +
    "`purchase_amount` instead of `amount` the network's earn rules compute the points.",
  params: closed({}),
  body: closed({
    user_id: UserId,
    amount: Type.Optional(Amount),
    purchase_amount: Type.Optional(PurchaseAmount),
    reference: Type.Optional(Reference),
    category: Type.Optional(Category),
    occurred_at: Type.Optional(DateTime),
    expires_on: Type.Optional(Day),
    metadata: Type.Optional(Metadata),
  }),
  answer: Type.Object({
    success: Success,
    transaction_id: Type.String(),
    amount: Type.Number({ description: 'Points that were issued.' }),
    balance: Points,
  }),
  problems: [
    ...AMOUNT_PROBLEMS,
    'user_not_found',
    'connected_platform',
    'invalid_expiry',
    'amount_too_small',
    'no_earn_rule',
    ...RULE_PROBLEMS,
  ],
  userFields: ['user_id'],
  async post({ identity, ledger, clock }, { platform, points }, fields, key) {
    const what = readEarned(fields, points, ledger.settlementAsset());
    if (!what.ok) return what;
    const expiresOn =
      fields.expires_on === undefined ? undefined : readDay(fields.expires_on, 'expires_on');
    if (expiresOn?.ok === false) return expiresOn;
    const occurredAtMs =
      fields.occurred_at === undefined ? undefined : readTime(fields.occurred_at, 'occurred_at');
    if (occurredAtMs?.ok === false) return occurredAtMs;
    if (occurredAtMs !== undefined && occurredAtMs.value > clock.now() + CLOCK_SKEW_MS) {
      return refuse(
        apiProblems.invalid_field('occurred_at lies in the future.', { field: 'occurred_at' }),
      );
    }
    const resolving = resolveUser(identity, platform.platformId, fields.user_id, 'user_id');
    const member = resolving instanceof Promise ? await resolving : resolving;
    if (!member.ok) return member;

    const outcome = await ledger.submit({
      kind: 'earn',
      platformId: platform.platformId,
      memberId: member.value,
      ...key,
      ...what.value,
      reference: fields.reference,
      category: fields.category,
      tags: identity.tagsOf(platform.platformId, fields.user_id),
      occurredAtMs: occurredAtMs?.value,
      expiresOn: expiresOn?.value,
      details: toDetails(fields.metadata, { category: fields.category }),
    });
    return answerOutcome(outcome, (transaction) => ({
      success: true as const,
      transaction_id: formatId('txn', transaction.transactionId),
      amount: toPoints(transaction.amount, points),
      balance: toPoints(transaction.balanceAfter ?? 0n, points),
    }));
  },
});

/** Reads points, or a purchase that the earn rules turn into points; exactly one of them. */
function readEarned(
  fields: { readonly amount?: number | string; readonly purchase_amount?: number | string },
  points: Asset,
  settlement: Asset,
): Result<{ amount: bigint } | { spent: bigint }> {
  const { amount, purchase_amount: purchase } = fields;
  if (amount !== undefined && purchase !== undefined)
    return refuse(
      apiProblems.invalid_field('amount and purchase_amount exclude each other.', {
        field: 'purchase_amount',
      }),
    );
  if (purchase !== undefined) {
    const spent = readAmount(purchase, settlement, 'purchase_amount');
    return spent.ok ? ok({ spent: spent.value }) : spent;
  }
  if (amount === undefined) return refuse(missingField('amount'));
  const earned = readAmount(amount, points);
  return earned.ok ? ok({ amount: earned.value }) : earned;
}
