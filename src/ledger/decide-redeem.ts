// Redeem: a member spends points on units of a reward. Pure.

import { availableOf, headroom } from './account.ts';
import { insufficient } from './decide-transfer.ts';
import { debit, move, portionsToSpend, post, refusal, type Decision } from './plan.ts';
import { ledgerProblems } from './problems.ts';
import type { RedeemCommand } from './types.ts';
import { systemWallet, type View } from './view.ts';

/** member −x, redeemed +x; stock −q, delivered +q, where the stock's floor is what the platform has put up. */
export function decideRedeem(command: RedeemCommand, view: View): Decision {
  const { memberId, amount, quantity } = command;
  const points = view.points(command.platformId);
  const bucket = view.bucketOf(memberId);
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const portions = portionsToSpend(wallet, amount, view.today);
  if (portions === undefined) return refusal(insufficient(availableOf(wallet, view.today), amount, points));
  const reward = systemWallet(view, bucket, points, command.rewardAssetId);
  const taken = move(reward, 'stock', -quantity);
  if (headroom(taken.account) < quantity) {
    return { type: 'short', shortage: { account: taken.account, need: quantity, otherwise: ledgerProblems.reward_not_available('There is not enough stock.') } };
  }
  return post({
    legs: [{
      kind: 'redeem', memberId, wallet, amount, credited: quantity, targetAssetId: command.rewardAssetId, details: command.details,
      movements: [...debit(portions), move(systemWallet(view, bucket, points), 'redeemed', amount), taken, move(reward, 'delivered', quantity)],
    }],
  });
}
