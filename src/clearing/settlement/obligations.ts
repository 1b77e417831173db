// What each participant is to be paid or to pay for a window: its net without what is disputed,
// pair by pair where pairs are settled gross. Pure.

import { assert } from '../../kernel/assert.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import {
  NET,
  NETWORK,
  type Basis,
  type CarriedOver,
  type CarveOut,
  type Net,
  type ObligationKey,
  type Pair,
  type Participant,
} from './types.ts';

export interface Due extends ObligationKey {
  /** Positive for what it is to be paid, negative for what it pays. */
  readonly amount: bigint;
}

/** Says of two platforms, in either order, whether their obligations are kept apart. */
export type IsGross = (a: PlatformId, b: PlatformId) => boolean;

/**
 * Without those of nothing. Payers first: the network pays nobody what it has not been paid. All of
 * them sum to zero.
 */
export function decideObligations(
  nets: readonly Net[],
  pairs: readonly Pair[],
  carved: readonly CarveOut[],
  isGross: IsGross,
  carried: readonly Due[] = [],
): Due[] {
  const byKey = new Map<string, { participant: Participant; basis: Basis; amount: bigint }>();
  const add = (participant: Participant, basis: Basis, amount: bigint): void => {
    const key = `${participant} ${basis}`;
    const due = byKey.get(key) ?? { participant, basis, amount: 0n };
    due.amount += amount;
    byKey.set(key, due);
  };
  /**
   * Takes what a pair settled gross moved out of the net, and lists it by itself. The network's
   * remainder of it stays in its net.
   */
  const setApart = (
    source: PlatformId,
    target: PlatformId,
    sourceEffect: bigint,
    targetEffect: bigint,
  ): void => {
    if (!isGross(source, target)) return;
    const basis = `${source}>${target}`;
    add(source, NET, -sourceEffect);
    add(source, basis, sourceEffect);
    add(target, NET, -targetEffect);
    add(target, basis, targetEffect);
  };
  for (const { participant, net } of nets) add(participant, NET, net);
  for (const { source, target, owed, due } of pairs) setApart(source, target, -owed, due);
  for (const { source, target, direction, sourceEffect, targetEffect } of carved) {
    const sign = direction === 'out' ? -1n : 1n;
    add(source, NET, sign * sourceEffect);
    add(target, NET, sign * targetEffect);
    add(NETWORK, NET, -sign * (sourceEffect + targetEffect));
    setApart(source, target, sign * sourceEffect, sign * targetEffect);
  }
  for (const { participant, basis, amount } of carried) add(participant, basis, amount);
  const dues = [...byKey.values()].filter(({ amount }) => amount !== 0n);
  assert(
    dues.reduce((sum, { amount }) => sum + amount, 0n) === 0n,
    'what is paid and what is received come to the same',
  );
  return dues.toSorted(
    (a, b) =>
      Number(a.amount > 0n) - Number(b.amount > 0n) ||
      compareText(a.participant, b.participant) ||
      compareText(a.basis, b.basis),
  );
}

/**
 * What went over out of a window and into it, as it changes what is due: it is netted where it
 * comes to.
 */
export function carriedDues(windowId: number, carried: readonly CarriedOver[]): Due[] {
  return carried.map(({ windowId: from, participant, basis, amount }) =>
    from === windowId
      ? { participant, basis, amount: -amount }
      : { participant, basis: NET, amount },
  );
}

/** By code units, as the database's collation "C" has it. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Where nets and pairs say different things of a platform; undefined when they agree. */
export function findMismatch(nets: readonly Net[], pairs: readonly Pair[]): string | undefined {
  const counted = new Map<Participant, bigint>();
  const add = (participant: Participant, amount: bigint): void =>
    void counted.set(participant, (counted.get(participant) ?? 0n) + amount);
  for (const { source, target, owed, due } of pairs) {
    add(source, -owed);
    add(target, due);
    add(NETWORK, owed - due);
  }
  const netOf = new Map(nets.map(({ participant, net }) => [participant, net]));
  for (const participant of new Set([...netOf.keys(), ...counted.keys()])) {
    const [net, sum] = [netOf.get(participant) ?? 0n, counted.get(participant) ?? 0n];
    if (net !== sum)
      return `The net of ${participant} is ${net} minor units, and its pairs come to ${sum}.`;
  }
  return undefined;
}
