// Prefer: wait=N. Only digits count, 30 seconds at most; anything else is no wait.

import { expect, test } from 'vitest';
import { LONGEST_WAIT_SECONDS, waitOf } from './prefer.ts';

const LONGEST = LONGEST_WAIT_SECONDS * 1_000;

test.each<[string, number | undefined]>([
  ['wait=10', 10_000],
  ['wait="10"', 10_000],
  ['respond-async, wait=3', 3_000],
  ['wait=31', LONGEST],
  [`wait=${'9'.repeat(400)}`, LONGEST],
  ['wait=0', 0],
  ['wait=-1', undefined],
  ['wait=1e1', undefined],
  ['wait=0x1', undefined],
  ['wait=+1', undefined],
  ['wait=1.5', undefined],
  ['wait=Infinity', undefined],
  ['wait=', undefined],
  ['wait=１', undefined],
  ['await=5', undefined],
])('Prefer: %s', (prefer, expected) => {
  expect(waitOf({ headers: { prefer } })).toBe(expected);
});
