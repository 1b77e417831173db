// What a member can redeem now, and whether one redemption would go through (source requirement
// 5.2). Nothing is posted; the ledger decides again.

import { platformOwnerId, type PlatformId } from '../kernel/ids.ts';
import { NEVER, type Clock } from '../kernel/time.ts';
import { getPoints, type Ledger } from '../ledger/ledger.ts';
import type { Log } from '../runtime/log.ts';
import {
  evaluateRedemption,
  findReward,
  isEligible,
  listRewards,
  type Facts,
  type Reward,
  type Scales,
  type Valuation,
} from '../valuation/valuation.ts';
import type { Redeemer } from './types.ts';

export interface OptionParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly valuation: Valuation;
}

/** The texts of the source requirement, and one of ours. */
const MESSAGES = {
  valid: 'Redemption valid',
  noRules: 'No rules defined for this platform',
  invalid: 'Invalid reward ID',
  insufficient: 'Insufficient points',
  notAvailable: 'Reward not available',
} as const;

export interface Validation {
  readonly valid: boolean;
  readonly message: string;
}

export function scalesOf(ledger: Ledger): Scales {
  return {
    points: (platformId: PlatformId) => getPoints(ledger, platformId).scale,
    settlement: ledger.settlementAsset().scale,
  };
}

/** Units left. */
export async function countAvailable(ledger: Ledger, reward: Reward): Promise<bigint> {
  const cap = await ledger.findCap(platformOwnerId(reward.platformId), reward.assetId, 'stock');
  return cap === undefined || cap.used > cap.amount ? 0n : cap.amount - cap.used;
}

/** Cheapest first. A reward whose condition fails is left out. */
export async function listOptions(
  parts: OptionParts,
  redeemer: Redeemer,
): Promise<{ available: bigint; rewards: Reward[] }> {
  const { clock, ledger, valuation } = parts;
  const { platformId, memberId } = redeemer;
  const { available } = await ledger.getBalance(memberId, platformId);
  const nowMs = clock.now();
  const within = listRewards(valuation.rulebook(), platformId, scalesOf(ledger)).filter(
    (reward) =>
      reward.active &&
      reward.assetId !== 0 &&
      reward.pointsRequired <= available &&
      nowMs >= reward.fromMs &&
      nowMs < reward.untilMs &&
      mayHave(parts, redeemer, reward, nowMs),
  );
  const [left, used] = await Promise.all([
    Promise.all(within.map((reward) => countAvailable(ledger, reward))),
    ledger.listUsed(
      memberId,
      within.map(({ assetId }) => ({ assetId, until: NEVER })),
    ),
  ]);
  return {
    available,
    rewards: within.filter(
      ({ perMember }, index) =>
        (left[index] ?? 0n) > 0n && (perMember === undefined || (used[index] ?? 0n) < perMember),
    ),
  };
}

/** In the order of the source requirement; then everything that the ledger would check. */
export async function validateRedemption(
  { clock, ledger, valuation }: OptionParts,
  redeemer: Redeemer,
  rewardId: string,
  quantity: bigint,
): Promise<Validation> {
  const rulebook = valuation.rulebook();
  const scales = scalesOf(ledger);
  if (listRewards(rulebook, redeemer.platformId, scales).length === 0)
    return refused(MESSAGES.noRules);
  const reward = findReward(rulebook, redeemer.platformId, rewardId, scales);
  if (reward === undefined) return refused(MESSAGES.invalid);
  const { available } = await ledger.getBalance(redeemer.memberId, redeemer.platformId);
  if (available < reward.pointsRequired * quantity) return refused(MESSAGES.insufficient);

  const verdict = evaluateRedemption(
    rulebook,
    factsOf(redeemer, reward, quantity, clock.now()),
    quantity,
    scales,
  );
  if (verdict.type === 'refuse') return refused(verdict.problem.error);
  const own = verdict.limits.filter(({ shared }) => !shared);
  const used = await ledger.listUsed(redeemer.memberId, own);
  const beyond = own.find(({ use, maximum }, index) => (used[index] ?? 0n) + use > maximum);
  if (beyond !== undefined) return refused(beyond.otherwise.error);
  return (await countAvailable(ledger, reward)) < quantity
    ? refused(MESSAGES.notAvailable)
    : { valid: true, message: MESSAGES.valid };
}

function refused(message: string): Validation {
  return { valid: false, message };
}

function mayHave(
  { ledger, valuation, log }: OptionParts,
  redeemer: Redeemer,
  reward: Reward,
  nowMs: number,
): boolean {
  try {
    return isEligible(
      valuation.rulebook(),
      reward,
      factsOf(redeemer, reward, 1n, nowMs),
      scalesOf(ledger),
    );
  } catch (error) {
    log.warn(
      { err: error, platform_id: reward.platformId, reward_id: reward.rewardId },
      'the condition of a reward failed; it is not offered',
    );
    return false;
  }
}

function factsOf(
  { platformId, memberId, tags }: Redeemer,
  reward: Reward,
  quantity: bigint,
  atMs: number,
): Facts {
  return {
    operation: 'redeem',
    source: platformId,
    target: platformId,
    memberId,
    tags,
    atMs,
    reward: reward.rewardId,
    category: '',
    amount: reward.pointsRequired * quantity,
  };
}
