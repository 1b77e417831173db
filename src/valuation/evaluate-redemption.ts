// Decides whether a member may redeem a reward now and at this price: first by the terms of the
// catalogue, then by the rules. Pure.

import { formatAmountText, parseRatio, scaleDown } from '../kernel/amount.ts';
import type { Problem } from '../kernel/problem.ts';
import { NEVER } from '../kernel/time.ts';
import { holdsWhole, Variables } from './conditions.ts';
import { evaluateOperation, type EvaluateOptions } from './evaluate-rules.ts';
import { valuationProblems } from './problems.ts';
import type { RewardTerms } from './rulebook-schema.ts';
import type { Rulebook } from './rulebook.ts';
import type { Facts, LimitUse, Reward, Scales, Verdict } from './types.ts';
import type { PlatformId } from '../kernel/ids.ts';

/** The ledger's code for the asset that counts the units of a reward. */
export function rewardAssetCode(platformId: string, rewardId: string): string {
  return `reward:${platformId}/${rewardId}`;
}

/** The rewards of a platform, cheapest first, including withdrawn ones. */
export function listRewards(
  rulebook: Rulebook,
  platformId: PlatformId,
  scales: Pick<Scales, 'points'>,
): Reward[] {
  const listed = rulebook.document.rewards;
  const terms = Object.hasOwn(listed, platformId) ? (listed[platformId] ?? {}) : {};
  return Object.entries(terms)
    .map(([rewardId, reward]) => readReward(rulebook, platformId, rewardId, reward, scales))
    .toSorted((a, b) =>
      a.pointsRequired < b.pointsRequired
        ? -1
        : a.pointsRequired > b.pointsRequired
          ? 1
          : a.rewardId < b.rewardId
            ? -1
            : 1,
    );
}

/** The reward with this id; undefined when the platform has none. */
export function findReward(
  rulebook: Rulebook,
  platformId: PlatformId,
  rewardId: string,
  scales: Pick<Scales, 'points'>,
): Reward | undefined {
  const listed = Object.hasOwn(rulebook.document.rewards, platformId)
    ? rulebook.document.rewards[platformId]
    : undefined;
  const terms =
    listed !== undefined && Object.hasOwn(listed, rewardId) ? listed[rewardId] : undefined;
  return terms === undefined
    ? undefined
    : readReward(rulebook, platformId, rewardId, terms, scales);
}

function readReward(
  rulebook: Rulebook,
  platformId: PlatformId,
  rewardId: string,
  terms: RewardTerms,
  scales: Pick<Scales, 'points'>,
): Reward {
  const window = rulebook.rewards.get(`rewards/${platformId}/${rewardId}`);
  return {
    platformId,
    rewardId,
    assetId: rulebook.assetOf(rewardAssetCode(platformId, rewardId)),
    nameZh: terms.name_zh,
    nameEn: terms.name_en,
    descriptionZh: terms.description_zh,
    descriptionEn: terms.description_en,
    pointsRequired: scaleDown(
      10n ** BigInt(scales.points(platformId)),
      parseRatio(terms.points_required),
    ),
    stock: BigInt(terms.stock),
    perMember: terms.per_member === undefined ? undefined : BigInt(terms.per_member),
    fromMs: window?.fromMs ?? Number.NEGATIVE_INFINITY,
    untilMs: window?.untilMs ?? Number.POSITIVE_INFINITY,
    voucherDays: terms.voucher_days,
    active: terms.active ?? true,
  };
}

/** True when the reward's condition holds for these facts. Throws when the condition fails. */
export function isEligible(
  rulebook: Rulebook,
  reward: Reward,
  facts: Facts,
  scales: Scales,
): boolean {
  const condition = rulebook.rewards.get(
    `rewards/${reward.platformId}/${reward.rewardId}`,
  )?.condition;
  if (condition === undefined) return true;
  const { sourceScale, sourceValue } = rulebook.between(
    facts.operation,
    facts.source,
    facts.target,
    scales,
  );
  const variables = new Variables(
    facts,
    rulebook.calendar,
    sourceScale,
    Number(scaleDown(facts.amount, sourceValue)) / 10 ** scales.settlement,
  );
  return holdsWhole(condition, variables);
}

function refused(problem: Problem): Verdict {
  return { type: 'refuse', problem, applied: [] };
}

/**
 * The verdict on a redemption. Checks in this order: the catalogue, the period, the price, the
 * condition, the rules. The member's own limit becomes one of the verdict's limits.
 */
export function evaluateRedemption(
  rulebook: Rulebook,
  facts: Facts,
  quantity: bigint,
  scales: Scales,
  options: EvaluateOptions = {},
): Verdict {
  const reward = findReward(rulebook, facts.source, facts.reward, scales);
  if (reward === undefined || !reward.active) return refused(valuationProblems.reward_not_found());
  if (facts.atMs < reward.fromMs || facts.atMs >= reward.untilMs)
    return refused(valuationProblems.reward_not_offered());
  const scale = scales.points(facts.source);
  if (reward.pointsRequired * quantity !== facts.amount) {
    const each = formatAmountText(reward.pointsRequired, scale);
    return refused(
      valuationProblems.reward_price_mismatch(
        `It costs ${formatAmountText(reward.pointsRequired * quantity, scale)} points.`,
        { field: 'amount', points_required: Number(each) },
      ),
    );
  }
  const item = `rewards/${reward.platformId}/${reward.rewardId}`;
  try {
    if (!isEligible(rulebook, reward, facts, scales))
      return refused(valuationProblems.reward_not_eligible());
  } catch (cause) {
    return refused(
      valuationProblems.rule_failed(
        `${item}: ${cause instanceof Error ? cause.message : String(cause)}.`,
        { rule: item },
      ),
    );
  }
  const verdict = evaluateOperation(rulebook, facts, scales, options);
  if (verdict.type === 'refuse' || reward.perMember === undefined) return verdict;
  const own: LimitUse = {
    item,
    assetId: reward.assetId,
    ownerId: facts.memberId,
    shared: false,
    until: NEVER,
    use: quantity,
    maximum: reward.perMember,
    otherwise: valuationProblems.limit_exceeded(
      `Each member can have at most ${reward.perMember} of this reward.`,
      { rule: item, maximum: String(reward.perMember), measure: 'count' },
    ),
  };
  return {
    ...verdict,
    limits: [...verdict.limits, own],
    applied:
      options.explain === true
        ? [
            ...verdict.applied,
            {
              item,
              kind: 'reward',
              effect: `${quantity} of at most ${reward.perMember} for each member`,
            },
          ]
        : verdict.applied,
  };
}
