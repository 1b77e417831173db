// Freezes: points of a member that disputes have set aside. A reversal takes from them, and the
// rest is given back. Pure.

import { smaller } from '../kernel/amount.ts';
import { addDays, daysBetween, NEVER, type Day } from '../kernel/time.ts';
import { lotOf, type Wallet } from './account.ts';
import type { HoldPlan, Movement, Portion } from './plan.ts';
import type { Details, Hold } from './types.ts';
import type { BaseView } from './view.ts';

/**
 * When a freeze would end by its timer, which no other hold does: never, in a form that sorts after
 * every real moment.
 */
export const FREEZE_ENDS_MS = Date.UTC(9999, 11, 31);

export function isFreeze(hold: Hold): boolean {
  return hold.expiresAtMs === FREEZE_ENDS_MS;
}

/** The amount that a hold still sets aside. */
export function leftOf(hold: Hold): bigint {
  return hold.amount - hold.captured;
}

/** The freezes that a reversal takes from first. */
export interface Frozen {
  readonly holds: readonly Hold[];
  /** They end with it, whatever is left of them: the dispute is settled by it. */
  readonly end: boolean;
}

export const NOTHING_FROZEN: Frozen = { holds: [], end: false };

/** The amount that a reversal takes from one freeze. */
export interface Taking {
  readonly hold: Hold;
  readonly taken: bigint;
  /** The freeze ends, and what is left of it is given back. */
  readonly ends: boolean;
}

/**
 * Takes an amount from some freezes, one after another: one that has nothing left ends, the others
 * stay.
 */
export function takeInTurn(freezes: readonly Hold[], amount: bigint): Taking[] {
  let wanted = amount;
  return freezes.flatMap((hold): Taking[] => {
    const taken = smaller(leftOf(hold), wanted);
    wanted -= taken;
    return taken === 0n ? [] : [{ hold, taken, ends: taken === leftOf(hold) }];
  });
}

/** Takes an amount from the freeze of the dispute that it settles, which ends. */
export function takeAndEnd(hold: Hold, amount: bigint): Taking[] {
  return [{ hold, taken: smaller(leftOf(hold), amount), ends: true }];
}

/** The changes of the holds. */
export function holdPlansOf(takings: readonly Taking[]): HoldPlan[] {
  return takings.map(({ hold, taken, ends }) =>
    ends
      ? { change: 'resolve', hold, state: 'captured', captured: hold.captured + taken }
      : { change: 'take', hold, captured: hold.captured + taken },
  );
}

/**
 * Details by which the journal tells what was taken from which freeze. The row's own relation names
 * the transaction that it reverses.
 */
export function describeTakings(takings: readonly Taking[]): Details {
  if (takings.length === 0) return {};
  return {
    frozen_holds: takings
      .map(({ hold, taken, ends }) => `${hold.holdId}:${taken}:${ends ? 'ended' : 'kept'}`)
      .join(),
  };
}

/** For how many days of the network's calendar a hold has been a freeze. */
function daysOf(hold: Hold, view: BaseView): number {
  const { calendar } = view.rulebook;
  return hold.frozenAtMs === null ? 0 : daysBetween(calendar.dayOf(hold.frozenAtMs), view.today);
}

/**
 * Points that come out of a freeze have the days before them that they had when they were frozen:
 * they move to lots that end as many days later as they were frozen. Days of the network's
 * calendar; points that never end stay where they are.
 */
export function lengthen(
  hold: Hold,
  given: readonly Portion[],
  wallet: Wallet,
  view: BaseView,
): Movement[] {
  const days = daysOf(hold, view);
  if (days <= 0) return [];
  return given
    .filter(({ lot }) => lot.expiresOn !== NEVER)
    .flatMap(({ lot, amount }): Movement[] => [
      { account: lot, amount: -amount, layer: 'p' },
      { account: lotOf(wallet, addDays(lot.expiresOn, days)), amount, layer: 'p' },
    ]);
}

/** The frozen part of an amount that the receiver gives back. */
export interface FrozenOf {
  readonly takings: readonly Taking[];
  readonly of: bigint;
}

export const NO_FREEZE: FrozenOf = { takings: [], of: 0n };

export interface Restored {
  readonly expiresOn: Day;
  readonly amount: bigint;
}

/**
 * Gives the sender back the days that points were frozen: the frozen part of what is restored has
 * not lost them. Earliest last day first, as points are frozen.
 */
export function withFrozenDays(
  restored: readonly Restored[],
  { takings, of }: FrozenOf,
  view: BaseView,
): Restored[] {
  const whole = restored.reduce((sum, { amount }) => sum + amount, 0n);
  const days = takings.reduce((most, { hold }) => Math.max(most, daysOf(hold, view)), 0);
  if (days === 0 || of === 0n) return [...restored];
  let left = (whole * takings.reduce((sum, { taken }) => sum + taken, 0n)) / of;
  return restored
    .toReversed()
    .flatMap(({ expiresOn, amount }): Restored[] => {
      const frozen = expiresOn === NEVER ? 0n : smaller(amount, left);
      left -= smaller(amount, left);
      return [
        { expiresOn, amount: amount - frozen },
        { expiresOn: addDays(expiresOn, days), amount: frozen },
      ].filter((one) => one.amount > 0n);
    })
    .toReversed();
}
