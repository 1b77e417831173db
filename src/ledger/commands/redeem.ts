// Redeem: a member spends points on units of a reward. Pure. Row of `commands.ts`.

import {
  evaluateOperation,
  evaluateRedemption,
  type EvaluateOptions,
  type Verdict,
} from '../../valuation/valuation.ts';
import { availableOf, headroom, type Wallet } from '../account.ts';
import { drawAllowances, factsOf, isDrawn, limitWallets, type LimitWallets } from '../limits.ts';
import { debit, insufficient, move, portionsToSpend, post, refusal } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import { NO_READS, systemWallet, type BaseView } from '../view.ts';
import type { CommandBase, LedgerCommand, MemberWallets } from './command.ts';

export interface RedeemCommand extends CommandBase {
  readonly kind: 'redeem';
  readonly amount: bigint;
  /** The asset whose units are the reward. */
  readonly rewardAssetId: number;
  /** Units, 1..1,000,000. */
  readonly quantity: bigint;
  /**
   * Its name in the catalogue: then the catalogue's price, window, eligibility and limit are kept.
   */
  readonly rewardId?: string | undefined;
}

interface RedeemWallets extends MemberWallets {
  readonly reward: Wallet;
  readonly verdict: Verdict;
  readonly limits: readonly LimitWallets[];
}

/**
 * member −x, redeemed +x; stock −q, delivered +q, where the stock's floor is what the platform has
 * put up.
 */
export const redeem: LedgerCommand<RedeemCommand, RedeemWallets> = {
  hostedOnly: () => true,
  states: ({ amount, rewardAssetId, quantity }) => [
    String(amount),
    rewardAssetId,
    String(quantity),
  ],
  differs: ({ rewardAssetId, quantity }, posted) => {
    if (rewardAssetId !== posted.targetAssetId) return 'reward_id';
    return quantity === posted.credited ? undefined : 'quantity';
  },
  reads: () => NO_READS,
  wallets: (command, view) => {
    const { memberId, platformId, rewardAssetId } = command;
    const points = view.points(platformId);
    const bucket = view.bucketOf(memberId);
    const verdict = judgeRedemption(command, view);
    return {
      wallet: view.wallet(bucket, memberId, points.assetId),
      system: systemWallet(view, bucket, points),
      reward: systemWallet(view, bucket, points, rewardAssetId),
      verdict,
      limits: limitWallets(verdict, bucket, view),
    };
  },
  decide: (command, { wallet, system, reward, verdict, limits }, view) => {
    const { memberId, amount, quantity } = command;
    const portions = portionsToSpend(wallet, amount, view.today);
    if (portions === undefined) {
      const points = view.points(command.platformId);
      return refusal(insufficient(availableOf(wallet, view.today), amount, points));
    }
    // The balance is judged before the reward, as in the source requirement (3.1).
    if (verdict.type === 'refuse') return refusal(verdict.problem);
    const drawn = drawAllowances(limits);
    if (!isDrawn(drawn)) return drawn;
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
            move(system, 'redeemed', amount),
            taken,
            move(reward, 'delivered', quantity),
            ...drawn,
          ],
        },
      ],
    });
  },
};

/**
 * The verdict of the rules on a redemption, and of the reward where it comes from the catalogue.
 */
export function judgeRedemption(
  command: RedeemCommand,
  view: BaseView,
  options?: EvaluateOptions,
): Verdict {
  const { rulebook, scales } = view;
  const facts = factsOf(command, 'redeem', command.amount, view);
  return command.rewardId === undefined
    ? evaluateOperation(rulebook, facts, scales, options)
    : evaluateRedemption(rulebook, facts, command.quantity, scales, options);
}
