// Has this key posted before? Asked only when today's catalogue would refuse what it may have accepted then: a retry gets its first result.

import { deriveTransactionId, type MemberId, type PlatformId } from '../../kernel/ids.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** Whoever has posted before has history, and its rows tell the member's bucket. */
export async function wasPosted(ledger: Ledger, platformId: PlatformId, memberId: MemberId, key: string): Promise<boolean> {
  const { transactions } = await ledger.listHistory(memberId, platformId, { limit: 1 });
  const bucket = transactions[0]?.bucket;
  if (bucket === undefined) return false;
  return (await ledger.findTransaction(deriveTransactionId(bucket, platformId, memberId, key))).length > 0;
}
