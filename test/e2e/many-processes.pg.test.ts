// Several processes on one database write the same members and buckets at once, as if they were
// one.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bucketOf, platformOwnerId, type PlatformId } from '../../src/kernel/ids.ts';
import type { Outcome } from '../../src/ledger/ledger.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectAsAnswered, expectSound, readJournal } from '../fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import type { LoadOptions } from '../fixtures/load-process.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';
import { times, Traffic } from '../fixtures/traffic.ts';

const seed = seedOf('many processes');
const PLATFORMS = ['platform_a', 'platform_b', 'platform_c'] as PlatformId[];

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

async function rewardsOf(test: TestLedger, stock: bigint): Promise<Map<PlatformId, number>> {
  const rewards = new Map<PlatformId, number>();
  for (const platformId of PLATFORMS)
    rewards.set(platformId, (await test.reward(platformId, stock)).assetId);
  return rewards;
}

describe.each([
  [2, 1],
  [2, 4],
  [3, 4],
])('%i ledgers on %i buckets', (count, bucketCount) => {
  it('keep every invariant and every answer under traffic of all kinds on the same members', async () => {
    const ledgers = await start(count, bucketCount);
    const members = Array.from({ length: 6 }, () => ledgers[0].member());
    const rewards = await rewardsOf(ledgers[0], 100n);
    await ledgers[0].cap('platform_c', 3_000n);
    // Others learn of new assets within a second.
    await Promise.all(
      ledgers.map((test) =>
        test.ledger.registerAsset({
          code: 'platform_a',
          kind: 'points',
          platformId: PLATFORMS[0] ?? null,
        }),
      ),
    );
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
    await Promise.all(
      all.map((traffic, index) =>
        traffic.run(ledgers[index]?.ledger ?? ledgers[0].ledger, 24, times(long ? 20_000 : 900)),
      ),
    );
    const asked = all.flatMap((traffic) => traffic.asked);
    expect(asked.filter(({ outcome }) => !outcome.ok && outcome.problem.retryable)).toEqual([]);
    await expectAsAnswered(database.pool, asked);
    await expectSound(database.pool);
  });

  it('never pass a cap that all of them draw on, and draw it to the last unit', async () => {
    const ledgers = await start(count, bucketCount);
    const members = Array.from({ length: 30 }, () => ledgers[0].member());
    for (const member of members) await ledgers[0].earn('platform_d', member, 100_000n);
    await ledgers[0].cap('platform_d', 10_000n);
    const drawn = await Promise.all(
      ledgers.flatMap((test) =>
        members.flatMap((member) =>
          Array.from({ length: 4 }, () =>
            test.transfer('platform_d', member, 100n, 'platform_a', member),
          ),
        ),
      ),
    );
    const codes = new Set(drawn.map((outcome) => (outcome.ok ? 'posted' : outcome.problem.code)));
    expect([...codes].sort()).toEqual(['insufficient_reserve', 'posted']);
    const used = async (): Promise<bigint | undefined> =>
      (
        await ledgers[0].ledger.findCap(
          platformOwnerId('platform_d' as PlatformId),
          ledgers[0].ledger.settlementAsset().assetId,
          'position',
        )
      )?.used;
    expect(await used()).toBe(100n * BigInt(drawn.filter((outcome) => outcome.ok).length));
    // The last room is found by whoever asks, wherever it lies.
    await new Promise((done) => setTimeout(done, 150));
    const last = await Promise.all(
      ledgers.flatMap((test) =>
        members.map((member) => test.transfer('platform_d', member, 100n, 'platform_a', member)),
      ),
    );
    expect(100 * [...drawn, ...last].filter((outcome) => outcome.ok).length).toBe(10_000);
    await expectSound(database.pool);
  });
});

