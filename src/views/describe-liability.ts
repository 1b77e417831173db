// A liability report as JSON for API and terminal: points and values as decimal text, because sums
// of a network outgrow a double.

import { formatAmountText } from '../kernel/amount.ts';
import { BREAKAGE_FORMULA, type Liability, type PlatformLiability } from '../monitor/monitor.ts';

export type LiabilityView = ReturnType<typeof describeLiability>;

export function describeLiability({
  at,
  settlementCode,
  settlementScale,
  rulebookVersion,
  platforms,
}: Liability) {
  return {
    at: at.toISOString(),
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
