// The merge finds exactly the planted differences, whatever the ledgers, the pages and the order of
// lines within a transaction; and it keeps no more than a page in memory.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compareEffects } from './compare.ts';
import { mergeEffects, type MergeCounts } from './merge.ts';
import type { Difference, OurEffect, TheirLine } from './types.ts';

/** One transaction on both sides, and the expected difference. */
interface Planted {
  readonly ours: Omit<OurEffect, 'transactionId'> | undefined;
  readonly lines: readonly Omit<TheirLine, 'transactionId'>[];
  readonly expected: Difference['category'] | 'agrees' | 'under_way';
}

const amount = fc.bigInt({ min: 1n, max: 10n ** 15n });
const move = fc
  .record({ operation: fc.constantFrom('d', 'a'), size: amount })
  .map(({ operation, size }) => ({ operation, effect: operation === 'd' ? -size : size }) as const);
type Move = { readonly operation: 'd' | 'a'; readonly effect: bigint };
const undo = ({ effect }: Move): { readonly operation: 'r'; readonly effect: bigint } => ({
  operation: 'r',
  effect: -effect,
});
const plant = (
  ours: Planted['ours'] | 'none',
  lines: Planted['lines'],
  expected: Planted['expected'],
): Planted => ({ ours: ours === 'none' ? undefined : ours, lines, expected });
const done = (effect: bigint | null, recent = false): NonNullable<Planted['ours']> => ({
  effect,
  recent,
});

const planted: fc.Arbitrary<Planted> = fc
  .tuple(move, fc.boolean(), fc.boolean(), amount)
  .chain(([one, recent, flag, other]) =>
    fc.constantFrom(
      plant(done(one.effect, recent), [one], 'agrees'),
      plant(done(0n, recent), flag ? [one, undo(one)] : [], 'agrees'),
      plant('none', [one, undo(one)], 'agrees'),
      plant(done(null, recent), flag ? [one, undo(one)] : [], 'under_way'),
      plant(done(null, recent), [one], 'late'),
      plant(done(one.effect, true), flag ? [one, undo(one)] : [], 'late'),
      plant(done(0n, true), [one], 'late'),
      plant(done(one.effect, true), [{ ...one, effect: one.effect * 2n }], 'late'),
      plant(done(0n), [one], 'missing_here'),
      plant(done(one.effect), flag ? [one, undo(one)] : [], 'missing_there'),
      plant(
        done(one.effect),
        [{ ...one, effect: one.effect + (one.effect < 0n ? -other : other) }],
        'amount',
      ),
      plant(
        done(one.effect),
        [{ operation: one.operation === 'd' ? 'a' : 'd', effect: -one.effect }],
        'amount',
      ),
      plant(flag ? done(one.effect, recent) : 'none', [one, one], 'duplicate'),
      plant(done(null), [one, undo(one), undo(one)], 'duplicate'),
      plant('none', [one], 'unknown_reference'),
    ),
  );
const ledgers = fc.uniqueArray(fc.tuple(fc.uuid(), planted), {
  selector: ([id]) => id,
  maxLength: 60,
});

async function* pages<Row>(rows: readonly Row[], size: number): AsyncGenerator<readonly Row[]> {
  for (let from = 0; from < rows.length; from += size) yield rows.slice(from, from + size);
  // A page without rows is not the end.
  yield [];
}

async function differencesOf(
  ours: AsyncIterable<readonly OurEffect[]>,
  theirs: AsyncIterable<readonly TheirLine[]>,
): Promise<{ found: Difference[]; counts: MergeCounts }> {
  const counts = { compared: 0, matched: 0, underWay: 0 };
  const found: Difference[] = [];
  for await (const difference of mergeEffects(ours, theirs, counts)) found.push(difference);
  return { found, counts };
}

function lineOf(transactionId: string, effect = 1n): TheirLine {
  return { transactionId, operation: 'a', effect };
}

function rowsOf(effects: readonly (bigint | null)[]): OurEffect[] {
  return effects.map((effect) => ({ transactionId: 'x', effect, recent: false }));
}

