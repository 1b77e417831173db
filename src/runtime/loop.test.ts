// A loop repeats, survives failures, and stops only after its current run.

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

import { createLog } from './log.ts';
import { startLoop } from './loop.ts';

const log = createLog('silent');

test('runs again at once while there is more to do', async () => {
  let runs = 0;
  const loop = startLoop({ name: 'test', log, everyMs: 60_000, run: async () => ++runs < 5 });
  await sleep(20);
  await loop.stop();
  expect(runs).toBe(5);
});

test('a failure is tried again', async () => {
  let runs = 0;
  const loop = startLoop({
    name: 'test',
    log,
    everyMs: 1,
    run: async () => {
      runs++;
      throw new Error('no');
    },
  });
  await sleep(60);
  await loop.stop();
  expect(runs).toBeGreaterThan(1);
});

test('rests no longer after many failures than it is told to', async () => {
  let runs = 0;
  const done = Promise.withResolvers<void>();
  const loop = startLoop({
    name: 'test',
    log,
    everyMs: 10_000,
    longestRestMs: 1,
    run: async () => {
      runs += 1;
      if (runs === 50) done.resolve();
      throw new Error('no');
    },
  });
  // With the usual pause it would have failed only twice by the time limit of this test.
  await done.promise;
  await loop.stop();
});

test('stopping waits for the run in progress', async () => {
  let finished = false;
  const loop = startLoop({
    name: 'test',
    log,
    everyMs: 1,
    run: async () => {
      await sleep(30);
      finished = true;
      return false;
    },
  });
  await loop.stop();
  expect(finished).toBe(true);
});
