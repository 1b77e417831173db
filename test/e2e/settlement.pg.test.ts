// Windows under load: closing while several ledgers post loses and doubles nothing, a program that
// is killed while it settles pays nothing twice, and windows settled in any order never take a
// position beyond its cap.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { platformOwnerId, type PlatformId } from '../../src/kernel/ids.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectSound } from '../fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';
import {
  CHECKER,
  createTestSettlement,
  MAKER,
  readNets,
  type TestSettlement,
} from '../fixtures/settlement.ts';
import { times, Traffic } from '../fixtures/traffic.ts';

const seed = seedOf('settlement');
const PLATFORMS = ['platform_a', 'platform_b', 'platform_c', 'platform_d'] as PlatformId[];

let database: TestDatabase;
let tests: TestLedger[];

beforeEach(async () => {
  database = await createTestDatabase();
  tests = [];
});
afterEach(async () => {
  for (const test of tests) await test.ledger.close();
  await database?.drop();
});

async function start(count: number, bucketCount: number): Promise<[TestLedger, ...TestLedger[]]> {
  for (let index = 0; index < count; index += 1)
    tests.push(await createTestLedger(database, { bucketCount }));
  const [first, ...rest] = tests;
  if (first === undefined) throw new Error('no ledger');
  return [first, ...rest];
}

/**
 * Every row is in exactly one window, and every window's nets are those of its rows. Closes what is
 * open first.
 */
async function expectComplete(windows: TestSettlement): Promise<void> {
  const last = await windows.close();
  const { rows: astray } = await database.pool.query(
    `select t.bucket, t.sequence, count(c.window_id) as windows from ledger.transaction t
       left join clearing.window_cut c on c.bucket = t.bucket and t.sequence > c.from_sequence
         and t.sequence <= c.to_sequence
      group by 1, 2 having count(c.window_id) <> 1`,
  );
  expect(astray).toEqual([]);
  const total: Record<string, bigint> = {};
  for (let windowId = 1; windowId <= last; windowId += 1) {
    const found = await windows.settlement.find(windowId);
    if (!found.ok) throw new Error(found.problem.detail);
    const { window, nets } = found.value;
    expect([windowId, window.mismatch]).toEqual([windowId, null]);
    const moved = Object.fromEntries(
      nets.filter(({ net }) => net !== 0n).map(({ participant, net }) => [participant, net]),
    );
    expect([windowId, moved]).toEqual([windowId, await readNets(database.pool, windowId)]);
    for (const { participant, net } of nets)
      if (net !== 0n) total[participant] = (total[participant] ?? 0n) + net;
  }
  expect(Object.fromEntries(Object.entries(total).filter(([, net]) => net !== 0n))).toEqual(
    await readNets(database.pool),
  );
}

it.each([
  [3, 1],
  [3, 4],
])(
  '%i ledgers post in %i buckets while windows are closed by two at once: each row is in one window',
  async (count, bucketCount) => {
    const ledgers = await start(count, bucketCount);
    const members = Array.from({ length: 6 }, () => ledgers[0].member());
    const rewards = new Map<PlatformId, number>();
    for (const platformId of PLATFORMS)
      rewards.set(platformId, (await ledgers[0].reward(platformId, 100n)).assetId);
    await Promise.all(
      ledgers.map((test) =>
        test.ledger.registerAsset({
          code: 'platform_a',
          kind: 'points',
          platformId: PLATFORMS[0] ?? null,
        }),
      ),
    );
    const state = { posting: true };
    const all = ledgers.map(
      (test, index) =>
        new Traffic({
          random: createRandom(seed + index),
          members,
          platforms: PLATFORMS,
          rewards,
          keyPrefix: `${index}/`,
          dayIn: test.dayIn,
        }),
    );
    const closers = [
      createTestSettlement(ledgers[0], database),
      createTestSettlement(ledgers[1] ?? ledgers[0], database),
    ];
    let closed = 0;
    const closing = closers.map(async ({ settlement }, index) => {
      const random = createRandom(seed + 100 + index);
      while (state.posting) {
        const made = await settlement.close({ closedBy: MAKER });
        if (made.ok) closed += 1;
        await settlement.count();
        await new Promise((done) => setTimeout(done, random.int(0, 20)));
      }
    });
    await Promise.all(
      all.map((traffic, index) =>
        traffic.run(ledgers[index]?.ledger ?? ledgers[0].ledger, 12, times(long ? 10_000 : 400)),
      ),
    );
    state.posting = false;
    await Promise.all(closing);
    expect(closed).toBeGreaterThan(3);
    await expectComplete(closers[0] as TestSettlement);
    await expectSound(database.pool);
  },
);

