// What points buy: the catalogue in force, and what is left of each reward. Prices and terms are the rulebook's, stock is an account of the
// ledger; this module only puts them together.
// The only file of this module that others import.

import { platformOwnerId, type PlatformId } from '../kernel/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { listRewards, type Reward, type Valuation } from '../valuation/valuation.ts';

export type { Reward } from '../valuation/valuation.ts';

export interface Rewards {
  /** Active rewards of a platform, cheapest first; from memory. */
  list(platformId: PlatformId): readonly Reward[];
  /** Units left. */
  countAvailable(reward: Reward): Promise<bigint>;
}

export function createRewards({ ledger, valuation }: { readonly ledger: Ledger; readonly valuation: Valuation }): Rewards {
  const scales = { points: (platformId: PlatformId) => ledger.pointsOf(platformId)?.scale ?? 0 };
  return {
    list: (platformId) => listRewards(valuation.rulebook(), platformId, scales).filter(({ active }) => active),
    async countAvailable(reward) {
      const cap = await ledger.findCap(platformOwnerId(reward.platformId), reward.assetId, 'stock');
      return cap === undefined || cap.used > cap.amount ? 0n : cap.amount - cap.used;
    },
  };
}
