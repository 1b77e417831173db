// Redeem: a member spends points on units of a reward. Pure.

import { evaluateOperation, evaluateRedemption } from '../../valuation/valuation.ts';
import { availableOf, headroom } from '../account.ts';
import { drawAllowances, factsOf, isDrawn } from '../limits.ts';
import { insufficient } from './transfer.ts';
import { debit, move, portionsToSpend, post, refusal, type Decision } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import type { RedeemCommand } from '../types.ts';
import { systemWallet, type View } from '../view.ts';

/**
 * member −x, redeemed +x; stock −q, delivered +q, where the stock's floor is what the platform has
 * put up.
 */
export function decideRedeem(command: RedeemCommand, view: View): Decision {
  const { memberId, amount, quantity } = command;
  const points = view.points(command.platformId);
  const bucket = view.bucketOf(memberId);
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const portions = portionsToSpend(wallet, amount, view.today);
  if (portions === undefined)
    return refusal(insufficient(availableOf(wallet, view.today), amount, points));
  const facts = factsOf(command, 'redeem', amount, view);
  // The balance is judged before the reward, as in the source requirement (3.1).
  const verdict =
    command.rewardId === undefined
      ? evaluateOperation(view.rulebook, facts, view.scales)
      : evaluateRedemption(view.rulebook, facts, quantity, view.scales);
  if (verdict.type === 'refuse') return refusal(verdict.problem);
  const drawn = drawAllowances(verdict.limits, bucket, view);
  if (!isDrawn(drawn)) return drawn;
  const reward = systemWallet(view, bucket, points, command.rewardAssetId);
  const taken = move(reward, 'stock', -quantity);
  if (headroom(taken.account) < quantity) {
    return {
      type: 'short',
      shortage: {
        account: taken.account,
        need: quantity,
        otherwise: ledgerProblems.reward_not_available('There is not enough stock.'),
      },
    };
  }
  return post({
    rulebookVersion: view.rulebook.version,
    legs: [
      {
        kind: 'redeem',
        memberId,
        wallet,
        amount,
        credited: quantity,
        targetAssetId: command.rewardAssetId,
        details: command.details,
        movements: [
          ...debit(portions),
          move(systemWallet(view, bucket, points), 'redeemed', amount),
          taken,
          move(reward, 'delivered', quantity),
          ...drawn,
        ],
      },
    ],
  });
}
