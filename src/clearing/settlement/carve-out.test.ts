// Over any history of disputes and windows: a carve-out never exceeds what is frozen or included,
// and comes back to the minor unit.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Bucket, PlatformId, TransactionId } from '../../kernel/ids.ts';
import { decideIns, decideOuts, type FrozenRow } from './carve-out.ts';
import { decideObligations } from './obligations.ts';
import { NETWORK, type CarveOut, type Net } from './types.ts';

const [A, B] = ['platform_a', 'platform_b'] as PlatformId[] as [PlatformId, PlatformId];

interface Transaction {
  readonly id: TransactionId;
  readonly windowId: number;
  readonly amount: bigint;
  readonly sourceEffect: bigint;
  readonly targetEffect: bigint;
}

const transactions = fc
  .array(
    fc.record({
      windowId: fc.integer({ min: 1, max: 4 }),
      amount: fc.bigInt(1n, 10_000n),
      owed: fc.bigInt(1n, 9_999n),
      kept: fc.bigInt(0n, 3n),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((drawn) =>
    drawn.map(({ windowId, amount, owed, kept }, index): Transaction => ({
      id: `${index}` as TransactionId,
      windowId,
      amount,
      sourceEffect: -owed,
      targetEffect: owed > kept ? owed - kept : owed,
    })),
  );
/** The frozen amount of each transaction, in hundredths, at each step. */
const steps = fc.array(
  fc.record({
    settle: fc.boolean(),
    frozen: fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 5, maxLength: 5 }),
  }),
  { minLength: 1, maxLength: 20 },
);

test('whatever is disputed when, all windows together settle exactly what is not frozen', () => {
  fc.assert(
    fc.property(transactions, steps, (all, script) => {
      const book: CarveOut[] = [];
      const settled = new Set<number>();
      const paid = new Map<string, bigint>();
      let open = 1;
      const netsOf = (windowId: number): Net[] => {
        const own = all.filter((each) => each.windowId === windowId);
        const sum = (of: (each: Transaction) => bigint): bigint =>
          own.reduce((total, each) => total + of(each), 0n);
        const [source, target] = [
          sum((each) => each.sourceEffect),
          sum((each) => each.targetEffect),
        ];
        return [
          [A, source],
          [B, target],
          [NETWORK, -source - target],
        ].map(
          ([participant, net]) =>
            ({ participant, net, opening: 0n, paid: 0n, closing: net }) as Net,
        );
      };
      const frozenRows = (frozen: readonly number[], upTo: number): FrozenRow[] =>
        all.flatMap((each, index) => {
          const amount = (each.amount * BigInt(frozen[index] ?? 0)) / 100n;
          return amount === 0n || each.windowId > upTo
            ? []
            : [
                {
                  bucket: 0 as Bucket,
                  rowId: each.id,
                  transactionId: each.id,
                  source: A,
                  target: B,
                  amount: each.amount,
                  reversed: 0n,
                  frozen: amount,
                  sourceEffect: each.sourceEffect,
                  targetEffect: each.targetEffect,
                  windowId: each.windowId,
                },
              ];
        });
      const settle = (windowId: number, frozen: readonly number[]): void => {
        book.push(...decideOuts(windowId, frozenRows(frozen, open - 1), book));
        for (const { participant, amount } of decideObligations(
          netsOf(windowId),
          [],
          book.filter((carved) => carved.windowId === windowId),
          () => false,
        ))
          paid.set(participant, (paid.get(participant) ?? 0n) + amount);
        settled.add(windowId);
      };
      const close = (frozen: readonly number[]): void => {
        const rows = frozenRows(frozen, open);
        book.push(...decideOuts(open, rows, book), ...decideIns(open, rows, book));
        open += 1;
      };
      const outOf = (id: TransactionId): bigint =>
        book
          .filter(({ rowId }) => rowId === id)
          .reduce(
            (sum, { direction, amount }) => sum + (direction === 'out' ? amount : -amount),
            0n,
          );
      for (const step of script) {
        const oldest = [...Array(open).keys()].find(
          (windowId) => windowId > 0 && windowId < open && !settled.has(windowId),
        );
        if (step.settle && oldest !== undefined) settle(oldest, step.frozen);
        else close(step.frozen);
        for (const each of all) {
          expect(outOf(each.id)).toBeGreaterThanOrEqual(0n);
          expect(outOf(each.id)).toBeLessThanOrEqual(each.amount);
        }
      }
      // All disputes end, and all windows are settled.
      for (let left = Math.max(1, 6 - open); left > 0; left -= 1) close([]);
      for (let windowId = 1; windowId < open; windowId += 1)
        if (!settled.has(windowId)) settle(windowId, []);
      expect(all.filter((each) => outOf(each.id) !== 0n)).toEqual([]);
      const total = (of: (each: Transaction) => bigint): bigint =>
        all.reduce((sum, each) => sum + of(each), 0n);
      expect([paid.get(A) ?? 0n, paid.get(B) ?? 0n]).toEqual([
        total((each) => each.sourceEffect),
        total((each) => each.targetEffect),
      ]);
    }),
    { numRuns: 500 },
  );
});

test('the frozen part begins where the reversed part ends', () => {
  const row: FrozenRow = {
    bucket: 0 as Bucket,
    rowId: '1' as TransactionId,
    transactionId: '1' as TransactionId,
    source: A,
    target: B,
    amount: 3n,
    reversed: 1n,
    frozen: 1n,
    sourceEffect: -10n,
    targetEffect: 10n,
    windowId: 1,
  };
  // Thirds of ten are 3, 3 and 4 for the source, 4, 3 and 3 for the target: the second one is
  // frozen.
  expect(decideOuts(1, [row], [])).toMatchObject([
    { amount: 1n, sourceEffect: -3n, targetEffect: 3n },
  ]);
  expect(decideOuts(1, [{ ...row, reversed: 2n }], [])).toMatchObject([
    { amount: 1n, sourceEffect: -4n, targetEffect: 3n },
  ]);
  expect(decideOuts(2, [row], [])).toEqual([]);
});
