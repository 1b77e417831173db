// Decides the obligations of a window: each participant's net without disputed transactions, pair
// by pair where pairs are settled gross. Pure.

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
  /** Positive when the participant receives, negative when it pays. */
  readonly amount: bigint;
}

/** Whether the obligations of two platforms, in either order, are kept apart. */
export type IsGross = (a: PlatformId, b: PlatformId) => boolean;

/**
 * Without those of zero. Payers first: the network pays nobody before it has been paid. All of them
 * sum to zero.
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
   * Takes a pair settled gross out of the net, and lists it by itself. The network's remainder of
   * it stays in the network's net.
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
    'payments and receipts are equal',
  );
  return dues.toSorted(
    (a, b) =>
      Number(a.amount > 0n) - Number(b.amount > 0n) ||
      compareText(a.participant, b.participant) ||
      compareText(a.basis, b.basis),
  );
}

/**
 * The amounts carried out of a window and into it, as they change what is due; they are netted in
 * the window to which they are carried.
 */
export function carriedDues(windowId: number, carried: readonly CarriedOver[]): Due[] {
  return carried.map(({ windowId: from, participant, basis, amount }) =>
    from === windowId
      ? { participant, basis, amount: -amount }
      : { participant, basis: NET, amount },
  );
}

/** By code units, like the database's collation "C". */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The platforms for which nets and pairs differ; undefined when they agree. */
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
      return `The net of ${participant} is ${net} minor units, and its pairs sum to ${sum}.`;
  }
  return undefined;
}
