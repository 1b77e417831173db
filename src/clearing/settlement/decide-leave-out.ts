// Decides how a window changes when a participant that cannot pay is left out: all obligations are
// netted again without it, as far as nothing of them has been paid; the rest is carried over to a
// later window. Pure.

import { assert } from '../../kernel/assert.ts';
import { larger, smaller } from '../../kernel/amount.ts';
import { apportion } from './distribute.ts';
import {
  NET,
  NETWORK,
  type Basis,
  type CarriedOver,
  type CarveOut,
  type ObligationKey,
  type Pair,
  type Participant,
} from './types.ts';

/**
 * An obligation and the part of it that has been paid: both positive when the participant receives.
 */
export interface Standing extends ObligationKey {
  readonly amount: bigint;
  readonly paid: bigint;
}

/**
 * The amount that one participant owes another for this window; for a pair settled gross, under its
 * basis.
 */
export interface Edge {
  readonly from: Participant;
  readonly to: Participant;
  readonly basis: Basis;
  readonly amount: bigint;
}

export interface LeftOut {
  /** Every obligation afterwards, also those that do not change. */
  readonly standings: readonly Standing[];
  /** The amounts carried over; they sum to zero. */
  readonly carried: readonly (ObligationKey & { readonly amount: bigint })[];
}

/**
 * Who owes whom in a window: its pairs, without disputed transactions, with what came back or was
 * carried in, without what was carried out.
 */
export function edgesOf(
  windowId: number,
  pairs: readonly Pair[],
  carved: readonly CarveOut[],
  carried: readonly CarriedOver[],
  isGross: (a: Participant, b: Participant) => boolean,
): Edge[] {
  const between = (source: Participant, target: Participant, owed: bigint, due: bigint): Edge[] => {
    const basis = isGross(source, target) ? `${source}>${target}` : NET;
    return [
      { from: source, to: target, basis, amount: due },
      { from: source, to: NETWORK, basis, amount: owed - due },
    ];
  };
  return [
    ...pairs.flatMap(({ source, target, owed, due }) => between(source, target, owed, due)),
    ...carved.flatMap(({ source, target, direction, sourceEffect, targetEffect }) => {
      const sign = direction === 'out' ? -1n : 1n;
      return between(source, target, -sign * sourceEffect, sign * targetEffect);
    }),
    ...carried
      .filter(({ participant, leftOut }) => participant !== leftOut)
      .map(({ leftOut, participant, basis, amount, windowId: from }): Edge =>
        from === windowId
          ? { from: leftOut, to: participant, basis, amount: -amount }
          : { from: leftOut, to: participant, basis: NET, amount },
      ),
  ].filter(({ amount }) => amount !== 0n);
}

/**
 * Leaves out a participant that owes more than it is due. What it has paid counts for its debts,
 * and what it was paid for its claims, in proportion; the rest of both is carried over, each to its
 * other side. No payment is given back: a participant that was paid or has paid in part can only be
 * owed or owe less, and one that is done stays as it is. Claims that this leaves without cover are
 * carried over in proportion.
 */
export function decideLeaveOut(
  defaulter: Participant,
  gone: readonly Participant[],
  standings: readonly Standing[],
  edges: readonly Edge[],
): LeftOut {
  const own = standings.filter(({ participant }) => participant === defaulter);
  const others = withUnlisted(
    defaulter,
    standings.filter(({ participant }) => participant !== defaulter),
    edges,
  );
  const wishes = wishesOf(defaulter, own, edges);
  const fixed = new Set<Participant>(gone);
  const rest = others.map((standing) =>
    restOf(standing, fixed.has(standing.participant) ? 0n : (wishes.get(keyText(standing)) ?? 0n)),
  );
  const pool = -standings.reduce((sum, { paid }) => sum + paid, 0n);
  const covered = cover(others, rest, pool);
  const after = [
    ...own.map((standing) => ({ ...standing, amount: standing.paid })),
    ...others.map((standing, index) => ({
      ...standing,
      amount: standing.paid + (covered[index] ?? 0n),
    })),
  ];
  const before = new Map(standings.map((standing) => [keyText(standing), standing.amount]));
  const carried = after
    .map(({ participant, basis, amount }) => ({
      participant,
      basis,
      amount: (before.get(keyText({ participant, basis })) ?? 0n) - amount,
    }))
    .filter(({ amount }) => amount !== 0n);
  assert(
    carried.reduce((sum, { amount }) => sum + amount, 0n) === 0n,
    'the amounts carried over sum to zero',
  );
  return { standings: after, carried };
}

/**
 * A participant whose amount is zero in this window, but would not be without the defaulter, has no
 * obligation yet.
 */
