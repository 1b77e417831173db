// Taking points back from a member who may have spent them: what the platform's clawback policy
// makes of it. Pure.

import type { Wallet } from '../account.ts';
import {
  debit,
  move,
  portionsUpTo,
  post,
  refusal,
  sumOf,
  type Decision,
  type Movement,
} from '../plan.ts';
import { ledgerProblems } from '../problems.ts';
import type { Clawback, ClawbackCommand } from '../types.ts';
import { systemWallet, type View } from '../view.ts';

/** member −x, issued +x, at the level of the member: for refunds that name no single earn. */
export function decideClawback(command: ClawbackCommand, view: View): Decision {
  const { memberId, amount } = command;
  const points = view.points(command.platformId);
  const bucket = view.bucketOf(memberId);
  const wallet = view.wallet(bucket, memberId, points.assetId);
  const system = systemWallet(view, bucket, points);
  const taken = takeBack(wallet, system, amount, command.clawback ?? points.clawback, view);
  if (taken === undefined) return refusal(ledgerProblems.clawback_refused());
  return post({
    legs: [
      {
        kind: 'clawback',
        memberId,
        wallet,
        amount,
        occurredAtMs: command.occurredAtMs,
        details: command.details,
        movements: [...taken, move(system, 'issued', amount)],
      },
    ],
  });
}

/**
 * Movements that take `amount` from a member's lots by expiry; a shortfall goes as the policy says.
 * Undefined is a refusal.
 */
function takeBack(
  wallet: Wallet,
  system: Wallet,
  amount: bigint,
  policy: Clawback,
  view: View,
): Movement[] | undefined {
  const portions = portionsUpTo(wallet, amount, view.today);
  const shortfall = shortfallMovements(wallet, system, amount - sumOf(portions), policy);
  return shortfall === undefined ? undefined : [...debit(portions), ...shortfall];
}

/**
 * What a member cannot give back becomes its debt, the platform's cost, or undefined (a refusal),
 * as the policy says.
 */
export function shortfallMovements(
  wallet: Wallet,
  system: Wallet,
  shortfall: bigint,
  policy: Clawback,
): Movement[] | undefined {
  if (shortfall === 0n) return [];
  switch (policy) {
    case 'debt':
      return [move(wallet, 'debt', -shortfall)];
    case 'available':
      return [move(system, 'clawback', -shortfall)];
    case 'refuse':
      return undefined;
  }
}
