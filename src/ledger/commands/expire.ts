// Expire: the points left in lots past their last day go to the platform's expired account. Held
// points stay held. Pure. Row of `commands.ts`.

import type { Day } from '../../kernel/time.ts';
import { headroom } from '../account.ts';
import { debit, move, post, refusal, sumOf } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import { NO_READS, systemWallet } from '../view.ts';
import type { CommandBase, LedgerCommand, MemberWallets } from './command.ts';

/**
 * Moves what is available in lots whose last day is before `day` to the platform's expired account.
 */
export interface ExpireCommand extends CommandBase {
  readonly kind: 'expire';
  readonly day: Day;
}

/** member's lots −x, expired +x. */
export const expire: LedgerCommand<ExpireCommand, MemberWallets> = {
  hostedOnly: () => true,
  states: ({ day }) => [day],
  reads: () => NO_READS,
  wallets: ({ memberId, platformId }, view) => {
    const points = view.points(platformId);
    const bucket = view.bucketOf(memberId);
    return {
      wallet: view.wallet(bucket, memberId, points.assetId),
      system: systemWallet(view, bucket, points),
    };
  },
  decide: (command, { wallet, system }, view) => {
    const day = command.day < view.today ? command.day : view.today;
    const portions = wallet.lots
      .filter((lot) => lot.expiresOn < day && headroom(lot) > 0n)
      .map((lot) => ({ lot, amount: headroom(lot) }));
    const amount = sumOf(portions);
    if (amount === 0n) return refusal(ledgerProblems.insufficient_balance('Nothing has expired.'));
    return post({
      legs: [
        {
          kind: 'expire',
          memberId: command.memberId,
          wallet,
          amount,
          movements: [...debit(portions), move(system, 'expired', amount)],
        },
      ],
    });
  },
};
