// Sums up the use of limits in a backtest, by rule, subject and period. Past periods are forgotten.

import type { Day } from '../kernel/time.ts';
import type { LimitUse, RulebookDocument } from '../valuation/valuation.ts';

/** The use of all limits of a rulebook. */
export class LimitUsage {
  private readonly document: RulebookDocument;
  /**
   * Last day of the period → rule, with the platform where points are counted by platform → subject
   * → use.
   */
  private readonly periods = new Map<Day, Map<string, Map<string, bigint>>>();

  constructor(document: RulebookDocument) {
    this.document = document;
  }

  /**
   * Uses all of the limits, or none of them; then it returns the first limit that is exceeded.
   * `came` is the part of `asked` that was posted in the end.
   */
  draw(
    limits: readonly LimitUse[],
    source: string,
    came: bigint,
    asked: bigint,
  ): LimitUse | undefined {
    for (const limit of limits) {
      if ((this.subjectsOf(limit, source).get(limit.ownerId) ?? 0n) + limit.use > limit.maximum)
        return limit;
    }
    for (const limit of limits) {
      const subjects = this.subjectsOf(limit, source);
      // The unused rest of a hold was returned, rounded in the same way as in the ledger.
      const back = came === asked ? 0n : (limit.use * (asked - came)) / asked;
      subjects.set(limit.ownerId, (subjects.get(limit.ownerId) ?? 0n) + limit.use - back);
    }
    return undefined;
  }

  private subjectsOf({ item, until }: LimitUse, source: string): Map<string, bigint> {
    let rules = this.periods.get(until);
    if (rules === undefined) this.periods.set(until, (rules = this.begin(until)));
    const rule = this.isPerPlatform(item) ? `${item}@${source}` : item;
    let subjects = rules.get(rule);
    if (subjects === undefined) rules.set(rule, (subjects = new Map()));
    return subjects;
  }

  /**
   * Begins a period. Rows come in the order of time, except for clock skew, so of past days only
   * the latest is kept.
   */
  private begin(until: Day): Map<string, Map<string, bigint>> {
    const over = [...this.periods.keys()]
      .filter((day) => day < until)
      .toSorted()
      .slice(0, -2);
    for (const day of over) this.periods.delete(day);
    return new Map();
  }

  private isPerPlatform(item: string): boolean {
    const rule = this.document.rules[item.slice('rules/'.length)];
    return rule?.kind === 'limit' && rule.limit.measure === 'points';
  }
}
