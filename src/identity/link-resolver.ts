// (platform, platform user) → member and tags, from memory when possible. The member of a link
// never changes, so a link in memory is always right; a missing link is never remembered. Tags
// follow the database within one second (`follow-tags.ts`).

import { LRUCache } from 'lru-cache';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';
import { askTogether } from './ask-together.ts';
import { selectMembers } from './store.ts';
import { NO_TAGS, type Tagged } from './types.ts';

/** Resolves users to members. */
export interface LinkResolver {
  /**
   * Without a promise when the link is in memory. Questions in one turn of the event loop share one
   * statement.
   */
  resolve(
    platformId: PlatformId,
    userId: string,
  ): MemberId | undefined | Promise<MemberId | undefined>;
  /** The tags of a user that has been resolved; none when the user is not in memory. */
  tagsOf(platformId: PlatformId, userId: string): readonly string[];
  remember(platformId: PlatformId, userId: string, linked: Linked): void;
  /**
   * Replaces the tags of a user in memory if they are newer. Other users are read when they are
   * resolved.
   */
  retag(platformId: PlatformId, userId: string, tagged: Tagged): void;
}

interface Linked extends Tagged {
  readonly memberId: MemberId;
}

/** About 200 bytes each, plus the tags. */
const REMEMBERED_LINKS = 200_000;

/** Keeps up to 200,000 links in memory. */
export function createLinkResolver(pool: Pool): LinkResolver {
  const known = new LRUCache<string, Linked>({ max: REMEMBERED_LINKS });

  /** Answers may arrive in another order than they left the database: the newest tags win. */
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
