// Tests how long the answer to a failed token waits.

import { expect, test } from 'vitest';
import { decideDelay, FREE_A_MINUTE } from './failed-tokens.ts';

type Decided = ReturnType<typeof decideDelay>;

/** Counts failures, one each `everyMs`. */
function fail(times: number, everyMs: number, before?: Decided): Decided[] {
  const decided: Decided[] = [];
  for (let one = 0; one < times; one += 1) {
    const last = decided.at(-1) ?? before;
    decided.push(decideDelay(last, (last?.atMs ?? 0) + everyMs));
  }
  return decided;
}
const delays = (decided: readonly Decided[]): number[] => decided.map(({ delayMs }) => delayMs);

test('the first failures of a minute are answered at once, others after twice the time each', () => {
  const all = delays(fail(FREE_A_MINUTE + 10, 0));
  expect(new Set(all.slice(0, FREE_A_MINUTE))).toEqual(new Set([0]));
  const further = [25, 50, 100, 200, 400, 800, 1_600, 1_600, 1_600, 1_600];
  expect(all.slice(FREE_A_MINUTE)).toEqual(further);
});

test('whoever fails seldom is never held up', () => {
  expect(new Set(delays(fail(500, 60_000 / FREE_A_MINUTE)))).toEqual(new Set([0]));
});

test('a minute after the last of many failures it is nearly as in the beginning', () => {
  const last = fail(10_000, 0).at(-1);
  const first = decideDelay(last, 60_000);
  const later = delays([first, ...fail(FREE_A_MINUTE, 0, first)]);
  expect(later.findIndex((delayMs) => delayMs > 0)).toBe(FREE_A_MINUTE - 7);
});

test('a clock that is set back forgives nothing and adds nothing', () => {
  const last = fail(FREE_A_MINUTE + 3, 1).at(-1);
  expect(decideDelay(last, -1_000_000).delayMs).toBe(200);
});
