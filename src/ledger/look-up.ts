// Idempotency inside a batch: which of its tasks were posted before, and the answer to these.
// Before this: `batch.ts` has a refusal, or tries again. The comparison itself is in `replay.ts`.

import { bucketOfTransaction, type Bucket, type TransactionId } from '../kernel/ids.ts';
import type { Problem } from '../kernel/problem.ts';
import type { DedicatedClient } from '../runtime/database.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import type { BucketState } from './bucket-state.ts';
import { ledgerProblems } from './problems.ts';
import { replayOf } from './replay.ts';
import {
  isSignatureUsed,
  noteSignature,
  signaturesOf,
  type SignatureUsers,
} from './signature-use.ts';
import { findSignatures } from './store-signatures.ts';
import { findPosted, STALE } from './store.ts';
import type { Task } from './task.ts';
import type { Outcome, PostedLeg } from './types.ts';

class Stale extends Error {
  readonly code = STALE;
}

/**
 * Finds the tasks that were posted before. Throws Stale when a bucket that they concern has moved
 * on since the batch began. The receiver's bucket holds no key of the task, but a refusal may
 * depend on it.
 */
export async function lookUp(
  client: DedicatedClient,
  tasks: readonly Task[],
  stateOf: ReadonlyMap<Bucket, BucketState>,
  users: SignatureUsers,
): Promise<Map<TransactionId, PostedLeg>> {
  const byBucket = new Map<Bucket, TransactionId[]>();
  for (const task of tasks) {
    for (const bucket of task.buckets) if (!byBucket.has(bucket)) byBucket.set(bucket, []);
    byBucket.get(bucketOfTransaction(task.transactionId))?.push(task.transactionId);
  }
  const posted = new Map<TransactionId, PostedLeg>();
  await allOrFirstError([
    ...[...byBucket].map(async ([bucket, ids]) => {
      const { sequence, found } = await findPosted(client, bucket, ids);
      if (sequence !== stateOf.get(bucket)?.base.sequence)
        throw new Stale(`bucket ${bucket} moved on`);
      for (const leg of found) posted.set(leg.transactionId, leg);
    }),
    ...[...signaturesOf(tasks)].map(async ([bucket, signatures]) => {
      for (const [mark, user] of await findSignatures(client, bucket, signatures))
        users.set(mark, user);
    }),
  ]);
  return posted;
}

/**
 * Returns the transaction that was posted before. From now on the signature of the task belongs to
 * it.
 */
export function giveAgain(
  posted: PostedLeg,
  task: Task,
  stateOf: ReadonlyMap<Bucket, BucketState>,
  users: SignatureUsers,
): Outcome {
  if (isSignatureUsed(task, users)) return usedSignature();
  const outcome = replayOf(posted, task);
  if (outcome.ok) noteSignature(task, users, stateOf);
  return outcome;
}

export function refused(problem: Problem): Outcome {
  return { ok: false, problem };
}

export function usedSignature(): Outcome {
  return refused(ledgerProblems.signature_used());
}
