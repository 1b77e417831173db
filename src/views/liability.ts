// A liability report: the same fields for an operator, who sees all platforms, and for a platform,
// which sees itself. Points and values are decimal text, because sums of a network outgrow a double.

import { Type } from 'typebox';
import { formatAmountText } from '../kernel/amount.ts';
import { formatMoment } from '../kernel/time.ts';
import { BREAKAGE_FORMULA, type Liability, type PlatformLiability } from '../monitor/monitor.ts';
import { DateTime } from './schemas.ts';

const points = (description: string) => Type.String({ description, examples: ['1234.50'] });

export const LiabilityHead = {
  at: DateTime,
  settlement_currency: Type.String(),
  rulebook_version: Type.Integer({ description: 'The version whose point values are used.' }),
  breakage_formula: Type.String({ description: 'How breakage.estimate is worked out.' }),
};

export const LiabilityRow = {
  platform_id: Type.String(),
  issued: points(
    'Given by the platform itself, reversed earns deducted. Points here and below are decimal text.',
  ),
  converted_in: points("Made out of other platforms' points."),
  redeemed: points('Spent on rewards and captured holds.'),
  converted_away: points("Made into other platforms' points, without fees."),
  expired: points('Ended unused.'),
  fees: points('Kept of conversions.'),
  clawed_back: points('Taken back, less what the platform bore itself.'),
  adjusted: points('By operators; negative when they took points.'),
  outstanding: points('What users hold, held points included; what they owe is not deducted.'),
  debt: points('Owed by users after reversals.'),
  held: points('Of outstanding: set aside by holds.'),
  lapsed: points('Past its last day and not yet counted as expired.'),
  by_month: Type.Array(
    Type.Object({
      month: Type.String({ description: 'YYYY-MM, or never.' }),
      amount: points('Points.'),
    }),
    { description: 'Outstanding by the month of its last day.' },
  ),
  point_value: Type.String({ description: 'Settlement currency for one point.' }),
  value: Type.String({ description: 'Worth of outstanding in settlement currency.' }),
  breakage: Type.Object({
    expired: points('Points with an end that expired.'),
    redeemed: points('Points with an end that were redeemed, captured or converted away.'),
    rate: Type.Union([Type.String(), Type.Null()], {
      description: 'expired ÷ (expired + redeemed); null while there is no history.',
    }),
    ending: points('Of outstanding: what has an end.'),
    estimate: Type.Union([Type.String(), Type.Null()], {
      description: 'What of ending may expire unused; null while there is no history.',
    }),
  }),
};

export const LiabilityView = Type.Object({
  ...LiabilityHead,
  platforms: Type.Array(Type.Object(LiabilityRow)),
});
export type LiabilityView = ReturnType<typeof describeLiability>;

export function describeLiability({
  at,
  settlementCode,
  settlementScale,
  rulebookVersion,
  platforms,
}: Liability) {
  return {
    at: formatMoment(at),
    settlement_currency: settlementCode,
    rulebook_version: rulebookVersion,
    breakage_formula: BREAKAGE_FORMULA,
    platforms: platforms.map((platform) => describePlatform(platform, settlementScale)),
  };
}

function describePlatform(platform: PlatformLiability, settlementScale: number) {
  const { platformId, scale, byMonth, breakage } = platform;
  const points = (minor: bigint): string => formatAmountText(minor, scale);
  return {
    platform_id: platformId,
    issued: points(platform.issued),
    converted_in: points(platform.convertedIn),
    redeemed: points(platform.redeemed),
    converted_away: points(platform.convertedAway),
    expired: points(platform.expired),
    fees: points(platform.fees),
    clawed_back: points(platform.clawedBack),
    adjusted: points(platform.adjusted),
    outstanding: points(platform.outstanding),
    debt: points(platform.debt),
    held: points(platform.held),
    lapsed: points(platform.lapsed),
    by_month: byMonth.map(({ month, amount }) => ({
      month: month ?? 'never',
      amount: points(amount),
    })),
    point_value: platform.pointValue,
    value: formatAmountText(platform.value, settlementScale),
    breakage: {
      expired: points(breakage.expired),
      redeemed: points(breakage.redeemed),
      rate: breakage.rate,
      ending: points(breakage.ending),
      estimate: breakage.estimate === null ? null : points(breakage.estimate),
    },
  };
}
