// What happens to a saga that cannot go on now: it waits for its next attempt, or for a person.
// Whoever newly needs a person is told of once.

import { formatId } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/time.ts';
import { dbTransaction, type Pool, type Queryable } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import type { Log } from '../../runtime/log.ts';
import { postponeSaga, stopSaga } from './store.ts';
import type { Saga } from './types.ts';

export interface PostponeParts {
  /** Puts a saga off that has called nobody, together with others. */
  putOff(saga: Saga, atMs: number, error: string): Promise<boolean>;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
}

const FIRST_RETRY_MS = 100;
/** To a platform that answers others: what went wrong is over soon. */
const LONGEST_RETRY_MS = 1_000;
/** To one that answers nobody. */
export const LONGEST_RETRY_TO_SILENT_MS = 30_000;
/** Once a person has been asked for. */
const RETRY_AFTER_DEADLINE_MS = 60_000;

/** After a call whose outcome is not known. */
export async function postpone(
  saga: Saga,
  reason: string,
  parts: PostponeParts,
  longestMs = LONGEST_RETRY_MS,
): Promise<undefined> {
  const overdue = parts.clock.now() >= saga.deadlineAtMs;
  const wait = overdue
    ? RETRY_AFTER_DEADLINE_MS
    : Math.min(FIRST_RETRY_MS * 2 ** saga.attempts, longestMs);
  // Half of the wait is chance, so that those who failed together do not come back together.
  await tryLater(
    saga,
    { inMs: wait * (0.5 + Math.random() / 2), error: reason, counts: true },
    parts,
  );
}

/**
 * While a platform asks to be left alone, and a little longer, so that not all come back at once.
 * The call may have been sent before, so it counts.
 */
export async function leaveAlone(
  saga: Saga,
  reason: string,
  forMs: number,
  parts: PostponeParts,
): Promise<undefined> {
  await tryLater(
    saga,
    {
      inMs: forMs + Math.random() * Math.min(forMs / 5, LONGEST_RETRY_TO_SILENT_MS),
      error: reason,
      counts: true,
    },
    parts,
  );
}

/** Before a call to a platform that has enough to do; no attempt of the saga's. */
export async function waitForRoom(
  saga: Saga,
  platformId: Saga['source'],
  inMs: number,
  parts: PostponeParts,
): Promise<undefined> {
  const error = `${platformId} is busy`;
  const now = parts.clock.now();
  // However many they are, they must not keep the database busy.
  if (now < saga.deadlineAtMs) return void (await parts.putOff(saga, now + inMs, error));
  await tryLater(saga, { inMs, error, counts: false }, parts);
  return undefined;
}

/** Past its deadline a saga is still tried, and listed. */
async function tryLater(
  saga: Saga,
  {
    inMs,
    error,
    counts,
  }: { readonly inMs: number; readonly error: string; readonly counts: boolean },
  parts: PostponeParts,
): Promise<void> {
  const now = parts.clock.now();
  const attention = now >= saga.deadlineAtMs ? `not done by its deadline; ${error}` : null;
  await list(saga, attention, parts, (db) =>
    postponeSaga(db, saga, { atMs: now + inMs, error, attention, counts }, now),
  );
}

/** When only a person can make sense of it: nothing is tried until an operator acts. */
export async function stop(saga: Saga, reason: string, parts: PostponeParts): Promise<undefined> {
  await list(saga, reason, parts, (db) => stopSaga(db, saga, reason, parts.clock.now()));
}

/**
 * Writes it, and tells when that puts the saga on the attention list; not when it was on it, or
 * when somebody else has moved it.
 */
async function list(
  saga: Saga,
  attention: string | null,
  { pool, clock, log }: PostponeParts,
  write: (db: Queryable) => Promise<boolean>,
): Promise<void> {
  if (attention === null || saga.attention !== null) return void (await write(pool));
  const fields = {
    transaction_id: formatId('txn', saga.sagaId),
    purpose: saga.purpose,
    state: saga.state,
    source_platform: saga.source,
    target_platform: saga.target,
    reason: attention.slice(0, 500),
  };
  const listed = await dbTransaction(pool, async (client) => {
    const written = await write(client);
    // What one platform hears of another's trouble is for operators to decide.
    if (written)
      await appendEvents(
        client,
        [{ type: 'transfer.attention', platformId: null, data: fields }],
        clock.now(),
      );
    return written;
  });
  if (listed) log.warn(fields, 'a transfer needs an operator');
}