it('a program that is killed in the middle of closing and settling pays each obligation once', async () => {
  const [test] = await start(1, 3);
  const random = createRandom(seed);
  const platforms = Array.from({ length: 12 }, (_, index) => `shop_${index}` as PlatformId);
  for (const platform of platforms)
    await test.ledger.registerAsset({ code: platform, kind: 'points', platformId: platform });
  await test.amend((document) => ({
    ...document,
    platforms: {
      ...document.platforms,
      ...Object.fromEntries(
        platforms.map((platform, index) => [platform, { multiplier: `1.0${index}` }]),
      ),
    },
  }));
  const ann = test.member();
  for (const platform of platforms) await test.earn(platform, ann, 1_000_000n);
  const windows = createTestSettlement(test, database);
  let killed = 0;
  for (let round = 0; round < (long ? 30 : 6); round += 1) {
    for (const platform of platforms)
      await test.transfer(
        platform,
        ann,
        BigInt(random.int(10, 900)),
        random.pick(platforms.filter((other) => other !== platform)),
        ann,
      );
    const child = spawn(
      process.execPath,
      [
        new URL('../fixtures/settle-process.ts', import.meta.url).pathname,
        JSON.stringify({ url: database.url, rounds: 1 }),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    // After so many lines: before the close, after it, or with so many payments made.
    let left = random.int(1, 14);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      left -= chunk.split('\n').length - 1;
      if (left <= 0) child.kill('SIGKILL');
    });
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
    if (signal === 'SIGKILL') killed += 1;
  }
  expect(killed).toBeGreaterThan(2);
  // Whoever comes next finishes it.
  await windows.close();
  for (const state of ['proposed', 'closed'] as const) {
    for (const { windowId } of (await windows.settlement.list(1_000, 1_000, state)).toReversed()) {
      if (state === 'proposed')
        expect(await windows.settlement.approve({ windowId, operatorId: CHECKER })).toMatchObject({
          ok: true,
        });
      else await windows.settle(windowId);
    }
  }
  await windows.settlement.follow();
  expect(
    (await windows.settlement.list(1_000, 1_000))
      .filter(({ state }) => state !== 'settled')
      .map(({ state }) => state),
  ).toEqual(['open']);
  const { rows: wrong } = await database.pool.query(
    `select coalesce(t.details ->> 'window_id', o.window_id::text) as window, o.participant,
        count(t.*) as payments from clearing.obligation o
       full join (select * from ledger.transaction
         where kind = 'settle') t on t.transaction_id = o.transaction_id and -t.amount = -o.amount
      group by 1, 2 having count(t.*) <> 1 or count(o.*) <> 1`,
  );
  expect(wrong).toEqual([]);
  const { rows: left } = await database.pool.query(
    `select owner_id from ledger.account where purpose in ('position', 'rounding') group by 1
        having sum(credits_posted - debits_posted) <> 0`,
  );
  expect(left).toEqual([]);
  await expectComplete(windows);
  await expectSound(database.pool);
});

const CAP = 1_000n;

