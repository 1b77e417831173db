// How many calls a platform may have under way: more with each answer, few while it hangs, and
// waiting sagas return one after another.

import { expect, it } from 'vitest';
import type { PlatformId } from '../../kernel/ids.ts';
import { countCalls, type PlatformCalls } from './platform-calls.ts';

const X = 'platform_x' as PlatformId;
const Y = 'platform_y' as PlatformId;
const MOST = 120;

function enterAll(calls: PlatformCalls, platformId = X): number {
  let entered = 0;
  while (calls.enter(platformId)) entered += 1;
  return entered;
}

it('one that answers has as many as it may have, one that has never answered a few', () => {
  let now = 0;
  const calls = countCalls(MOST, () => now);
  expect(enterAll(calls)).toBe(20);
  for (let count = 0; count < 200; count += 1) {
    calls.leave(X, true);
    calls.enter(X);
    now += 10;
  }
  expect(20 + enterAll(calls)).toBe(MOST);
  expect(calls.isAnswering(X)).toBe(true);
});

it('one that hangs is known by its silence before its first call is given up, and has few until it answers', () => {
  let now = 0;
  const calls = countCalls(MOST, () => now);
  const entered = enterAll(calls);
  now = 1_501;
  expect([calls.enter(X), calls.isAnswering(X)]).toEqual([false, false]);
  now = 10_000;
  for (let count = 0; count < entered; count += 1) calls.leave(X, false);
  expect(enterAll(calls)).toBe(4);
  // No other platform is held up.
  expect([calls.isAnswering(Y), enterAll(calls, Y)]).toEqual([true, 20]);
  calls.leave(X, true);
  expect(calls.isAnswering(X)).toBe(true);
  expect(enterAll(calls)).toBeGreaterThanOrEqual(16);
});

it('one that is slow is not taken for one that hangs, once it has answered', () => {
  let now = 0;
  const calls = countCalls(MOST, () => now);
  enterAll(calls);
  for (let count = 0; count < 500; count += 1) {
    now += 100;
    calls.leave(X, true);
    expect(calls.enter(X)).toBe(true);
  }
  expect(calls.isAnswering(X)).toBe(true);
});

it('those who find no room come back in a line, not all at once, and within half a minute', () => {
  let now = 0;
  const calls = countCalls(MOST, () => now);
  enterAll(calls);
  now = 2_000;
  expect(calls.enter(X)).toBe(false);
  const waits = Array.from({ length: 5_000 }, () => calls.waitForRoomMs(X));
  expect(waits.filter((wait) => wait <= 1_000).length).toBeLessThanOrEqual(100);
  expect(Math.max(...waits)).toBe(30_000);
  expect(calls.waitForRoomMs(Y)).toBeLessThan(300);
});
