// A liability report: the same fields for an operator, who sees all platforms, and for a platform,
// which sees itself. Points and values are decimal text, because sums may not fit a double.

import { Type } from 'typebox';
import { formatAmountText } from '../kernel/amount.ts';
import { formatMoment } from '../kernel/time.ts';
import { BREAKAGE_FORMULA, type Liability, type PlatformLiability } from '../monitor/monitor.ts';
import { DateTime } from './schemas.ts';

const points = (description: string) => Type.String({ description, examples: ['1234.50'] });

/** Fields of a liability report that hold for all platforms in it. */
export const LiabilityHead = {
  at: DateTime,
  settlement_currency: Type.String(),
  rulebook_version: Type.Integer({ description: 'The version whose point values are used.' }),
  breakage_formula: Type.String({ description: 'How breakage.estimate is calculated.' }),
};

/** Fields of a liability report for one platform. */
export const LiabilityRow = {
  platform_id: Type.String(),
  issued: points(
    'Given by the platform itself, less reversed earns. Points here and below are decimal text.',
  ),
  converted_in: points("Made out of other platforms' points."),
  redeemed: points('Spent on rewards and captured holds.'),
  converted_away: points("Made into other platforms' points, without fees."),
  expired: points('Ended unused.'),
  fees: points('Kept from conversions.'),
  clawed_back: points('Taken back, less what the platform bore itself.'),
  adjusted: points('By operators; negative when they took points.'),
  outstanding: points('Points of users, with held points; debt is not deducted.'),
  debt: points('Owed by users after reversals.'),
  held: points('The part of outstanding that is set aside by holds.'),
  lapsed: points('Past its last day and not yet counted as expired.'),
  by_month: Type.Array(
    Type.Object({
      month: Type.String({ description: 'YYYY-MM, or never.' }),
      amount: points('Points.'),
    }),
    { description: 'Outstanding by the month of its last day.' },
  ),
  point_value: Type.String({ description: 'Settlement currency for one point.' }),
  value: Type.String({ description: 'Value of outstanding in settlement currency.' }),
  breakage: Type.Object({
    expired: points('Points with an end that expired.'),
    redeemed: points('Points with an end that were redeemed, captured or converted away.'),
    rate: Type.Union([Type.String(), Type.Null()], {
      description: 'expired ÷ (expired + redeemed); null while there is no history.',
    }),
    ending: points('The part of outstanding that has an end.'),
    estimate: Type.Union([Type.String(), Type.Null()], {
      description: 'The part of ending that may expire unused; null while there is no history.',
    }),
  }),
};

/** A liability report as operators see it. */
export const LiabilityView = Type.Object({
  ...LiabilityHead,
  platforms: Type.Array(Type.Object(LiabilityRow)),
});
/** The JSON of `LiabilityView`. */
export type LiabilityView = ReturnType<typeof describeLiability>;

/** Shows a liability report. */
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
