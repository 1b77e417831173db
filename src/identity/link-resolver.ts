// (platform, platform user) → member, from memory when seen before. Links never change, so a hit is always right; a miss is never remembered.

import { LRUCache } from 'lru-cache';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';
import { selectMembers } from './store.ts';

export interface LinkResolver {
  /** At once on a hit. Questions of one turn of the event loop share one statement. */
  resolve(platformId: PlatformId, userId: string): MemberId | undefined | Promise<MemberId | undefined>;
  remember(platformId: PlatformId, userId: string, memberId: MemberId): void;
}

/** About 150 bytes each. */
const REMEMBERED_LINKS = 200_000;
const MAX_QUESTIONS = 1_000;

interface Question {
  readonly platformId: PlatformId;
  readonly userId: string;
  readonly answer: PromiseWithResolvers<MemberId | undefined>;
}

export function createLinkResolver(pool: Pool): LinkResolver {
  const known = new LRUCache<string, MemberId>({ max: REMEMBERED_LINKS });
  let waiting = new Map<string, Question>();

  async function ask(questions: readonly Question[]): Promise<void> {
    try {
      const found = await selectMembers(pool, questions.map((question) => question.platformId), questions.map((question) => question.userId));
      const members = new Map(found.map(({ index, memberId }) => [index, memberId]));
      for (const [index, { platformId, userId, answer }] of questions.entries()) {
        const memberId = members.get(index);
        if (memberId !== undefined) known.set(keyOf(platformId, userId), memberId);
        answer.resolve(memberId);
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
      if (hit !== undefined) return hit;
      const asked = waiting.get(key);
      if (asked !== undefined) return asked.answer.promise;
      if (waiting.size === 0) setImmediate(flush);
      const question = { platformId, userId, answer: Promise.withResolvers<MemberId | undefined>() };
      waiting.set(key, question);
      return question.answer.promise;
    },
    remember: (platformId, userId, memberId) => void known.set(keyOf(platformId, userId), memberId),
  };
}

/** A platform id has no line break, so two pairs never share a key. */
function keyOf(platformId: PlatformId, userId: string): string {
  return `${platformId}\n${userId}`;
}