it('one process gives out what another has put back', async () => {
  const [here, there] = await start(2, 8);
  if (there === undefined) throw new Error('no second ledger');
  const reward = await here.reward('platform_a', 8n);
  await there.ledger.registerAsset(reward);
  const members = Array.from({ length: 64 }, () => here.member());
  for (const member of members) await here.earn('platform_a', member, 1_000n);
  const redeem = (test: TestLedger, index: number): Promise<Outcome> =>
    test.submit('platform_a', members[index] ?? test.member(), {
      kind: 'redeem',
      amount: 1n,
      rewardAssetId: reward.assetId,
      quantity: 1n,
    });
  // Both see the stock run out.
  const given: Outcome[] = [];
  for (let index = 0; index < 12; index += 1) given.push(await redeem(here, index));
  expect(given.filter((outcome) => outcome.ok).length).toBe(8);
  expect(await redeem(there, 20)).toMatchObject({
    ok: false,
    problem: { code: 'reward_not_available' },
  });
  // One of them takes all back.
  for (const [index, outcome] of given.entries()) {
    if (outcome.ok)
      expect(
        await here.submit('platform_a', members[index] ?? here.member(), {
          kind: 'reverse',
          agreed: true,
          transactionId: outcome.transaction.transactionId,
          reason: 'test',
        }),
      ).toMatchObject({ ok: true });
  }
  await new Promise((done) => setTimeout(done, 150));
  const again: Outcome[] = [];
  for (let index = 30; index < 42; index += 1) again.push(await redeem(there, index));
  expect(again.filter((outcome) => outcome.ok).length).toBe(8);
  await expectSound(database.pool);
});

it('one process refuses nothing because of what it remembers of a bucket that another has written since', async () => {
  const [here, there] = await start(2, 8);
  if (there === undefined) throw new Error('no second ledger');
  const ann = here.member();
  let bob = here.member();
  while (bucketOf(bob, 8) === bucketOf(ann, 8)) bob = here.member();
  await here.earn('platform_a', ann, 100n);
  const sent = await here.transfer('platform_a', ann, 100n, 'platform_a', bob);
  if (!sent.ok) throw new Error('not sent');
  expect(
    await here.submit('platform_a', bob, { kind: 'adjust', amount: -100n, reason: 'spent' }),
  ).toMatchObject({ ok: true });
  await there.earn('platform_a', bob, 100n);
  const reverse = {
    kind: 'reverse',
    agreed: true,
    transactionId: sent.transaction.transactionId,
    clawback: 'refuse',
    reason: 'test',
  } as const;
  expect(await here.submit('platform_a', ann, reverse)).toMatchObject({ ok: true });
  await expectSound(database.pool);
});

it('a program of its own and this one write the same members at once', async () => {
  const [here] = await start(1, 4);
  const members = Array.from({ length: 5 }, () => here.member());
  const rewards = await rewardsOf(here, 100n);
  const count = long ? 20_000 : 1_500;
  const options: LoadOptions = {
    url: database.url,
    seed: seed + 1,
    members,
    rewards: [...rewards],
    keyPrefix: 'there/',
    clients: 16,
    count,
    plain: false,
  };
  const child = spawn(
    process.execPath,
    [new URL('../fixtures/load-process.ts', import.meta.url).pathname, JSON.stringify(options)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const traffic = new Traffic({
    random: createRandom(seed),
    members,
    platforms: PLATFORMS,
    rewards,
    keyPrefix: 'here/',
    dayIn: here.dayIn,
  });
  const ended = once(child, 'exit');
  await traffic.run(here.ledger, 16, () => child.exitCode === null);
  expect(await ended).toEqual([0, null]);
  const lines = said.trim().split('\n');
  expect(lines.filter((line) => /^[+-]/.test(line)).length).toBe(count);
  const acknowledged = lines
    .filter((line) => line.startsWith('+'))
    .map((line) => line.split(' ')[2] ?? '');
  expect(acknowledged.length).toBeGreaterThan(count / 4);
  const theirs = new Set(acknowledged);
  await expectAsAnswered(database.pool, traffic.asked, (row) => theirs.has(row.transaction_id));
  const journal = await readJournal(database.pool);
  expect(acknowledged.filter((id) => !journal.has(id as never))).toEqual([]);
  await expectSound(database.pool);
});
