// Finds the asset that amounts of a dispute count: the points that the transaction moved first.

import type { TransactionId } from '../../kernel/ids.ts';
import type { Asset, Ledger } from '../../ledger/ledger.ts';

/** The asset; undefined if there is no such transaction. */
export async function sourcePointsOf(
  ledger: Ledger,
  transactionId: TransactionId,
): Promise<Asset | undefined> {
  const [leg] = await ledger.findTransaction(transactionId);
  return leg === undefined ? undefined : ledger.assetById(leg.assetId);
}
