// A reward as its platform and its users see it: its price, and the units left.

import { type Static, Type } from 'typebox';
import { formatMoment } from '../kernel/time.ts';
import type { Asset } from '../ledger/ledger.ts';
import type { Reward } from '../rewards/rewards.ts';
import { toPoints } from './points.ts';
import { Points } from './schemas.ts';

const offered = {
  reward_id: Type.String(),
  reward_name: Type.String(),
  points_required: Points,
  description: Type.String(),
};
/** A reward that a user can redeem now. */
export const OptionView = Type.Object(offered);
/** A reward with the units left and its limits. */
export const RewardView = Type.Object({
  ...offered,
  available: Type.Integer({ description: 'Units left.' }),
  from: Type.Optional(Type.String({ description: 'RFC 3339; can be redeemed from then on.' })),
  until: Type.Optional(
    Type.String({ description: 'RFC 3339; can be redeemed until just before then.' }),
  ),
  per_member: Type.Optional(Type.Integer({ description: 'Most units that one member can have.' })),
});

/** A language of rewards: their texts are kept in both. */
export type RewardLanguage = 'zh' | 'en';

/** Shows a reward in one language, as a user can redeem it. */
export function describeOption(
  reward: Reward,
  language: RewardLanguage,
  points: Asset,
): Static<typeof OptionView> {
  const isEnglish = language === 'en';
  return {
    reward_id: reward.rewardId,
    reward_name: isEnglish ? reward.nameEn : reward.nameZh,
    points_required: toPoints(reward.pointsRequired, points),
    description: isEnglish ? reward.descriptionEn : reward.descriptionZh,
  };
}

/** Shows a reward in one language, with the units left and its limits. */
export function describeReward(
  reward: Reward,
  available: bigint,
  language: RewardLanguage,
  points: Asset,
): Static<typeof RewardView> {
  return {
    ...describeOption(reward, language, points),
    available: Number(available),
    ...(Number.isFinite(reward.fromMs) ? { from: formatMoment(reward.fromMs) } : {}),
    ...(Number.isFinite(reward.untilMs) ? { until: formatMoment(reward.untilMs) } : {}),
    ...(reward.perMember === undefined ? {} : { per_member: Number(reward.perMember) }),
  };
}
