// Turns a purchase into points, and finds the last day of points that are issued today. Pure.

import { formatAmountText, parseRatio, scaleDown, type Ratio } from '../kernel/amount.ts';
import { addMonths } from '../kernel/calendar.ts';
import { addDays, NEVER, type Day } from '../kernel/time.ts';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import { holdsWhole, Variables } from './conditions.ts';
import { rescale } from './point-value.ts';
import { valuationProblems } from './problems.ts';
import type { Rulebook } from './rulebook.ts';
import type { Applied, Scales } from './types.ts';
import type { Problem } from '../kernel/problem.ts';

/** A purchase that earns points. */
export interface Purchase {
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
  /** The price in minor units of the settlement currency. */
  readonly spent: bigint;
  readonly category: string;
  readonly tags: readonly string[];
  readonly atMs: number;
}

/** The points in minor units and the rule that gave them, or the problem. */
export type Earned =
  | { readonly ok: true; readonly amount: bigint; readonly applied: Applied }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Applies the first earn rule that matches, by priority: spent × rate, at most the rule's maximum,
 * rounded toward zero. Refuses with `rule_failed` or `no_earn_rule`.
 */
export function evaluateEarn(rulebook: Rulebook, purchase: Purchase, scales: Scales): Earned {
  const { platformId, spent, category, tags, memberId, atMs } = purchase;
  const scale = scales.points(platformId);
  const facts = {
    operation: 'earn' as const,
    source: platformId,
    target: platformId,
    memberId,
    amount: 0n,
    category,
    tags,
    reward: '',
    atMs,
  };
  const variables = new Variables(
    facts,
    rulebook.calendar,
    scale,
    Number(spent) / 10 ** scales.settlement,
  );
  for (const rule of rulebook.earnRules) {
    if (
      rule.platform !== platformId ||
      (rule.category !== undefined && rule.category !== category) ||
      atMs < rule.fromMs ||
      atMs >= rule.untilMs
    )
      continue;
    try {
      if (!holdsWhole(rule.condition, variables)) continue;
    } catch (cause) {
      return {
        ok: false,
        problem: valuationProblems.rule_failed(
          `${rule.item}: ${cause instanceof Error ? cause.message : String(cause)}.`,
          { rule: rule.item },
        ),
      };
    }
    const full = scaleDown(spent, minorRate(rule.rate, scales.settlement, scale));
    const most =
      rule.maximum === undefined ? full : scaleDown(10n ** BigInt(scale), parseRatio(rule.maximum));
    const amount = full < most ? full : most;
    return {
      ok: true,
      amount,
      applied: {
        item: rule.item,
        kind: 'earn',
        effect: `${formatAmountText(amount, scale)} points at ${rule.rate} for each unit spent`,
      },
    };
  }
  return {
    ok: false,
    problem: valuationProblems.no_earn_rule(category === '' ? undefined : `Category ${category}.`),
  };
}

function minorRate(rate: string, from: number, to: number): Ratio {
  return rescale(parseRatio(rate), from, to);
}

/** The last day of points that a platform issues on the day `today`. */
export function lastDayOf(
  { document: { platforms } }: Rulebook,
  platformId: PlatformId,
  today: Day,
): Day {
  const expiry = Object.hasOwn(platforms, platformId) ? platforms[platformId]?.expiry : undefined;
  switch (expiry?.policy) {
    case undefined:
    case 'none':
      return NEVER;
    case 'fixed':
      return expiry.on;
    case 'rolling':
      return addMonths(today, expiry.months);
    case 'rolling_days':
      return addDays(today, expiry.days);
    case 'end_of_year':
      return `${Number(today.slice(0, 4)) + expiry.years}-12-31`;
  }
}
