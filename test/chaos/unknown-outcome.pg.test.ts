// The connection breaks at COMMIT and the result is unknown: the caller gets a true answer, and the
// result is posted once.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { startFaultyProxy, type Fault, type FaultyProxy } from '../fixtures/faulty-proxy.ts';
import { expectAsAnswered, expectSound, isUnknown, type Asked } from '../fixtures/journal.ts';
import type { PlatformId } from '../../src/kernel/ids.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import { patience } from '../fixtures/patience.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';
import { times, Traffic } from '../fixtures/traffic.ts';

const seed = seedOf('unknown outcome');
const PLATFORMS = ['platform_a', 'platform_b', 'platform_c'] as PlatformId[];

let database: TestDatabase;
let proxy: FaultyProxy;
let test: TestLedger;

beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await startFaultyProxy(database.url);
  test = await createTestLedger({ ...database, url: proxy.url }, { bucketCount: 3 });
});
afterEach(async () => {
  await test?.ledger.close();
  await proxy?.close();
  await database?.drop();
});

async function traffic(name: number): Promise<Traffic> {
  const rewards = new Map<PlatformId, number>();
  for (const platformId of PLATFORMS)
    rewards.set(platformId, (await test.reward(platformId, 300n)).assetId);
  return new Traffic({
    random: createRandom(seed + name),
    members: Array.from({ length: 6 }, () => test.member()),
    platforms: PLATFORMS,
    rewards,
    keyPrefix: '',
    dayIn: test.dayIn,
  });
}

describe.each<Fault>(['swallow', 'lose', 'delay'])('when the network is to %s', (fault) => {
  it('a single commit, its caller gets the one result', async () => {
    const [ann, bob] = [test.member(), test.member()];
    await test.earn('platform_a', ann, 1_000n);
    const asked: Asked[] = [];
    for (let round = 0; round < 6; round += 1) {
      let armed = true;
      proxy.onCommit = () => {
        const hit = armed ? fault : undefined;
        armed = false;
        return hit;
      };
      const toMemberId = round % 2 === 0 ? ann : bob;
      const command = {
        kind: 'transfer',
        platformId: test.id('platform_a'),
        memberId: ann,
        toMemberId,
        targetPlatformId: test.id('platform_b'),
        amount: 100n,
        key: String(round),
      } as const;
      asked.push({ command, outcome: await test.ledger.submit(command) });
    }
    expect(proxy.hits.get(fault)).toBe(6);
    expect(asked.map(({ outcome }) => outcome.ok)).toEqual([true, true, true, true, true, true]);
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      balance: 400n,
    });
    await expectAsAnswered(database.pool, asked, (row) => row.kind === 'earn');
    await expectSound(database.pool);
  });
});

it(
  'under load with every fault in turn nothing is lost, doubled or half done',
  async () => {
    const load = await traffic(1);
    const random = createRandom(seed + 2);
    const faults: Fault[] = ['swallow', 'lose', 'delay'];
    let untilNext = 5;
    let hits = 0;
    proxy.onCommit = () => {
      untilNext -= 1;
      if (untilNext > 0) return undefined;
      untilNext = random.int(4, 14);
      // Sometimes before the program has a new connection, sometimes after.
      proxy.delayMs = random.int(0, 250);
      return faults[(hits += 1) % 3];
    };
    await load.run(test.ledger, 32, times(long ? 30_000 : 2_000));
    proxy.onCommit = () => undefined;
    expect(
      Math.min(
        ...(['swallow', 'lose', 'delay'] as const).map((fault) => proxy.hits.get(fault) ?? 0),
      ),
    ).toBeGreaterThan(0);
    await expectAsAnswered(database.pool, load.asked);
    const settled: Asked[] = [];
    for (const each of load.asked)
      settled.push(
        isUnknown(each)
          ? { command: each.command, outcome: await test.ledger.submit(each.command) }
          : each,
      );
    expect(settled.filter(isUnknown)).toEqual([]);
    await expectAsAnswered(database.pool, settled);
    await expectSound(database.pool);
  },
  patience(long ? 600_000 : 60_000),
);

it('a database that stays away is answered `unavailable`; the same keys take effect once when it is back', async () => {
  const load = await traffic(3);
  await load.run(test.ledger, 16, times(200));
  // The last commits before the cut take effect without an answer.
  let unseen = 0;
  proxy.onCommit = () => {
    unseen += 1;
    if (unseen < 3) return undefined;
    setImmediate(() => proxy.goDown());
    return 'swallow';
  };
  const during: Asked[] = [];
  const commands = Array.from({ length: 60 }, () => load.next());
  await Promise.all(
    commands.map(async (command, index) => {
      await new Promise((later) => setTimeout(later, index * 3));
      during.push({ command, outcome: await test.ledger.submit(command) });
    }),
  );
  // However many of them were part of the last commits: without the database, none is answered.
  expect(unseen).toBeGreaterThanOrEqual(3);
  const away = Array.from({ length: 30 }, () => load.next());
  await Promise.all(
    away.map(async (command) =>
      during.push({ command, outcome: await test.ledger.submit(command) }),
    ),
  );
  expect(during.filter(isUnknown).length).toBeGreaterThanOrEqual(30);
  for (const { outcome } of during)
    if (!outcome.ok && outcome.problem.status >= 500)
      expect(outcome.problem).toMatchObject({ code: 'unavailable', status: 503, retryable: true });
  await expectAsAnswered(database.pool, [...load.asked, ...during]);
  await expectSound(database.pool);

  proxy.onCommit = () => undefined;
  proxy.comeBack();
  const settled: Asked[] = [];
  for (const each of during) {
    if (!isUnknown(each)) settled.push(each);
    else
      settled.push(
        ...(await Promise.all(
          [0, 1].map(async () => ({
            command: each.command,
            outcome: await test.ledger.submit(each.command),
          })),
        )),
      );
  }
  expect(settled.filter(isUnknown)).toEqual([]);
  await expectAsAnswered(database.pool, [...load.asked, ...settled]);
  await expectSound(database.pool);
});

it('a network that falls silent in mid-commit keeps nobody waiting for ever, and the result is found afterwards', async () => {
  await test.ledger.close();
  test = await createTestLedger(
    { ...database, url: proxy.url },
    { bucketCount: 3, statementTimeoutMs: 400 },
  );
  const ann = test.member();
  await test.earn('platform_a', ann, 10n);
  proxy.onCommit = () => {
    proxy.onCommit = () => undefined;
    return 'silence';
  };
  expect(await test.earn('platform_a', ann, 5n, 'silenced')).toMatchObject({
    ok: false,
    problem: { code: 'unavailable', retryable: true },
  });
  expect(await test.earn('platform_a', ann, 5n, 'silenced')).toMatchObject({
    ok: true,
    replayed: true,
  });
  expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({ balance: 15n });
  await expectSound(database.pool);
});
