// One request signature stands for one operation. X-Signature does not cover the Idempotency-Key
// header: a captured request could be sent again under another key, and be another operation.

import { bucketOfTransaction, type Bucket, type TransactionId } from '../kernel/ids.ts';
import type { BucketState } from './bucket-state.ts';
import type { Task } from './task.ts';
import type { SignatureMark } from './types.ts';

/**
 * The operation that each signature belongs to, by mark, for the signatures that a batch has looked
 * up.
 */
export type SignatureUsers = Map<string, string>;

/** The last 64 bits of an id, of which no more is kept. */
export function operationOf(transactionId: TransactionId): string {
  return transactionId.slice(19, 23) + transactionId.slice(24);
}

/** The signatures of some tasks, by the bucket in which their marks are. */
export function signaturesOf(
  tasks: readonly Task[],
): ReadonlyMap<Bucket, readonly SignatureMark[]> {
  const found = new Map<Bucket, SignatureMark[]>();
  for (const {
    command: { signature },
    transactionId,
  } of tasks) {
    if (signature === undefined) continue;
    const bucket = bucketOfTransaction(transactionId);
    const list = found.get(bucket);
    if (list === undefined) found.set(bucket, [signature]);
    else list.push(signature);
  }
  return found;
}

/** True when the task's signature belongs to another transaction. */
export function isSignatureUsed({ command, transactionId }: Task, users: SignatureUsers): boolean {
  const user = command.signature === undefined ? undefined : users.get(command.signature.mark);
  return user !== undefined && user !== operationOf(transactionId);
}

/**
 * Notes that the signature belongs to this transaction, which was posted now or before. A request
 * that is signed anew and repeated has a signature of its own, which must not be free.
 */
export function noteSignature(
  { command: { signature }, transactionId }: Task,
  users: SignatureUsers,
  stateOf: ReadonlyMap<Bucket, BucketState>,
): void {
  if (signature === undefined || users.has(signature.mark)) return;
  const operation = operationOf(transactionId);
  users.set(signature.mark, operation);
  const bucket = bucketOfTransaction(transactionId);
  const { signedAt, mark } = signature;
  stateOf.get(bucket)?.writes.signatures.push({ bucket, signedAt, mark, operation });
}
