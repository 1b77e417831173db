// The id of the transaction that settles a dispute, known before it is posted. So it is posted
// once, and is told apart from other reversals of the transaction.

import { bucketOf, deriveTransactionId, type TransactionId } from '../../kernel/ids.ts';
import type { Dispute } from './types.ts';

/**
 * No caller can send a key with a space. A reversal and an adjustment have the same key, so only
 * one of the two can ever be posted.
 */
export function resolutionKey(disputeId: TransactionId): string {
  return `dispute ${disputeId} resolution`;
}

export function resolutionIdOf({ source, disputeId }: Dispute, bucketCount: number): TransactionId {
  return deriveTransactionId(
    bucketOf(source.memberId, bucketCount),
    source.platformId,
    source.memberId,
    resolutionKey(disputeId),
  );
}
