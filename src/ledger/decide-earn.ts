// Earn: a platform issues points to a member. Pure.

import { addDays, NEVER } from '../kernel/time.ts';
import { balanceLimit, credit, move, post, refusal, type Decision } from './plan.ts';
import { ledgerProblems } from './problems.ts';
import type { EarnCommand } from './types.ts';
import { systemWallet, type View } from './view.ts';

/** issued −x, member +x; what the member owes is repaid first. */
export function decideEarn(command: EarnCommand, view: View): Decision {
  const { memberId, amount } = command;
  const points = view.points(command.platformId);
  const expiresOn = command.expiresOn ?? (points.lifetimeDays === null ? NEVER : addDays(view.today, points.lifetimeDays));
  if (expiresOn < view.today) return refusal(ledgerProblems.invalid_expiry(`The points would have expired on ${expiresOn}.`, { field: 'expires_on' }));
  const bucket = view.bucketOf(memberId);
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const tooMuch = balanceLimit(wallet, amount, view.today);
  if (tooMuch !== undefined) return refusal(tooMuch);
  return post({
    legs: [{
      kind: 'earn', memberId, wallet, amount, occurredAtMs: command.occurredAtMs, details: command.details,
      movements: [move(systemWallet(view, bucket, points), 'issued', -amount), ...credit(wallet, [{ expiresOn, amount }])],
    }],
  });
}
