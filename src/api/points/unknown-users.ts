// Limits how often a platform may name users of other platforms who do not exist. The limit allows
// mistakes, but not a search for the users of another platform. Each process counts for itself, for
// the current hour.

import { identityProblems } from '../../identity/identity.ts';
import type { MemberId, PlatformId } from '../../kernel/ids.ts';
import { refuse, type Result } from '../../kernel/problem.ts';
import { formatMoment } from '../../kernel/time.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import type { ApiParts } from '../parts.ts';

type Found = Result<MemberId>;
type LookUp = () => Found | Promise<Found>;

/** The budgets of all platforms in this process. */
export interface UnknownUsers {
  /**
   * Looks up a user of another platform. When the budget of the hour is used up, nothing is looked
   * up, and the caller learns neither yes nor no (`too_many_unknown_users`). Returns a promise only
   * if the look-up does, or if others must end first. The platform that was asked gets an event
   * about misses, less often the more there are.
   */
  find(asking: PlatformId, asked: PlatformId, lookUp: LookUp): ReturnType<LookUp>;
}

const HOUR_MS = 3_600_000;
const PER_HOUR = 600;
/** The numbers of misses in an hour, of one platform at another, that cause an event. */
const TOLD_AT = [1, 10, 100, 1_000, 10_000];

/** The budget of one asking platform in one hour. */
interface Budget {
  readonly since: number;
  used: number;
  /** Look-ups in progress; each may become a miss. */
  underWay: number;
  /** Callers that wait for the look-ups in progress, because these may use up the budget. */
  waiting: (() => void)[];
  readonly missesAt: Map<PlatformId, number>;
}

type Parts = Pick<ApiParts, 'clock' | 'pool' | 'valuation' | 'log'>;

/**
 * Creates the budgets: 600 misses an hour, unless the rulebook's `unknown_users_per_hour` says
 * otherwise.
 */
export function createUnknownUsers({ clock, pool, valuation, log }: Parts): UnknownUsers {
  const budgets = new Map<PlatformId, Budget>();
  /**
   * Events are written one after another, so that a platform reads the numbers of misses in order.
   */
  let told = Promise.resolve();

  function budgetOf(asking: PlatformId): Budget {
    const since = Math.floor(clock.now() / HOUR_MS) * HOUR_MS;
    let budget = budgets.get(asking);
    if (budget?.since !== since) {
      budget = { since, used: 0, underWay: 0, waiting: [], missesAt: new Map() };
      budgets.set(asking, budget);
    }
    return budget;
  }

  async function watch(
    budget: Budget,
    asking: PlatformId,
    asked: PlatformId,
    looking: Promise<Found>,
  ): Promise<Found> {
    budget.underWay += 1;
    try {
      const found = await looking;
      if (!found.ok) noteMiss(budget, asking, asked);
      return found;
    } finally {
      budget.underWay -= 1;
      if (budget.underWay === 0) for (const wake of budget.waiting.splice(0)) wake();
    }
  }

  function noteMiss(budget: Budget, asking: PlatformId, asked: PlatformId): void {
    budget.used += 1;
    const misses = (budget.missesAt.get(asked) ?? 0) + 1;
    budget.missesAt.set(asked, misses);
    if (!TOLD_AT.includes(misses)) return;
    const data = { by_platform: asking, misses, since: formatMoment(budget.since) };
    const event = { type: 'users.unknown_asked', platformId: asked, data };
    told = told
      .then(() => dbTransaction(pool, (client) => appendEvents(client, [event], clock.now())))
      .catch((err: unknown) => {
        log.warn({ err, platform_id: asked }, 'a platform could not be told of users asked for');
      });
  }

  function find(asking: PlatformId, asked: PlatformId, lookUp: LookUp): ReturnType<LookUp> {
    const budget = budgetOf(asking);
    const { unknown_users_per_hour: most = PER_HOUR } = valuation.rulebook().document.settings;
    if (budget.used >= most) return refuse(identityProblems.too_many_unknown_users());
    // Look-ups at the same time may not learn more than look-ups one after another, not even from
    // memory.
    if (budget.waiting.length > 0 || budget.used + budget.underWay >= most) {
      return new Promise<void>((wake) => budget.waiting.push(wake)).then(() =>
        find(asking, asked, lookUp),
      );
    }
    const looking = lookUp();
    if (looking instanceof Promise) return watch(budget, asking, asked, looking);
    if (!looking.ok) noteMiss(budget, asking, asked);
    return looking;
  }

  return { find };
}
