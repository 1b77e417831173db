// (platform, platform user) → member and tags, from memory when seen before. A link's member never
// changes, so a hit is always right; a miss is never remembered. Tags follow the database within a
// second (`follow-tags.ts`).

import { LRUCache } from 'lru-cache';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';
import { askTogether } from './ask-together.ts';
import { selectMembers } from './store.ts';
import { NO_TAGS, type Tagged } from './types.ts';

export interface LinkResolver {
  /** At once on a hit. Questions of one turn of the event loop share one statement. */
  resolve(
    platformId: PlatformId,
    userId: string,
  ): MemberId | undefined | Promise<MemberId | undefined>;
  /** What the platform says of a user that has been resolved; nothing when it is not remembered. */
  tagsOf(platformId: PlatformId, userId: string): readonly string[];
  remember(platformId: PlatformId, userId: string, linked: Linked): void;
  /** Puts newer tags to a user that is remembered; others are read when they are resolved. */
  retag(platformId: PlatformId, userId: string, tagged: Tagged): void;
}

interface Linked extends Tagged {
  readonly memberId: MemberId;
}

/** About 200 bytes each, and the tags. */
const REMEMBERED_LINKS = 200_000;

export function createLinkResolver(pool: Pool): LinkResolver {
  const known = new LRUCache<string, Linked>({ max: REMEMBERED_LINKS });

  /** Answers may arrive in another order than the database gave them: the newest tags stay. */
  function remember(key: string, linked: Linked): void {
    const before = known.peek(key);
    if (before === undefined || linked.tagsVersion > before.tagsVersion) known.set(key, linked);
  }

  const together = askTogether<{ platformId: PlatformId; userId: string }, MemberId>(
    async (questions) => {
      const found = await selectMembers(
        pool,
        questions.map(({ platformId }) => platformId),
        questions.map(({ userId }) => userId),
      );
      return new Map(
        found.map(({ index, memberId, tagged }) => {
          const question = questions[index];
          if (question !== undefined)
            remember(keyOf(question.platformId, question.userId), { memberId, ...tagged });
          return [index, memberId];
        }),
      );
    },
  );

  return {
    resolve(platformId, userId) {
      const key = keyOf(platformId, userId);
      const hit = known.get(key);
      return hit === undefined ? together(key, { platformId, userId }) : hit.memberId;
    },
    tagsOf: (platformId, userId) => known.peek(keyOf(platformId, userId))?.tags ?? NO_TAGS,
    remember: (platformId, userId, linked) => remember(keyOf(platformId, userId), linked),
    retag(platformId, userId, { tags, tagsVersion }) {
      const key = keyOf(platformId, userId);
      const before = known.peek(key);
      if (before !== undefined) remember(key, { memberId: before.memberId, tags, tagsVersion });
    },
  };
}

/** A platform id has no line break, so two pairs never share a key. */
function keyOf(platformId: PlatformId, userId: string): string {
  return `${platformId}\n${userId}`;
}
