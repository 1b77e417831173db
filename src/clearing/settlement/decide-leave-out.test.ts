// Leaving a platform out: all others net again without it, payments stay, everything sums to zero,
// and the others can be paid to the end.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { long, seedOf } from '../../../test/fixtures/seed.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import { decideLeaveOut, edgesOf, type Edge, type Standing } from './decide-leave-out.ts';
import { decidePayouts } from './distribute.ts';
import { NET, type Pair, type Participant } from './types.ts';

const parameters = { seed: seedOf('leave out'), numRuns: long ? 100_000 : 1_000 };
const P = (name: string): Participant => name as PlatformId;

/** The nets of edges, by obligation; the network nets everything. */
function netOf(edges: readonly Edge[], without?: string): Map<string, Standing> {
  const nets = new Map<string, Standing>();
  const add = (participant: Participant, edgeBasis: string, amount: bigint): void => {
    const basis = participant === '@network' ? NET : edgeBasis;
    const before = nets.get(`${participant} ${basis}`) ?? {
      participant,
      basis,
      amount: 0n,
      paid: 0n,
    };
    nets.set(`${participant} ${basis}`, { ...before, amount: before.amount + amount });
  };
  for (const { from, to, basis, amount } of edges) {
    if (from === without || to === without) continue;
    add(from, basis, -amount);
    add(to, basis, amount);
  }
  return new Map([...nets].filter(([, { amount }]) => amount !== 0n));
}

const amountsOf = (standings: Iterable<Standing>): Record<string, bigint> =>
  Object.fromEntries(
    [...standings]
      .filter(({ amount }) => amount !== 0n)
      .map(({ participant, basis, amount }) => [`${participant} ${basis}`, amount]),
  );

const names = ['a', 'b', 'c', 'd', 'e'];
const pair = fc
  .record({
    source: fc.constantFrom(...names),
    target: fc.constantFrom(...names),
    due: fc.bigInt(-500n, 1_000n),
    remainder: fc.bigInt(0n, 3n),
  })
  .filter(({ source, target }) => source !== target);
const window = fc.record({
  pairs: fc.array(pair, { minLength: 1, maxLength: 14 }),
  gross: fc.boolean(),
});

const edgesFor = ({
  pairs,
  gross,
}: {
  readonly pairs: readonly { source: string; target: string; due: bigint; remainder: bigint }[];
  readonly gross: boolean;
}): Edge[] =>
  edgesOf(
    1,
    pairs.map(({ source, target, due, remainder }): Pair => ({
      source: P(source) as PlatformId,
      target: P(target) as PlatformId,
      kind: 'conversion',
      transactions: 1n,
      amount: 1n,
      credited: 1n,
      owed: due + remainder,
      due,
    })),
    [],
    [],
    (a, b) => gross && [a, b].toSorted().join() === 'a,b',
  );

