// A redemption as its platform sees it.

import { type Static, Type } from 'typebox';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import type { Asset } from '../ledger/ledger.ts';
import {
  REDEMPTION_STATES,
  sumOf,
  unitsLeft,
  type Redemption,
  type Rewards,
} from '../rewards/rewards.ts';
import { toPoints } from './points.ts';

const fields = {
  redemption_id: Type.String(),
  transaction_id: Type.String(),
  reward_id: Type.String(),
  quantity: Type.Integer({
    description: 'Units that were not given back: those that can be used and those that were.',
  }),
  amount: Type.Number({ description: 'Points that were paid and not given back.' }),
  usable_quantity: Type.Integer({
    description:
      'Units that can be used; of a redemption that is expired, units that ended unused.',
  }),
  fulfilled_quantity: Type.Integer({ description: 'Units that were handed over.' }),
  returned_quantity: Type.Integer({ description: 'Units that were given back.' }),
  returned_amount: Type.Number({ description: 'Points that were given back.' }),
  state: Type.Enum([...REDEMPTION_STATES], {
    description:
      'issued: vouchers of it can be used; fulfilled: all that were not given back are used; ' +
      'cancelling: a reversal is under way; cancelled: points and units were given back; ' +
      'expired: unused in time, points are not given back.',
  }),
  issued_at: Type.String({ description: 'RFC 3339.' }),
  expires_at: Type.Union([Type.String(), Type.Null()], {
    description: 'RFC 3339; can be used until just before then, for ever when null.',
  }),
  changed_at: Type.String({ description: 'RFC 3339; when it came into this state.' }),
};

/** A redemption with its voucher codes. */
export const RedemptionView = Type.Object({
  ...fields,
  vouchers: Type.Array(Type.String(), {
    description:
      'Codes of units that were not given back: one for each unit, or a single one for more ' +
      'than 100 units.',
  }),
  returned_vouchers: Type.Array(Type.String(), {
    description: 'Codes that ended because their units were given back.',
  }),
});

/** One voucher code, with its redemption. */
export const VoucherView = Type.Object({
  code: Type.String(),
  unit: Type.Integer({
    description: 'Which unit of the redemption, from 1; 0 for a code that stands for all of it.',
  }),
  usable: Type.Integer({
    description: 'Units for which this code can still be used; 0 unless it is issued.',
  }),
  ...fields,
  state: Type.Enum([...REDEMPTION_STATES], {
    description:
      'Of this code: issued while a unit of it can be used; fulfilled or cancelled when its ' +
      'units were used or given back, even if others of its redemption are not.',
  }),
});

type View = Static<typeof RedemptionView>;

/** Without its codes. */
export function describeRedemption(
  redemption: Redemption,
  points: Asset,
): Omit<View, 'vouchers' | 'returned_vouchers'> {
  const {
    redemptionId,
    rewardId,
    amount,
    givenBack,
    vouchers,
    state,
    issuedAtMs,
    expiresAtMs,
    changedAtMs,
  } = redemption;
  const left = unitsLeft(vouchers);
  return {
    redemption_id: formatId('rdm', redemptionId),
    transaction_id: formatId('txn', redemptionId),
    reward_id: rewardId,
    quantity: Number(left),
    amount: toPoints(amount - givenBack, points),
    usable_quantity: Number(sumOf(vouchers, 'usable')),
    fulfilled_quantity: Number(sumOf(vouchers, 'fulfilled')),
    returned_quantity: Number(redemption.quantity - left),
    returned_amount: toPoints(givenBack, points),
    state,
    issued_at: formatMoment(issuedAtMs),
    expires_at: formatMoment(expiresAtMs),
    changed_at: formatMoment(changedAtMs),
  };
}

/** Shows a redemption with its voucher codes. */
export function describeWithCodes(redemption: Redemption, points: Asset, rewards: Rewards): View {
  const { kept, returned } = rewards.codesOf(redemption);
  return {
    ...describeRedemption(redemption, points),
    vouchers: [...kept],
    returned_vouchers: [...returned],
  };
}

/** As operators see it: without the codes, because a person who knows a code can use it. */
export function describeRedemptionForOperator(redemption: Redemption, points: Asset) {
  return { ...describeRedemption(redemption, points), member_id: redemption.memberId };
}
