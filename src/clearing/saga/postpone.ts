// Puts a saga off that cannot advance now: it waits for its next attempt, or for an operator. Each
// saga that newly needs an operator is reported once.

import { formatId } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/time.ts';
import { dbTransaction, type Pool, type Queryable } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import type { Log } from '../../runtime/log.ts';
import { postponeSaga, stopSaga } from './store.ts';
import type { Saga } from './types.ts';

export interface PostponeParts {
  /** Puts a saga off that has made no call, together with others. */
  putOff(saga: Saga, atMs: number, error: string): Promise<boolean>;
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
}

const FIRST_RETRY_MS = 100;
/** For a platform that answers other calls: the fault is over soon. */
const LONGEST_RETRY_MS = 1_000;
/** For a platform that answers no calls. */
export const LONGEST_RETRY_TO_SILENT_MS = 30_000;
/** Once an operator has been asked for. */
const RETRY_AFTER_DEADLINE_MS = 60_000;

/** After a call whose outcome is unknown. */
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
  // Half of the wait is random, so that sagas that failed together do not return together.
  await tryLater(
    saga,
    { inMs: wait * (0.5 + Math.random() / 2), error: reason, counts: true },
    parts,
  );
}

/**
 * The platform asks for a pause; waits a little longer, so that not all sagas return at once. The
 * call may have been sent, so it counts as an attempt.
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

/** Before a call to a platform that has enough to do; does not count as an attempt. */
export async function waitForRoom(
  saga: Saga,
  platformId: Saga['source'],
  inMs: number,
  parts: PostponeParts,
): Promise<undefined> {
  const error = `${platformId} is busy`;
  const now = parts.clock.now();
  // However many wait, they must not keep the database busy.
  if (now < saga.deadlineAtMs) return void (await parts.putOff(saga, now + inMs, error));
  await tryLater(saga, { inMs, error, counts: false }, parts);
  return undefined;
}

/** Past its deadline a saga is still tried, and is on the attention list. */
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

/** For what only a person can judge: nothing is tried until an operator acts. */
export async function stop(saga: Saga, reason: string, parts: PostponeParts): Promise<undefined> {
  await list(saga, reason, parts, (db) => stopSaga(db, saga, reason, parts.clock.now()));
}

/**
 * Writes it, and reports when that puts the saga on the attention list; not when it was there
 * already, or when another worker has moved it.
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
    // Operators decide what one platform learns about another's trouble.
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
