// The events of redemptions for platforms. They contain no voucher code: anybody who knows a code
// can use it.

import { formatAmount } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import { getPoints, type Ledger } from '../ledger/ledger.ts';
import type { NewEvent } from '../events/events.ts';
import { unitsLeft } from './voucher-units.ts';
import type { Issue, Redemption } from './types.ts';

export function describeEvents(
  type: string,
  redemptions: readonly Issue[],
  ledger: Ledger,
): NewEvent[] {
  return redemptions.map(
    ({ redemptionId, platformId, rewardId, quantity, amount, expiresAtMs }) => ({
      type,
      platformId,
      data: {
        redemption_id: formatId('rdm', redemptionId),
        reward_id: rewardId,
        quantity: Number(quantity),
        amount: formatAmount(amount, getPoints(ledger, platformId).scale),
        expires_at: formatMoment(expiresAtMs),
      },
    }),
  );
}

/** A number of units of a redemption, and their cost; the last units cost all remaining points. */
export function partOf(redemption: Redemption, units: bigint): Redemption {
  const { amount, quantity, givenBack, vouchers } = redemption;
  return {
    ...redemption,
    quantity: units,
    amount: units === unitsLeft(vouchers) ? amount - givenBack : (amount * units) / quantity,
  };
}
