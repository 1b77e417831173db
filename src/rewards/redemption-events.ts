// What platforms are told of their redemptions. No voucher code is in it: whoever knows a code can use it.

import { formatAmount } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { NewEvent } from '../runtime/feed.ts';
import type { Issue } from './types.ts';

export function describeEvents(type: string, redemptions: readonly Issue[], ledger: Ledger): NewEvent[] {
  return redemptions.map(({ redemptionId, platformId, rewardId, quantity, amount, expiresAtMs }) => ({
    type, platformId,
    data: {
      redemption_id: formatId('rdm', redemptionId), reward_id: rewardId, quantity: Number(quantity),
      amount: formatAmount(amount, ledger.pointsOf(platformId)?.scale ?? 0), expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    },
  }));
}
