// Expire: what is left in lots past their last day goes to the platform's expired account. Held
// points stay held. Pure.

import { headroom } from '../account.ts';
import { debit, move, post, refusal, sumOf, type Decision } from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import type { ExpireCommand } from '../types.ts';
import { systemWallet, type View } from '../view.ts';

/** member's lots −x, expired +x. */
export function decideExpire(command: ExpireCommand, view: View): Decision {
  const points = view.points(command.platformId);
  const bucket = view.bucketOf(command.memberId);
  const wallet = view.wallet(bucket, command.memberId, points.assetId);
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
        movements: [
          ...debit(portions),
          move(systemWallet(view, bucket, points), 'expired', amount),
        ],
      },
    ],
  });
}
