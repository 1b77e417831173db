// What a process knows of its calls to each platform: how many are under way, and whether the platform has answered lately.

import type { PlatformId } from '../../kernel/ids.ts';

export interface PlatformCalls {
  /** Room for one more call; false when the platform has enough to do. */
  enter(platformId: PlatformId): boolean;
  /** Ends a call; `answered` when it came to a yes or a no. */
  leave(platformId: PlatformId, answered: boolean): void;
  /** False while one call after another comes to nothing. */
  isAnswering(platformId: PlatformId): boolean;
}

/** So many calls in a row without an answer are no accident. */
const SILENT_CALLS = 20;

/** At most `most` calls to one platform: one that hangs must not hold up the others. */
export function countCalls(most: number): PlatformCalls {
  const platforms = new Map<PlatformId, { underWay: number; unanswered: number }>();
  const of = (platformId: PlatformId): { underWay: number; unanswered: number } => {
    let known = platforms.get(platformId);
    if (known === undefined) platforms.set(platformId, (known = { underWay: 0, unanswered: 0 }));
    return known;
  };
  return {
    enter(platformId) {
      const calls = of(platformId);
      if (calls.underWay >= most) return false;
      calls.underWay += 1;
      return true;
    },
    leave(platformId, answered) {
      const calls = of(platformId);
      calls.underWay -= 1;
      calls.unanswered = answered ? 0 : calls.unanswered + 1;
    },
    isAnswering: (platformId) => of(platformId).unanswered < SILENT_CALLS,
  };
}
