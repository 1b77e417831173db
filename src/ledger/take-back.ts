// Taking points back from a member who may have spent them: the platform's clawback policy decides
// about a shortfall. Pure.

import type { Day } from '../kernel/time.ts';
import type { Wallet } from './account.ts';
import { debit, move, portionsUpTo, sumOf, type Movement } from './plan.ts';
import type { Clawback } from './types.ts';

/**
 * Movements that take `amount` from a member's lots by expiry; a shortfall goes as the policy says.
 * Undefined is a refusal.
 */
export function takeBack(
  wallet: Wallet,
  system: Wallet,
  amount: bigint,
  policy: Clawback,
  today: Day,
): Movement[] | undefined {
  const portions = portionsUpTo(wallet, amount, today);
  const shortfall = shortfallMovements(wallet, system, amount - sumOf(portions), policy);
  return shortfall === undefined ? undefined : [...debit(portions), ...shortfall];
}

/**
 * The shortfall of a member becomes its debt, the platform's cost, or undefined (a refusal), by the
 * policy.
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
