// What a dispute is settled by, known before it is posted: so it is posted once, and told from
// whatever else reverses the transaction.

import { bucketOf, deriveTransactionId, type TransactionId } from '../../kernel/ids.ts';
import type { Dispute } from './types.ts';

/**
 * No caller can name a key with a space. A reversal and an adjustment have the same key: of the
 * two, only one can ever be posted.
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