/** What a platform owes, posted and pending. */
async function usedOf(test: TestLedger, platform: PlatformId): Promise<bigint> {
  return (
    (
      await test.ledger.findCap(
        platformOwnerId(platform),
        test.ledger.settlementAsset().assetId,
        'position',
      )
    )?.used ?? 0n
  );
}

it('a creditor is not paid while that would take it beyond its cap because of later windows; once it has paid those, it is', async () => {
  const [test] = await start(1, 3);
  const windows = createTestSettlement(test, database);
  const ann = test.member();
  for (const platform of PLATFORMS) await test.earn(platform, ann, 100_000n);
  await test.cap('platform_a', CAP);
  await test.transfer('platform_d', ann, 900n, 'platform_a', ann);
  const first = await windows.close();
  await test.transfer('platform_a', ann, 1_700n, 'platform_d', ann);
  const second = await windows.close();
  expect(await usedOf(test, 'platform_a' as PlatformId)).toBe(800n);
  expect(await windows.settle(first)).toBe('settling');
  const obligations = async () => {
    const found = await windows.settlement.find(first);
    return found.ok
      ? found.value.obligations.map(({ participant, state, problem }) => [
          participant,
          state,
          problem?.split(':')[0],
        ])
      : [];
  };
  expect(await obligations()).toEqual([
    ['platform_d', 'paid', undefined],
    ['platform_a', 'approved', 'insufficient_reserve'],
  ]);
  expect(await windows.settle(second)).toBe('settled');
  test.clock.advance(31_000);
  await windows.settlement.follow();
  expect(await obligations()).toEqual([
    ['platform_d', 'paid', undefined],
    ['platform_a', 'paid', undefined],
  ]);
  expect(await usedOf(test, 'platform_a' as PlatformId)).toBe(0n);
  await expectSound(database.pool);
});

it('windows settled in any order, while everything is posted on, never take a position beyond its cap', async () => {
  const [test] = await start(1, 4);
  const windows = createTestSettlement(test, database);
  const random = createRandom(seed + 7);
  const members = Array.from({ length: 5 }, () => test.member());
  for (const platform of PLATFORMS) {
    for (const member of members) await test.earn(platform, member, 10_000_000n);
    await test.cap(platform, CAP);
  }
  const codes: Record<string, number> = {};
  for (let step = 0; step < (long ? 2_000 : 250); step += 1) {
    const what = random.int(1, 100);
    if (what <= 75) {
      const [from, to] = [random.pick(PLATFORMS), random.pick(PLATFORMS)];
      if (from !== to) {
        const outcome = await test.transfer(
          from,
          random.pick(members),
          BigInt(random.int(50, 700)),
          to,
          random.pick(members),
        );
        const code = outcome.ok ? 'posted' : outcome.problem.code;
        codes[code] = (codes[code] ?? 0) + 1;
      }
    } else if (what <= 85) await windows.close();
    else {
      const closed = await windows.settlement.list(1_000_000, 1_000, 'closed');
      if (closed.length > 0) await windows.settle(random.pick(closed).windowId);
      test.clock.advance(31_000);
      await windows.settlement.follow();
    }
    for (const platform of PLATFORMS) expect(await usedOf(test, platform)).toBeLessThanOrEqual(CAP);
  }
  expect(codes['posted']).toBeGreaterThan(20);
  // In the end everything can be settled: whatever one window leaves standing, another one takes
  // away.
  await windows.close();
  for (const { windowId } of await windows.settlement.list(1_000_000, 1_000, 'closed'))
    await windows.settle(windowId);
  for (let round = 0; round < 50; round += 1) {
    test.clock.advance(31_000);
    await windows.settlement.follow();
  }
  expect(
    (await windows.settlement.list(1_000_000, 1_000, 'settling')).map(({ windowId }) => windowId),
  ).toEqual([]);
  for (const platform of PLATFORMS) expect(await usedOf(test, platform)).toBe(0n);
  await expectComplete(windows);
  await expectSound(database.pool);
});
