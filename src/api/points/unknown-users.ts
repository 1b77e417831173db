// How often a platform may name users of other platforms who do not exist: enough for slips of the pen, too few to find out who is a user elsewhere.
// Counted by each process for itself, for the hour at hand.

import { identityProblems } from '../../identity/identity.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import type { Problem } from '../../kernel/problem.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { appendEvents } from '../../runtime/feed.ts';
import type { ApiParts } from '../parts.ts';

export interface UnknownUsers {
  /** Asked before any look-up elsewhere: past the budget neither a yes nor a no is told. */
  refusal(asking: PlatformId): Problem | undefined;
  /** The platform that was asked for the user is told, the more seldom the more there are. */
  note(asking: PlatformId, asked: PlatformId): Promise<void>;
}

const HOUR_MS = 3_600_000;
const PER_HOUR = 600;
/** Misses of one platform at another in an hour that are told. */
const TOLD_AT = [1, 10, 100, 1_000, 10_000];

type Parts = Pick<ApiParts, 'clock' | 'pool' | 'valuation' | 'log'>;

export function createUnknownUsers({ clock, pool, valuation, log }: Parts): UnknownUsers {
  let hour = 0;
  /** By who asks, then by who was asked. */
  const counts = new Map<PlatformId, Map<PlatformId, number>>();

  function ofThisHour(asking: PlatformId): Map<PlatformId, number> {
    const now = Math.floor(clock.now() / HOUR_MS);
    if (now !== hour) counts.clear();
    hour = now;
    let own = counts.get(asking);
    if (own === undefined) counts.set(asking, (own = new Map()));
    return own;
  }

  return {
    refusal(asking) {
      if (counts.size === 0) return undefined;
      const { unknown_users_per_hour: most = PER_HOUR } = valuation.rulebook().document.settings;
      const used = [...ofThisHour(asking).values()].reduce((sum, one) => sum + one, 0);
      return used < most ? undefined : identityProblems.too_many_unknown_users();
    },
    async note(asking, asked) {
      const own = ofThisHour(asking);
      const count = (own.get(asked) ?? 0) + 1;
      own.set(asked, count);
      if (!TOLD_AT.includes(count)) return;
      const data = { by_platform: asking, misses: count, since: new Date(hour * HOUR_MS).toISOString() };
      await dbTransaction(pool, (client) => appendEvents(client, [{ type: 'users.unknown_asked', platformId: asked, data }], clock.now()))
        .catch((error: unknown) => log.warn({ err: error, platform_id: asked }, 'a platform could not be told of users that were asked for'));
    },
  };
}
