// How often a platform may name users of other platforms who do not exist: enough for slips of the
// pen, too few to find out who is a user elsewhere.
// Counted by each process for itself, for the hour at hand.

import { identityProblems } from '../../identity/identity.ts';
import type { MemberId, PlatformId } from '../../kernel/ids.ts';
import { refuse, type Result } from '../../kernel/problem.ts';
import { formatMoment } from '../../kernel/time.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import type { ApiParts } from '../parts.ts';

type Found = Result<MemberId>;
type LookUp = () => Found | Promise<Found>;

export interface UnknownUsers {
  /**
   * Finds a user of another platform, unless the budget is used up: then neither a yes nor a no is
   * told, and nothing is looked up. Pauses only where the look-up does, or others have to end
   * first. The platform that was asked hears of a miss, the more seldom the more there are.
   */
  find(asking: PlatformId, asked: PlatformId, lookUp: LookUp): ReturnType<LookUp>;
}

const HOUR_MS = 3_600_000;
const PER_HOUR = 600;
/** Misses of one platform at another in an hour that are told. */
const TOLD_AT = [1, 10, 100, 1_000, 10_000];

/** Of one asking platform, in one hour. */
interface Budget {
  readonly since: number;
  used: number;
  /** Look-ups under way, each of which may become a miss. */
  underWay: number;
  /** Callers who wait for the end of these, because they might use the budget up. */
  waiting: (() => void)[];
  readonly missesAt: Map<PlatformId, number>;
}

type Parts = Pick<ApiParts, 'clock' | 'pool' | 'valuation' | 'log'>;

export function createUnknownUsers({ clock, pool, valuation, log }: Parts): UnknownUsers {
  const budgets = new Map<PlatformId, Budget>();
  /** Events are written one after another: a platform hears of more misses after fewer. */
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
    // Asked all at once, none may learn more than one after the other: not even a yes from memory.
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
