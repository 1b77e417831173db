// (platform, platform user) → member and tags, from memory when seen before. A link's member never changes, so a hit is always right; a miss is never remembered. Tags follow the database within a second (`follow-tags.ts`).

import { LRUCache } from 'lru-cache';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';
import { selectMembers } from './store.ts';
import { NO_TAGS, type Tagged } from './types.ts';

export interface LinkResolver {
  /** At once on a hit. Questions of one turn of the event loop share one statement. */
  resolve(platformId: PlatformId, userId: string): MemberId | undefined | Promise<MemberId | undefined>;
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
const MAX_QUESTIONS = 1_000;

interface Question {
  readonly platformId: PlatformId;
  readonly userId: string;
  readonly answer: PromiseWithResolvers<MemberId | undefined>;
}

export function createLinkResolver(pool: Pool): LinkResolver {
  const known = new LRUCache<string, Linked>({ max: REMEMBERED_LINKS });
  let waiting = new Map<string, Question>();

  /** Answers may arrive in another order than the database gave them: the newest tags stay. */
  function remember(key: string, linked: Linked): void {
    const before = known.peek(key);
    if (before === undefined || linked.tagsVersion > before.tagsVersion) known.set(key, linked);
  }

  async function ask(questions: readonly Question[]): Promise<void> {
    try {
      const found = await selectMembers(pool, questions.map((question) => question.platformId), questions.map((question) => question.userId));
      const linked = new Map(found.map((row) => [row.index, row]));
      for (const [index, { platformId, userId, answer }] of questions.entries()) {
        const row = linked.get(index);
        if (row !== undefined) remember(keyOf(platformId, userId), { memberId: row.memberId, ...row.tagged });
        answer.resolve(row?.memberId);
      }
    } catch (error) {
      for (const question of questions) question.answer.reject(error);
    }
  }

  function flush(): void {
    const questions = [...waiting.values()];
    waiting = new Map();
    for (let start = 0; start < questions.length; start += MAX_QUESTIONS) void ask(questions.slice(start, start + MAX_QUESTIONS));
  }

  return {
    resolve(platformId, userId) {
      const key = keyOf(platformId, userId);
      const hit = known.get(key);
      if (hit !== undefined) return hit.memberId;
      const asked = waiting.get(key);
      if (asked !== undefined) return asked.answer.promise;
      if (waiting.size === 0) setImmediate(flush);
      const question = { platformId, userId, answer: Promise.withResolvers<MemberId | undefined>() };
      waiting.set(key, question);
      return question.answer.promise;
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
