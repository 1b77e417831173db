// A process's view of its calls to each platform: how many are under way, how many may be, and
// whether the platform has answered recently. A platform that hangs must not hold up others,
// neither by calls that wait for it nor by sagas that wait for room.

import type { PlatformId } from '../../kernel/ids.ts';

export interface PlatformCalls {
  /** Reserves room for one more call; false when the platform has enough to do. */
  enter(platformId: PlatformId): boolean;
  /** Ends a call; `answered` when the outcome was yes or no. */
  leave(platformId: PlatformId, answered: boolean): void;
  /** False while call after call has no outcome, or none has returned for a while. */
  isAnswering(platformId: PlatformId): boolean;
  /**
   * How long a saga that found no room should wait. Sagas return one after another, however many
   * they are.
   */
  waitForRoomMs(platformId: PlatformId): number;
}

interface Calls {
  underWay: number;
  /** In a row. */
  unanswered: number;
  /** Calls that may be under way; grows with each answer. */
  room: number;
  silent: boolean;
  /** Start of the time without an answer, while calls were under way. */
  quietSinceMs: number;
  /** When the last one in line returns. */
  lineEndsMs: number;
}

/** This many calls in a row without an answer are no accident. */
const SILENT_CALLS = 20;
/**
 * A platform that has answered no call for this long may hang; its next answer shows that it was
 * only slow.
 */
const QUIET_MS = 1_500;
/** Room before the first answer, and while the platform is silent. */
const FIRST_ROOM = 20;
const SILENT_ROOM = 4;
/** Shortest wait of a saga that found no room; and how many of them may return in a second. */
const SOONEST_MS = 200;
const BACK_PER_SECOND = { answering: 2_000, silent: 100 } as const;
const LONGEST_LINE_MS = 30_000;

/** At most `most` calls to one platform. `now` only goes forward. */
export function countCalls(
  most: number,
  now: () => number = () => performance.now(),
): PlatformCalls {
  const platforms = new Map<PlatformId, Calls>();
  const of = (platformId: PlatformId): Calls => {
    let known = platforms.get(platformId);
    if (known === undefined) {
      known = {
        underWay: 0,
        unanswered: 0,
        room: Math.min(FIRST_ROOM, most),
        silent: false,
        quietSinceMs: 0,
        lineEndsMs: 0,
      };
      platforms.set(platformId, known);
    }
    return known;
  };
  return {
    enter(platformId) {
      const calls = of(platformId);
      if (calls.underWay === 0) calls.quietSinceMs = now();
      if (now() - calls.quietSinceMs > QUIET_MS) calls.silent = true;
      if (calls.underWay >= (calls.silent ? Math.min(SILENT_ROOM, most) : calls.room)) return false;
      calls.underWay += 1;
      return true;
    },
    leave(platformId, answered) {
      const calls = of(platformId);
      calls.underWay -= 1;
      if (!answered) {
        calls.unanswered += 1;
        if (calls.unanswered >= SILENT_CALLS) calls.silent = true;
        if (calls.silent) calls.room = Math.min(FIRST_ROOM, most);
        return;
      }
      calls.unanswered = 0;
      calls.silent = false;
      calls.quietSinceMs = now();
      calls.room = Math.min(calls.room + 1, most);
    },
    isAnswering: (platformId) => !of(platformId).silent,
    waitForRoomMs(platformId) {
      const calls = of(platformId);
      const nowMs = now();
      const perSecond = BACK_PER_SECOND[calls.silent ? 'silent' : 'answering'];
      calls.lineEndsMs = Math.min(
        Math.max(calls.lineEndsMs, nowMs + SOONEST_MS) + 1_000 / perSecond,
        nowMs + LONGEST_LINE_MS,
      );
      return calls.lineEndsMs - nowMs;
    },
  };
}
