// POST /api/points/redeem: a user spends points on units of a reward.

import { Type } from 'typebox';
import { apiProblems } from '../../http/problems.ts';
import { formatId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { formatMoment } from '../../kernel/time.ts';
import { ledgerProblems, type OperationKey, type RedeemCommand } from '../../ledger/ledger.ts';
import { rewardAssetCode, valuationProblems } from '../../valuation/valuation.ts';
import { AMOUNT_PROBLEMS, readAmount } from '../amounts.ts';
import { toPoints } from '../../views/points.ts';
import { answerOutcome, defineOperation, RULE_PROBLEMS } from '../define-operation.ts';
import type { Caller } from '../http/request-fields.ts';
import { resolveUser } from '../members.ts';
import type { ApiParts } from '../parts.ts';
import { DryRun, dryRunView } from '../points/rule-answers.ts';
import { Amount, Reference, UserId } from '../schemas.ts';
import { closed, Success, text } from '../../views/schemas.ts';

export const redeem = defineOperation({
  kind: 'redeem',
  url: '/api/points/redeem',
  summary: 'Redeem points for a reward',
  description:
    '`amount` must be points_required of the reward × quantity. Stock can never be oversold.',
  params: closed({}),
  body: closed({
    user_id: UserId,
    amount: Amount,
    reward_id: text(64, 'A reward that GET /api/rewards lists.'),
    quantity: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Units; 1 when absent.' }),
    ),
    reference: Type.Optional(Reference),
    dry_run: DryRun,
  }),
  answer: Type.Object({
    success: Success,
    redemption_id: Type.String(),
    transaction_id: Type.String(),
    message: Type.String(),
    vouchers: Type.Array(Type.String(), {
      description:
        'Codes to use the reward: one for each unit, or one code for more than 100 units. ' +
        'Anyone who knows a code can use it.',
    }),
    expires_at: Type.Union([Type.String(), Type.Null()], {
      description: 'RFC 3339; the codes can be used before this time; without an end if null.',
    }),
  }),
  missing: (field) => apiProblems.missing_fields(`${field} is missing.`, { field }),
  problems: [
    ...AMOUNT_PROBLEMS,
    'missing_fields',
    'user_not_found',
    'connected_platform',
    'insufficient_balance',
    'reward_not_found',
    'reward_not_offered',
    'reward_price_mismatch',
    'reward_not_eligible',
    'reward_not_available',
    ...RULE_PROBLEMS,
  ],
  userFields: ['user_id'],
  async post(parts, caller, fields, key) {
    const prepared = await prepare(parts, caller, fields, key);
    if (!prepared.ok) return prepared;
    const outcome = await parts.ledger.submit(prepared.value);
    // Issues the vouchers. The redemption is posted whatever happens here.
    const issued = outcome.ok ? await parts.rewards.issue(outcome.transaction) : undefined;
    return answerOutcome(outcome, (transaction) => ({
      success: true as const,
      redemption_id: formatId('rdm', transaction.transactionId),
      transaction_id: formatId('txn', transaction.transactionId),
      message: 'Redemption successful',
      vouchers: [...(issued?.vouchers ?? [])],
      expires_at: formatMoment(issued?.expiresAtMs ?? null),
    }));
  },
  async preview(parts, caller, fields) {
    const prepared = await prepare(parts, caller, fields, { key: 'dry run' });
    if (!prepared.ok) return prepared;
    return ok(
      dryRunView(
        await parts.ledger.preview(prepared.value),
        prepared.value.amount,
        caller.points,
        undefined,
        '/api/points/redeem',
      ),
    );
  },
});

interface Fields {
  readonly user_id: string;
  readonly amount: number | string;
  readonly reward_id: string;
  readonly quantity?: number;
  readonly reference?: string;
}

async function prepare(
  { identity, ledger }: ApiParts,
  { platform, points }: Caller,
  fields: Fields,
  key: OperationKey,
): Promise<Result<RedeemCommand>> {
  if (points.custody === 'connected') return refuse(ledgerProblems.connected_platform());
  // The source requirement counts zero as missing.
  if (fields.amount === 0)
    return refuse(apiProblems.missing_fields('amount is zero.', { field: 'amount' }));
  const amount = readAmount(fields.amount, points);
  if (!amount.ok) return amount;
  const resolving = resolveUser(identity, platform.platformId, fields.user_id, 'user_id');
  const member = resolving instanceof Promise ? await resolving : resolving;
  if (!member.ok) return member;
  const rewardAssetId = ledger
    .assets()
    .find(({ code }) => code === rewardAssetCode(platform.platformId, fields.reward_id))?.assetId;
  if (rewardAssetId === undefined) {
    // The balance is judged before the reward, as in the source requirement.
    const { available } = await ledger.getBalance(member.value, platform.platformId);
    if (available < amount.value)
      return refuse(
        ledgerProblems.insufficient_balance(
          `${toPoints(available, points)} points are available.`,
          { available: toPoints(available, points) },
        ),
      );
    return refuse(valuationProblems.reward_not_found(undefined, { field: 'reward_id' }));
  }
  return ok({
    kind: 'redeem',
    platformId: platform.platformId,
    memberId: member.value,
    ...key,
    amount: amount.value,
    rewardAssetId,
    rewardId: fields.reward_id,
    quantity: BigInt(fields.quantity ?? 1),
    reference: fields.reference,
    tags: identity.tagsOf(platform.platformId, fields.user_id),
  });
}
