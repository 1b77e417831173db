// A redemption as its platform sees it.

import { type Static, Type } from 'typebox';
import { formatId } from '../../kernel/ids.ts';
import type { Asset } from '../../ledger/ledger.ts';
import { REDEMPTION_STATES, type Redemption } from '../../rewards/rewards.ts';
import { toPoints } from '../amounts.ts';
import { Points } from '../schemas.ts';

const fields = {
  redemption_id: Type.String(),
  transaction_id: Type.String(),
  reward_id: Type.String(),
  quantity: Type.Integer({ description: 'Units.' }),
  amount: Points,
  state: Type.Enum([...REDEMPTION_STATES], {
    description: 'issued: its vouchers can be used; fulfilled: they were; cancelling: a reversal is under way; cancelled: points and units were given back; expired: unused in time, points are not given back.',
  }),
  issued_at: Type.String({ description: 'RFC 3339.' }),
  expires_at: Type.Union([Type.String(), Type.Null()], { description: 'RFC 3339; can be used until just before then, for ever when null.' }),
  changed_at: Type.String({ description: 'RFC 3339; when it came into this state.' }),
};

export const RedemptionView = Type.Object({
  ...fields,
  vouchers: Type.Array(Type.String(), { description: 'Codes: one for each unit, or a single one for more than 100 units.' }),
});

export const VoucherView = Type.Object({
  code: Type.String(),
  unit: Type.Integer({ description: 'Which unit of the redemption, from 1; 0 for a code that stands for all of it.' }),
  ...fields,
});

type View = Static<typeof RedemptionView>;

export function describeRedemption(redemption: Redemption, points: Asset): Omit<View, 'vouchers'> {
  const { redemptionId, rewardId, quantity, amount, state, issuedAtMs, expiresAtMs, changedAtMs } = redemption;
  return {
    redemption_id: formatId('rdm', redemptionId),
    transaction_id: formatId('txn', redemptionId),
    reward_id: rewardId,
    quantity: Number(quantity),
    amount: toPoints(amount, points),
    state,
    issued_at: new Date(issuedAtMs).toISOString(),
    expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    changed_at: new Date(changedAtMs).toISOString(),
  };
}