describe('leaving a platform out', () => {
  it('before anything is paid is netting without it', () => {
    fc.assert(
      fc.property(window, (input) => {
        const edges = edgesFor(input);
        const before = netOf(edges);
        for (const name of names) {
          if (
            [...before.values()]
              .filter(({ participant }) => participant === name)
              .reduce((sum, { amount }) => sum + amount, 0n) >= 0n
          )
            continue;
          const { standings } = decideLeaveOut(P(name), [], [...before.values()], edges);
          expect(amountsOf(standings)).toEqual(amountsOf(netOf(edges, name).values()));
        }
      }),
      parameters,
    );
  });

  it('after part payments keeps them, sums to zero, asks nobody for what it was paid, and can be paid to the end', () => {
    const steps = fc.array(
      fc.record({ who: fc.nat(), share: fc.integer({ min: 0, max: 100 }), leaveOut: fc.boolean() }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(window, steps, (input, script) => {
        const edges = [...edgesFor(input)];
        let standings = [...netOf(edges).values()];
        const gone: Participant[] = [];
        const pay = (): void => {
          const owing = new Set(
            standings
              .filter(({ amount, paid }) => amount < paid)
              .map(({ participant }) => participant),
          );
          const claims = standings
            .filter(({ amount, paid, participant }) => amount > paid && !owing.has(participant))
            .map((each) => ({ ...each, claim: each.amount }));
          const pool = -standings.reduce((sum, { paid }) => sum + paid, 0n);
          const most = claims.reduce((sum, { claim, paid }) => sum + claim - paid, 0n);
          for (const share of decidePayouts(pool < most ? pool : most, claims)) {
            standings = standings.map((each) =>
              each.participant === share.participant && each.basis === share.basis
                ? { ...each, paid: each.paid + share.amount }
                : each,
            );
          }
        };
        const check = (): void => {
          expect(standings.reduce((sum, { amount }) => sum + amount, 0n)).toBe(0n);
          expect(standings.reduce((sum, { paid }) => sum + paid, 0n) <= 0n).toBe(true);
          for (const { amount, paid } of standings)
            expect(amount >= 0n ? paid >= 0n && paid <= amount : paid <= 0n && paid >= amount).toBe(
              true,
            );
        };
        for (const { who, share, leaveOut } of script) {
          const owing = standings.filter(({ amount, paid }) => amount < paid);
          const payer = owing[who % Math.max(owing.length, 1)];
          if (payer === undefined) break;
          const outstanding = standings
            .filter(({ participant }) => participant === payer.participant)
            .reduce((sum, { amount, paid }) => sum + amount - paid, 0n);
          if (leaveOut && outstanding < 0n) {
            const before = standings;
            const decided = decideLeaveOut(payer.participant, gone, standings, edges);
            expect(decided.carried.reduce((sum, { amount }) => sum + amount, 0n)).toBe(0n);
            const carriedOfIt = decided.carried
              .filter(({ participant }) => participant === payer.participant)
              .reduce((sum, { amount }) => sum + amount, 0n);
            expect(carriedOfIt).toBe(outstanding);
            edges.push(
              ...decided.carried
                .filter(({ participant }) => participant !== payer.participant)
                .map(({ participant, basis, amount }) => ({
                  from: payer.participant,
                  to: participant,
                  basis,
                  amount: -amount,
                })),
            );
            gone.push(payer.participant);
            standings = [...decided.standings];
            for (const { participant, basis, paid } of before) {
              expect(
                standings.find((each) => each.participant === participant && each.basis === basis)
                  ?.paid,
              ).toBe(paid);
            }
          } else {
            const take = ((payer.paid - payer.amount) * BigInt(share) + 99n) / 100n;
            standings = standings.map((each) =>
              each === payer ? { ...each, paid: each.paid - take } : each,
            );
          }
          check();
          pay();
          check();
        }
        // All that are left pay: then nothing is outstanding.
        for (let round = 0; round < 3; round += 1) {
          standings = standings.map((each) =>
            each.amount < each.paid ? { ...each, paid: each.amount } : each,
          );
          pay();
        }
        expect(standings.filter(({ amount, paid }) => amount !== paid)).toEqual([]);
      }),
      parameters,
    );
  });

  it('does not depend on the order in which obligations and debts are named', () => {
    fc.assert(
      fc.property(window, fc.nat(), (input, seed) => {
        const edges = edgesFor(input);
        const before = [...netOf(edges).values()];
        const turned = <Item>(items: readonly Item[]): Item[] =>
          items
            .map((item, index) => ({ item, at: (index * 7_919 + seed) % 101 }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ item }) => item);
        for (const { participant, amount } of before) {
          if (amount >= 0n || participant === '@network') continue;
          const part = before.map((each) =>
            each.participant === participant
              ? { ...each, paid: each.amount < 0n ? each.amount / 2n : 0n }
              : each,
          );
          if (
            part
              .filter((each) => each.participant === participant)
              .reduce((sum, each) => sum + each.amount - each.paid, 0n) >= 0n
          )
            continue;
          const [one, other] = [
            decideLeaveOut(participant, [], part, edges),
            decideLeaveOut(participant, [], turned(part), turned(edges)),
          ];
          expect(amountsOf(other.standings)).toEqual(amountsOf(one.standings));
        }
      }),
      parameters,
    );
  });
});
