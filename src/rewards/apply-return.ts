// Takes off its vouchers what the ledger has given back of a redemption, once for each reversal.
// Before this: `redemptions.ts`, which has posted the reversal or found it posted, or
// `follow-ledger.ts`, which has read it in the journal. The second caller finds it done.

import type { PostedLeg } from '../ledger/ledger.ts';
import { countReturned, insertReturn, lockRedemptions } from './store.ts';
import type { Redemption, UnitChoice } from './types.ts';
import { endUnits, parseUnits } from './voucher-units.ts';
import type { Queryable } from '../runtime/database.ts';

export interface AppliedReturn {
  readonly redemption: Redemption;
  /** Units that came back in the ledger although they had been handed over. */
  readonly missing: bigint;
}

/**
 * Within the caller's dbTransaction, which locks the redemption's row. Undefined for a reversal of
 * a redeem that is no redemption of the catalogue.
 */
export async function applyReturn(
  client: Queryable,
  reversal: PostedLeg,
): Promise<AppliedReturn | undefined> {
  const redemptionId = reversal.relatedId;
  const [redemption] = redemptionId === null ? [] : await lockRedemptions(client, [redemptionId]);
  if (redemption === undefined) return undefined;
  const units = reversal.credited ?? 0n;
  if (
    !(await insertReturn(
      client,
      reversal.transactionId,
      redemption.redemptionId,
      units,
      reversal.amount,
    ))
  ) {
    return { redemption, missing: 0n };
  }
  const { vouchers, missing } = endUnits(redemption.vouchers, returnedUnits(reversal), units);
  await countReturned(client, redemption.redemptionId, vouchers, reversal.amount);
  const [counted] = await lockRedemptions(client, [redemption.redemptionId]);
  return counted === undefined ? undefined : { redemption: counted, missing };
}

/** The vouchers that a posted reversal has ended; none when its caller has chosen none. */
export function returnedUnits({ details }: PostedLeg): UnitChoice[] {
  return parseUnits(String(details?.['returned_vouchers'] ?? ''));
}
