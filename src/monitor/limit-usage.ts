// What limits have been used up in a backtest: a sum for each rule, subject and period. Periods
// that are over are forgotten.

import type { Day } from '../kernel/time.ts';
import type { LimitUse, RulebookDocument } from '../valuation/valuation.ts';

export class LimitUsage {
  private readonly document: RulebookDocument;
  /**
   * Last day of the period → rule, and platform where points of platforms are counted apart →
   * subject → used.
   */
  private readonly periods = new Map<Day, Map<string, Map<string, bigint>>>();

  constructor(document: RulebookDocument) {
    this.document = document;
  }

  /**
   * Draws on all of the limits, or on none: then it answers the first that is used up. `came` of
   * `asked` came to something in the end.
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
      // What a hold did not come to was given back, rounded as the ledger rounds it.
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
   * Rows come in the order of time but for the skew of clocks, so of days only the one before is
   * still asked for.
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
