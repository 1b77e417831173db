// The points that a transaction moved first: what amounts of a dispute over it count.

import type { TransactionId } from '../../kernel/ids.ts';
import type { Asset, Ledger } from '../../ledger/ledger.ts';

export async function sourcePointsOf(
  ledger: Ledger,
  transactionId: TransactionId,
): Promise<Asset | undefined> {
  const [leg] = await ledger.findTransaction(transactionId);
  return leg === undefined ? undefined : ledger.assetById(leg.assetId);
}
