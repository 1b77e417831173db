// kill -9 of PostgreSQL under load, again and again: acknowledged work is kept, nothing is half
// done, and a retry takes effect once.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlatformId } from '../../src/kernel/ids.ts';
import { startChaosServer, type ChaosServer } from '../fixtures/chaos-server.ts';
import { expectAsAnswered, expectSound, isUnknown, type Asked } from '../fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import { patience } from '../fixtures/patience.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';
import { Traffic } from '../fixtures/traffic.ts';

const seed = seedOf('killed database');
const PLATFORMS = ['platform_a', 'platform_b', 'platform_c'] as PlatformId[];

let server: ChaosServer;
let test: TestLedger;

beforeAll(async () => {
  server = await startChaosServer();
  test = await createTestLedger(server, { bucketCount: 4 });
});
afterAll(async () => {
  await test?.ledger.close();
  await server?.stop();
});

it(
  'keeps every acknowledged transaction, and unknown ones are posted exactly once when they are asked for again',
  async () => {
    const random = createRandom(seed);
    const rewards = new Map<PlatformId, number>();
    for (const platformId of PLATFORMS)
      rewards.set(platformId, (await test.reward(platformId, 500n)).assetId);
    const traffic = new Traffic({
      random: random.fork(1),
      members: Array.from({ length: 8 }, () => test.member()),
      platforms: PLATFORMS,
      rewards,
      keyPrefix: '',
      dayIn: test.dayIn,
    });
    const posted = (): number => traffic.asked.filter(({ outcome }) => outcome.ok).length;
    let stopped = false;
    let load = traffic.run(test.ledger, 48, () => !stopped);
    for (let kill = 0; kill < (long ? 40 : 5); kill += 1) {
      // The supervisor leaves a server down that ends more than five times a minute. No request is
      // sent during this pause, because the traffic keeps everything so far in memory.
      if (long && kill > 0 && kill % 2 === 0) {
        stopped = true;
        await load;
        await sleep(25_000);
        stopped = false;
        load = traffic.run(test.ledger, 48, () => !stopped);
      }
      await sleep(random.int(150, 500));
      // Even on a slow machine, something was posted since the last kill.
      while (posted() < 50 * (kill + 1)) await sleep(10);
      if (kill % 2 === 0) server.killServer();
      else await server.killBackend().catch(() => undefined);
      await sleep(random.int(0, 60));
      await server.untilBack();
    }
    await sleep(200);
    stopped = true;
    await load;

    await expectSound(server.pool);
    await expectAsAnswered(server.pool, traffic.asked);
    const others = traffic.asked.flatMap(({ outcome }) =>
      !outcome.ok && outcome.problem.status >= 500 ? [outcome.problem.code] : [],
    );
    expect(new Set(others).difference(new Set(['unavailable']))).toEqual(new Set());
    expect(posted()).toBeGreaterThan(200);

    const settled: Asked[] = [];
    for (const each of traffic.asked) {
      if (!isUnknown(each)) settled.push(each);
      else settled.push({ command: each.command, outcome: await test.ledger.submit(each.command) });
    }
    expect(settled.filter(isUnknown)).toEqual([]);
    await expectAsAnswered(server.pool, settled);
    await expectSound(server.pool);
  },
  patience(long ? 900_000 : 60_000),
);
