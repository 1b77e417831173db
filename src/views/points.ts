// An amount of an asset as a number in an answer: exact, with the asset's decimals.

import { formatAmount } from '../kernel/amount.ts';
import type { Asset } from '../ledger/ledger.ts';

/** Converts minor units to a number with the asset's decimals. */
export function toPoints(minor: bigint, asset: Asset): number {
  return formatAmount(minor, asset.scale);
}
