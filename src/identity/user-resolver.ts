// (platform, member) → the platform's own id of its user, from memory when possible. Links are
// permanent, so a link in memory is always right; a missing link is never remembered.

import { LRUCache } from 'lru-cache';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';
import { askTogether } from './ask-together.ts';
import { selectUsers } from './store.ts';

/** Resolves members to users. */
export interface UserResolver {
  /** Questions in one turn of the event loop share one statement. */
  userOf(platformId: PlatformId, memberId: MemberId): Promise<string | undefined>;
}

/** About 200 bytes each. */
const REMEMBERED_USERS = 200_000;

/** Keeps up to 200,000 links in memory. */
export function createUserResolver(pool: Pool): UserResolver {
  const known = new LRUCache<string, string>({ max: REMEMBERED_USERS });
  const together = askTogether<{ platformId: PlatformId; memberId: MemberId }, string>(
    async (questions) => {
      const found = await selectUsers(
        pool,
        questions.map(({ platformId }) => platformId),
        questions.map(({ memberId }) => memberId),
      );
      return new Map(found.map(({ index, userId }) => [index, userId]));
    },
  );

  return {
    async userOf(platformId, memberId) {
      const key = `${platformId}\n${memberId}`;
      const hit = known.get(key);
      if (hit !== undefined) return hit;
      const userId = await together(key, { platformId, memberId });
      if (userId !== undefined) known.set(key, userId);
      return userId;
    },
  };
}