describe('the merge', () => {
  it('finds exactly the differences that were planted, each in its category', async () => {
    const met = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        ledgers,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        async (entries, ourPage, theirPage) => {
          const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
          const ours = sorted.flatMap(([transactionId, one]) =>
            one.ours === undefined ? [] : [{ transactionId, ...one.ours }],
          );
          const theirs = sorted.flatMap(([transactionId, one]) =>
            one.lines.map((line) => ({ transactionId, ...line })),
          );
          const { found, counts } = await differencesOf(
            pages(ours, ourPage),
            pages(theirs, theirPage),
          );

          const wanted = sorted.flatMap(([id, one]) =>
            one.expected === 'agrees' || one.expected === 'under_way' ? [] : [[id, one.expected]],
          );
          expect(found.map(({ subject, category }) => [subject, category])).toEqual(wanted);
          const seen = sorted.filter(([, one]) => one.ours !== undefined || one.lines.length > 0);
          const count = (kind: string): number =>
            seen.filter(([, one]) => one.expected === kind).length;
          expect(counts).toEqual({
            compared: seen.length,
            matched: count('agrees'),
            underWay: count('under_way'),
          });
          for (const [, { expected }] of sorted) met.add(expected);
        },
      ),
      { numRuns: 300 },
    );
    expect([...met].sort()).toEqual([
      'agrees',
      'amount',
      'duplicate',
      'late',
      'missing_here',
      'missing_there',
      'under_way',
      'unknown_reference',
    ]);
  });

  it('asks for the next page of a side only when it has used the present one', async () => {
    const asked = { ours: 0, theirs: 0 };
    let most = 0;
    async function* endless<Row>(
      side: 'ours' | 'theirs',
      rowOf: (id: string) => Row,
    ): AsyncGenerator<readonly Row[]> {
      for (let page = 0; page < 200; page += 1) {
        asked[side] += 1;
        most = Math.max(most, Math.abs(asked.ours - asked.theirs));
        yield Array.from({ length: 100 }, (_, index) =>
          rowOf(String(page * 100 + index).padStart(36, '0')),
        );
      }
    }
    const { found, counts } = await differencesOf(
      endless('ours', (transactionId) => ({ transactionId, effect: 5n, recent: false })),
      endless('theirs', (transactionId) => ({
        transactionId,
        operation: 'a' as const,
        effect: 5n,
      })),
    );
    expect({ found, counts, most }).toEqual({
      found: [],
      counts: { compared: 20_000, matched: 20_000, underWay: 0 },
      most: 1,
    });
  });

  it('does not trust a side that is not sorted', async () => {
    await expect(
      differencesOf(pages<OurEffect>([], 1), pages([lineOf('b'), lineOf('a')], 2)),
    ).rejects.toThrow('sorted');
    await expect(
      differencesOf(pages<OurEffect>([], 1), pages([lineOf('b'), lineOf('a')], 1)),
    ).rejects.toThrow('sorted');
  });

  it('reads several expectations of one transaction as their sum, open while one of them is', async () => {
    expect(
      (await differencesOf(pages(rowsOf([1n, 2n]), 1), pages([lineOf('x', 3n)], 1))).found,
    ).toEqual([]);
    expect(
      (await differencesOf(pages(rowsOf([3n, null]), 1), pages([lineOf('x', 3n)], 1))).found,
    ).toMatchObject([{ category: 'late', ours: null, theirs: 3n }]);
  });
});

it('agrees with equal effects and with no others, whoever has them and however recent they are', () => {
  fc.assert(
    fc.property(
      fc.option(amount, { nil: undefined }),
      fc.option(amount, { nil: undefined }),
      fc.boolean(),
      (ours, theirs, recent) => {
        const verdict = compareEffects(
          ours === undefined ? undefined : { effect: ours, recent },
          theirs === undefined ? undefined : { effect: theirs, repeated: false },
        );
        expect(verdict === 'agrees').toBe((ours ?? 0n) === (theirs ?? 0n));
      },
    ),
  );
});
