// Regular work of a sending process, by a clock that nobody can set: shows that it is alive, frees
// claims that no process sends any more, and removes old deliveries.

import { DAY_MS } from '../../kernel/time.ts';
import { noteSender, purgeDeliveries, releaseUnknown, type Claim } from './store-deliveries.ts';
import type { DelivererParts } from './send-message.ts';

const SENDER_EVERY_MS = 1_000;
const RELEASE_EVERY_MS = 5_000;
const PURGE_EVERY_MS = 60_000;
const PURGE_LIMIT = 5_000;
const KEEP_DELIVERED_MS = 7 * DAY_MS;
const KEEP_DEAD_MS = 30 * DAY_MS;

/** `mine` are the claims that this process is sending or has not recorded yet. */
export function createHousekeeping(
  { pool, clock }: Pick<DelivererParts, 'pool' | 'clock'>,
  senderId: string,
  mine: () => readonly Claim[],
): () => Promise<void> {
  let [seenMs, releasedMs, purgedMs] = [
    Number.NEGATIVE_INFINITY,
    performance.now(),
    Number.NEGATIVE_INFINITY,
  ];
  return async () => {
    const nowMs = performance.now();
    if (nowMs - seenMs >= SENDER_EVERY_MS) {
      await noteSender(pool, senderId);
      seenMs = nowMs;
    }
    if (nowMs - releasedMs >= RELEASE_EVERY_MS) {
      await releaseUnknown(pool, senderId, mine());
      releasedMs = nowMs;
    }
    if (
      nowMs - purgedMs >= PURGE_EVERY_MS &&
      (await purgeDeliveries(
        pool,
        clock.now() - KEEP_DELIVERED_MS,
        clock.now() - KEEP_DEAD_MS,
        PURGE_LIMIT,
      )) < PURGE_LIMIT
    )
      purgedMs = nowMs;
  };
}
