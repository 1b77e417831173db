// Readings that take turns: a result is never older than its question.

import { expect, test } from 'vitest';
import { inTurn } from './in-turn.ts';

test('whoever asks while a reading is under way gets the next one, and shares it', async () => {
  let state = 0;
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const read = inTurn(async () => {
    begun.push(state);
    await new Promise<void>((resolve) => ends.push(resolve));
  });
  const first = read();
  state = 1;
  const second = read();
  const third = read();
  expect(second).toBe(third);
  expect(begun).toEqual([0]);
  ends[0]?.();
  await first;
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1]);
  state = 2;
  const fourth = read();
  ends[1]?.();
  await second;
  await new Promise(setImmediate);
  ends[2]?.();
  await fourth;
  expect(begun).toEqual([0, 1, 2]);
});

test('a reading that fails is told to those who share it, and the next one is made', async () => {
  let fails = true;
  const read = inTurn(async () => {
    if (fails) throw new Error('no');
  });
  const [first, second] = [read(), read()];
  await expect(first).rejects.toThrow('no');
  await expect(second).rejects.toThrow('no');
  fails = false;
  await expect(read()).resolves.toBeUndefined();
});
