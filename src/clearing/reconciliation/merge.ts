// Walks two sequences sorted by transaction side by side and yields their differences. Pure; holds
// one page of each in memory.

import { assert } from '../../kernel/assert.ts';
import type { TransactionId } from '../../kernel/ids.ts';
import { compareEffects, type Stated } from './compare.ts';
import type { Difference, OurEffect, StatementOperation, TheirLine } from './types.ts';

export interface MergeCounts {
  compared: number;
  matched: number;
  underWay: number;
}

const SEEN: Readonly<Record<StatementOperation, number>> = { d: 1, a: 2, r: 4 };

/**
 * Both sequences come in pages, ascending by transaction id (lower-case UUIDs, compared as text);
 * an id may come several times in a row. The counts are updated while it runs.
 */
export async function* mergeEffects(
  ours: AsyncIterable<readonly OurEffect[]>,
  theirs: AsyncIterable<readonly TheirLine[]>,
  counts: MergeCounts,
): AsyncGenerator<Difference> {
  const left = new Walker(ours);
  const right = new Walker(theirs);
  for (;;) {
    if (left.isDrained()) await left.load();
    if (right.isDrained()) await right.load();
    const a = left.current;
    const b = right.current;
    if (a === undefined && b === undefined) return;
    const id =
      a === undefined || (b !== undefined && b.transactionId < a.transactionId)
        ? (b as TheirLine).transactionId
        : a.transactionId;

    let expected: { effect: bigint | null; recent: boolean } | undefined;
    for (let row = a; row?.transactionId === id; row = left.current) {
      // Several rows of a transaction at a platform are one expectation: their sum, unknown while
      // any of them is.
      expected =
        expected === undefined
          ? { effect: row.effect, recent: row.recent }
          : {
              effect:
                expected.effect === null || row.effect === null
                  ? null
                  : expected.effect + row.effect,
              recent: expected.recent || row.recent,
            };
      left.advance();
      if (left.isDrained()) await left.load();
    }
    let effect = 0n;
    let seen = 0;
    let repeated = false;
    for (let line = b; line?.transactionId === id; line = right.current) {
      const bit = SEEN[line.operation];
      repeated ||= (seen & bit) !== 0;
      seen |= bit;
      effect += line.effect;
      right.advance();
      if (right.isDrained()) await right.load();
    }
    const stated: Stated | undefined = seen === 0 ? undefined : { effect, repeated };

    const verdict = compareEffects(expected, stated);
    counts.compared += 1;
    if (verdict === 'agrees') counts.matched += 1;
    else if (verdict === 'under_way') counts.underWay += 1;
    else
      yield {
        category: verdict,
        subject: id,
        transactionId: id as TransactionId,
        ours: expected?.effect ?? null,
        theirs: stated?.effect ?? null,
      };
  }
}

/** A place in a sequence of pages. */
class Walker<Row extends { readonly transactionId: string }> {
  readonly #pages: AsyncIterator<readonly Row[]>;
  #page: readonly Row[] = [];
  #at = 0;
  #ended = false;

  constructor(pages: AsyncIterable<readonly Row[]>) {
    this.#pages = pages[Symbol.asyncIterator]();
  }

  /** Undefined past the end, and until a drained walker has loaded. */
  get current(): Row | undefined {
    return this.#page[this.#at];
  }

  isDrained(): boolean {
    return this.#at >= this.#page.length && !this.#ended;
  }

  advance(): void {
    const before = this.#page[this.#at];
    this.#at += 1;
    const after = this.#page[this.#at];
    if (before !== undefined && after !== undefined) assertAscending(before, after);
  }

  async load(): Promise<void> {
    const last = this.#page.at(-1);
    do {
      const { done, value } = await this.#pages.next();
      this.#ended = done === true;
      this.#page = this.#ended ? [] : (value as readonly Row[]);
      this.#at = 0;
    } while (this.#page.length === 0 && !this.#ended);
    const [first] = this.#page;
    if (last !== undefined && first !== undefined) assertAscending(last, first);
  }
}

function assertAscending(
  before: { readonly transactionId: string },
  after: { readonly transactionId: string },
): void {
  assert(
    before.transactionId <= after.transactionId,
    'a side of the reconciliation is sorted by transaction',
  );
}