function withUnlisted(
  defaulter: Participant,
  standings: readonly Standing[],
  edges: readonly Edge[],
): Standing[] {
  const listed = new Set(standings.map(keyText));
  const missing = new Map<string, Standing>();
  for (const edge of edges) {
    const counterpart = counterpartOf(defaulter, edge);
    if (counterpart === undefined || listed.has(keyText(counterpart))) continue;
    missing.set(keyText(counterpart), { ...counterpart, amount: 0n, paid: 0n });
  }
  return [...standings, ...missing.values()];
}

/**
 * What the defaulter owes the holder of each obligation (negative: is owed) beyond what it has paid
 * or been paid.
 */
function wishesOf(
  defaulter: Participant,
  own: readonly Standing[],
  edges: readonly Edge[],
): Map<string, bigint> {
  const owed = new Map<string, ObligationKey & { basis: Basis; group: Basis; amount: bigint }>();
  for (const edge of edges) {
    const counterpart = counterpartOf(defaulter, edge);
    if (counterpart === undefined) continue;
    const name = `${keyText(counterpart)} ${edge.basis}`;
    const known = owed.get(name) ?? { ...counterpart, group: edge.basis, amount: 0n };
    known.amount += edge.from === defaulter ? edge.amount : -edge.amount;
    owed.set(name, known);
  }
  const wishes = new Map<string, bigint>();
  for (const [group, list] of Map.groupBy(owed.values(), (each) => each.group)) {
    const paid = own
      .filter(({ basis }) => basis === group)
      .reduce((sum, standing) => sum + standing.paid, 0n);
    const sign = paid < 0n ? 1n : -1n;
    const counted = list.filter(({ amount }) => amount * sign > 0n);
    const size = ({ amount }: { readonly amount: bigint }): bigint => amount * sign;
    const parts = apportion(
      smaller(
        paid < 0n ? -paid : paid,
        counted.reduce((sum, each) => sum + size(each), 0n),
      ),
      counted,
      size,
    );
    for (const [index, each] of counted.entries()) each.amount -= sign * (parts[index] ?? 0n);
    for (const each of list)
      wishes.set(keyText(each), (wishes.get(keyText(each)) ?? 0n) + each.amount);
  }
  return wishes;
}

/** The outstanding amount without the defaulter's debt. */
function restOf({ amount, paid }: Standing, wish: bigint): bigint {
  const outstanding = amount - paid;
  if (paid === 0n) return outstanding - wish;
  return larger(smaller(outstanding - wish, larger(outstanding, 0n)), smaller(outstanding, 0n));
}

/**
 * Makes claims equal to debts plus money that has come in and is not paid out: the larger side is
 * carried over in proportion.
 */
function cover(standings: readonly Standing[], rest: readonly bigint[], pool: bigint): bigint[] {
  const covered = [...rest];
  const cut = (excess: bigint, roomOf: (index: number) => bigint, sign: bigint): bigint => {
    const items = standings
      .map(({ participant, basis }, index) => ({ participant, basis, index }))
      .filter(({ index }) => roomOf(index) > 0n);
    const most = smaller(
      excess,
      items.reduce((sum, { index }) => sum + roomOf(index), 0n),
    );
    const parts = apportion(most, items, ({ index }) => roomOf(index));
    for (const [at, { index }] of items.entries())
      covered[index] = (covered[index] ?? 0n) + sign * (parts[at] ?? 0n);
    return excess - most;
  };
  const at = (index: number): bigint => covered[index] ?? 0n;
  const excess = covered.reduce((sum, each) => sum + each, 0n) - pool;
  if (excess > 0n) assert(cut(excess, at, -1n) === 0n, 'claims cover their excess over debts');
  if (excess < 0n) {
    const left = cut(-excess, (index) => -at(index), 1n);
    const outstanding = standings.map(({ amount, paid }) => amount - paid);
    assert(
      cut(left, (index) => (outstanding[index] ?? 0n) - larger(at(index), 0n), 1n) === 0n,
      'money that has come in belongs to a claim',
    );
  }
  return covered;
}

/**
 * The other side of an edge of the defaulter, with the obligation in which it counts; the network
 * nets everything.
 */
function counterpartOf(
  defaulter: Participant,
  { from, to, basis }: Edge,
): ObligationKey | undefined {
  if (from !== defaulter && to !== defaulter) return undefined;
  const participant = from === defaulter ? to : from;
  return { participant, basis: participant === NETWORK ? NET : basis };
}

function keyText({ participant, basis }: ObligationKey): string {
  return `${participant} ${basis}`;
}
