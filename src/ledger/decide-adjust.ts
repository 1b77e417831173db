// Adjust: an operator's correction of a member's points, against the platform's adjustment account. Pure.

import { lastDayOf } from '../valuation/valuation.ts';
import { availableOf } from './account.ts';
import { insufficient } from './decide-transfer.ts';
import { balanceLimit, credit, debit, move, portionsToSpend, post, refusal, type Decision } from './plan.ts';
import type { AdjustCommand } from './types.ts';
import { systemWallet, type View } from './view.ts';

/** adjustment −x, member +x; with a negative amount the other way round, from what is available. */
export function decideAdjust(command: AdjustCommand, view: View): Decision {
  const { memberId, amount } = command;
  const points = view.points(command.platformId);
  const bucket = view.bucketOf(memberId);
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const system = systemWallet(view, bucket, points);
  const details = { ...command.details, reason: command.reason };
  const leg = { kind: 'adjust' as const, memberId, wallet, amount, details };
  if (amount > 0n) {
    const tooMuch = balanceLimit(wallet, amount, view.today);
    if (tooMuch !== undefined) return refusal(tooMuch);
    const expiresOn = lastDayOf(view.rulebook, command.platformId, view.today);
    return post({ legs: [{ ...leg, movements: [move(system, 'adjustment', -amount), ...credit(wallet, [{ expiresOn, amount }])] }] });
  }
  const portions = portionsToSpend(wallet, -amount, view.today);
  if (portions === undefined) return refusal(insufficient(availableOf(wallet, view.today), -amount, points));
  return post({ legs: [{ ...leg, movements: [...debit(portions), move(system, 'adjustment', -amount)] }] });
}
