// The two ends of a batch: locking its buckets where that is needed, and writing all of them in one
// commit. Before this: `batch.ts`, or `quota.ts` for a cap. After this: `poster.ts` answers.

import type { DedicatedClient } from '../runtime/database.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import type { BucketState } from './bucket-state.ts';
import { lockBucket, writeBucket, type RowTypes } from './store.ts';

/**
 * Starts a batch: locks the buckets where the process cannot trust what it knows. Returns whether a
 * dbTransaction is open.
 */
export async function openBatch(
  client: DedicatedClient,
  states: readonly BucketState[],
  lock: boolean,
): Promise<boolean> {
  const locking = lock || states.some((state) => state.known === undefined || state.contended > 0);
  if (locking) {
    const begun = client.query('begin');
    const locks = states.map(async (state) => {
      const locked = await lockBucket(client, state.bucket);
      if (state.known?.sequence !== locked.sequence) state.forget();
      state.known = locked;
    });
    await allOrFirstError<unknown>([begun, ...locks]);
  }
  for (const state of states) state.begin();
  return locking;
}

/** Writes what was decided and commits it. */
export async function closeBatch(
  client: DedicatedClient,
  states: readonly BucketState[],
  types: RowTypes,
  open: boolean,
  also: readonly (() => Promise<unknown>)[] = [],
): Promise<void> {
  const written = states.filter(
    (state) =>
      state.writes.rows.length > 0 ||
      state.writes.quotes.length > 0 ||
      state.writes.signatures.length > 0,
  );
  const [only] = written;
  if (!open && written.length === 1 && also.length === 0 && only !== undefined) {
    await writeBucket(client, only, types);
  } else if (open || written.length > 0 || also.length > 0) {
    const answers = await allOrFirstError<unknown>([
      ...(open ? [] : [client.query('begin')]),
      ...written.map((state) => writeBucket(client, state, types)),
      ...also.map((statement) => statement()),
      client.query('commit'),
    ]);
    const { command } = answers.at(-1) as { command: string };
    if (command !== 'COMMIT') throw new Error(`COMMIT was answered by ${command}`);
  }
  for (const state of written) for (const account of state.writes.accounts) account.stored = true;
}
