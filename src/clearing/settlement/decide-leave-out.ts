// What becomes of a window when a participant that cannot pay is left out: everybody's obligations
// are netted again without it, as far as nothing of them has been paid; the rest goes over to a
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

/** An obligation and what has been paid of it: both positive for what the participant is paid. */
export interface Standing extends ObligationKey {
  readonly amount: bigint;
  readonly paid: bigint;
}

/**
 * What one participant owes another because of this window; of a pair settled gross, under its
 * basis.
 */
export interface Edge {
  readonly from: Participant;
  readonly to: Participant;
  readonly basis: Basis;
  readonly amount: bigint;
}

export interface LeftOut {
  /** What each obligation comes to afterwards; those that come to what they were are in it too. */
  readonly standings: readonly Standing[];
  /** What goes over; sums to zero. */
  readonly carried: readonly (ObligationKey & { readonly amount: bigint })[];
}

/**
 * Who owes whom in a window: its pairs, without what is disputed, with what came back or came over,
 * without what went over.
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
 * Leaves a participant out that owes more than it is due. What it has paid counts for its debts,
 * and what it was paid for its claims, in proportion; the rest of both goes over, each to its other
 * side. Nobody gives back or gets back what was paid: who has been paid, or has paid, in part can
 * only come to be owed or to owe less, and who is through stays as it is. What that leaves without
 * cover goes over in proportion.
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
    'what goes over comes to nothing altogether',
  );
  return { standings: after, carried };
}

/**
 * Whoever comes to nothing in this window, and would not without the defaulter, has no obligation
 * yet.
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
 * What the defaulter owes each obligation's holder (negative: is owed) beyond what it has paid or
 * been paid.
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

/** What is outstanding without what the defaulter owes. */
function restOf({ amount, paid }: Standing, wish: bigint): bigint {
  const outstanding = amount - paid;
  if (paid === 0n) return outstanding - wish;
  return larger(smaller(outstanding - wish, larger(outstanding, 0n)), smaller(outstanding, 0n));
}

/**
 * Makes claims equal to debts and to what has come in and is not paid out: whichever is too much
 * goes over, in proportion.
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
  if (excess > 0n) assert(cut(excess, at, -1n) === 0n, 'claims cover what they exceed debts by');
  if (excess < 0n) {
    const left = cut(-excess, (index) => -at(index), 1n);
    const outstanding = standings.map(({ amount, paid }) => amount - paid);
    assert(
      cut(left, (index) => (outstanding[index] ?? 0n) - larger(at(index), 0n), 1n) === 0n,
      'what has come in belongs to somebody',
    );
  }
  return covered;
}

/**
 * The other side of an edge of the defaulter, with the obligation that it counts in; the network
 * nets all it has.
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
