// Adjust: an operator's correction of a member's points, against the platform's adjustment account;
// another platform may pay for it. Pure.

import { lastDayOf } from '../../valuation/valuation.ts';
import { availableOf } from '../account.ts';
import { shortOf } from '../convert.ts';
import { insufficient } from './transfer.ts';
import {
  balanceLimit,
  credit,
  debit,
  move,
  portionsToSpend,
  post,
  refusal,
  type Decision,
  type Movement,
} from '../plan.ts';
import type { AdjustCommand } from '../types.ts';
import { systemWallet, type View } from '../view.ts';

/**
 * adjustment −x, member +x; with a negative amount the other way round, from what is available.
 * With a compensation also position(who pays) −v, position(platform) +v.
 */
export function decideAdjust(command: AdjustCommand, view: View): Decision {
  const { memberId, amount } = command;
  const points = view.points(command.platformId);
  const bucket = view.bucketOf(memberId);
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const system = systemWallet(view, bucket, points);
  const details = { ...command.details, reason: command.reason };
  const leg = { kind: 'adjust' as const, memberId, wallet, amount, details };
  const paid = compensationOf(command, view);
  if ('type' in paid) return paid;
  if (amount >= 0n) {
    const tooMuch = balanceLimit(wallet, amount, view.today);
    if (tooMuch !== undefined) return refusal(tooMuch);
    const expiresOn = lastDayOf(view.rulebook, command.platformId, view.today);
    return post({
      legs: [
        {
          ...leg,
          movements: [
            ...(amount === 0n
              ? []
              : [move(system, 'adjustment', -amount), ...credit(wallet, [{ expiresOn, amount }])]),
            ...paid,
          ],
        },
      ],
    });
  }
  const portions = portionsToSpend(wallet, -amount, view.today);
  if (portions === undefined)
    return refusal(insufficient(availableOf(wallet, view.today), -amount, points));
  return post({
    legs: [
      { ...leg, movements: [...debit(portions), move(system, 'adjustment', -amount), ...paid] },
    ],
  });
}

function compensationOf(
  { memberId, platformId, compensation }: AdjustCommand,
  view: View,
): readonly Movement[] | Decision {
  if (compensation === undefined || compensation.value === 0n) return [];
  const bucket = view.bucketOf(memberId);
  const { paidBy, value } = compensation;
  const paying = move(
    systemWallet(view, bucket, view.points(paidBy), view.settlement.assetId),
    'position',
    -value,
  );
  const short = shortOf(paying.account, value);
  if (short !== undefined) return short;
  return [
    paying,
    move(
      systemWallet(view, bucket, view.points(platformId), view.settlement.assetId),
      'position',
      value,
    ),
  ];
}
