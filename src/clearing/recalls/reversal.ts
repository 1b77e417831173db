// The ledger command that takes an agreed recall's points back. Its key is the recall's own, so it
// is posted once, whoever submits it.

import { smaller } from '../../kernel/amount.ts';
import { formatId, type Bucket, type TransactionId } from '../../kernel/ids.ts';
import type { Ledger, ReverseCommand } from '../../ledger/ledger.ts';
import type { Queryable } from '../../runtime/database.ts';
import { findMoved } from '../disputes/disputes.ts';
import { selectRecallTakenBy } from './store.ts';
import type { Recall } from './types.ts';

/** No caller can send a key with a space. */
export function reversalKey(recallId: TransactionId): string {
  return `recall ${recallId} reversal`;
}

/**
 * Undefined when nothing is left to take. The target has agreed, so its own clawback policy holds
 * for its member.
 */
export async function reversalOf(
  ledger: Ledger,
  recall: Recall,
): Promise<ReverseCommand | undefined> {
  const moved = await findMoved(ledger, recall.transactionId);
  if (moved === undefined)
    throw new Error(`recall ${recall.recallId} is about a transaction that moved nothing`);
  const amount = smaller(
    recall.amount,
    moved.amount - (await ledger.getReversed(moved.transactionId)),
  );
  if (amount === 0n) return undefined;
  return {
    kind: 'reverse',
    agreed: true,
    platformId: recall.source.platformId,
    memberId: recall.source.memberId,
    key: reversalKey(recall.recallId),
    transactionId: moved.transactionId,
    amount,
    reason: recall.reason,
    details: { reverses: moved.kind, recall: formatId('rcl', recall.recallId) },
  };
}

/** The same for the recall that a saga carries out; undefined also when there is no such recall. */
export async function reversalTakenBy(
  { pool, ledger }: { readonly pool: Queryable; readonly ledger: Ledger },
  { bucket, sagaId }: { readonly bucket: Bucket; readonly sagaId: TransactionId },
): Promise<ReverseCommand | undefined> {
  const recall = await selectRecallTakenBy(pool, bucket, sagaId);
  return recall === undefined ? undefined : reversalOf(ledger, recall);
}
