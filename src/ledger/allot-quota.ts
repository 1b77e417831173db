// Quota of a cap over its stripes: one bound for the whole network, kept strictly although each
// bucket has its own account. A stripe's floor is its quota; all floors together are the cap, so no
// stripe can breach it alone or together. Pure.

import { assert } from '../kernel/assert.ts';
import { headroom, postedBalance, type Account } from './account.ts';

/** The balance of a stripe, less its pending debits. */
function balanceOf(stripe: Account): bigint {
  return postedBalance(stripe) - stripe.debitsPending;
}

/** The cap that the stripes keep together. */
export function capOf(stripes: readonly Account[]): bigint {
  return -stripes.reduce((sum, stripe) => sum + (stripe.floor ?? 0n), 0n);
}

/** How much has left the stripes, pending debits included. */
export function usedOf(stripes: readonly Account[]): bigint {
  return -stripes.reduce((sum, stripe) => sum + balanceOf(stripe), 0n);
}

/** How much may still leave the stripes together under their present floors. */
export function headroomOf(stripes: readonly Account[]): bigint {
  return stripes.reduce((sum, stripe) => sum + headroom(stripe), 0n);
}

/**
 * New floors, one for each stripe, that add up to −`cap` and leave `needy` room for `need`; what is
 * left is shared evenly. Undefined when the stripes together have no room for it.
 */
export function allotQuota(
  stripes: readonly Account[],
  cap: bigint,
  needy?: Account,
  need = 0n,
): bigint[] | undefined {
  const room = stripes.reduce((sum, stripe) => sum + balanceOf(stripe), 0n) + cap;
  if (room < need) return undefined;
  const share = (room - need) / BigInt(stripes.length);
  const remainder = room - need - share * BigInt(stripes.length);
  const first = needy ?? stripes[0];
  const floors = stripes.map(
    (stripe) => balanceOf(stripe) - share - (stripe === first ? need + remainder : 0n),
  );
  assert(-floors.reduce((sum, floor) => sum + floor, 0n) === cap, 'the quotas add up to the cap');
  return floors;
}
