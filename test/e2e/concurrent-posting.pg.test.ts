// Many callers at once on few members: no point is lost, doubled or overdrawn, and everybody is
// told the truth.

import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { MemberId, PlatformId } from '../../src/kernel/ids.ts';
import type { Outcome } from '../../src/ledger/ledger.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectAsAnswered, expectSound, type Asked } from '../fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';
import { times, Traffic } from '../fixtures/traffic.ts';

const seed = seedOf('concurrent posting');
const CLIENTS = 64;
const ROUNDS = long ? 60_000 : 3_000;

describe.each([1, 5])('%i buckets', (bucketCount) => {
  let database: TestDatabase;
  let test: TestLedger;
  beforeAll(async () => {
    database = await createTestDatabase();
    test = await createTestLedger(database, { bucketCount });
  });
  afterAll(async () => {
    await test?.ledger.close();
    await database?.drop();
  });

  it('keep every point through overlapping transfers of random amounts', async () => {
    const random = createRandom(seed);
    const members = Array.from({ length: 6 }, () => test.member());
    const asked: Asked[] = [];
    const told = new Map<MemberId, bigint>();
    for (const memberId of members) {
      const command = {
        kind: 'earn',
        platformId: test.id('platform_a'),
        memberId,
        amount: 5_000n,
        key: 'start',
      } as const;
      asked.push({ command, outcome: await test.ledger.submit(command) });
      told.set(memberId, 5_000n);
    }
    const more = times(ROUNDS);
    let count = 0;
    const client = async (): Promise<void> => {
      while (more()) {
        const [memberId, toMemberId] = [random.pick(members), random.pick(members)];
        const amount = BigInt(random.int(1, 3_000));
        const command = {
          kind: 'transfer',
          platformId: test.id('platform_a'),
          targetPlatformId: test.id('platform_a'),
          memberId,
          toMemberId,
          amount,
          key: String((count += 1)),
        } as const;
        const outcome = await test.ledger.submit(command);
        asked.push({ command, outcome });
        if (!outcome.ok) continue;
        told.set(memberId, (told.get(memberId) ?? 0n) - amount);
        told.set(toMemberId, (told.get(toMemberId) ?? 0n) + amount);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    const codes = new Set(
      asked.map(({ outcome }) => (outcome.ok ? 'posted' : outcome.problem.code)),
    );
    expect([...codes].sort()).toEqual(['insufficient_balance', 'posted', 'same_account']);
    for (const memberId of members) {
      const { balance, available } = await test.ledger.getBalance(memberId, test.id('platform_a'));
      expect([balance, available]).toEqual([told.get(memberId), told.get(memberId)]);
      expect(balance).toBeGreaterThanOrEqual(0n);
    }
    expect([...told.values()].reduce((a, b) => a + b, 0n)).toBe(30_000n);
    await expectAsAnswered(database.pool, asked);
    await expectSound(database.pool);
  });
});

describe('all kinds of commands at once', () => {
  let database: TestDatabase;
  let test: TestLedger;
  let asked: Asked[];
  beforeEach(async () => {
    database = await createTestDatabase();
    test = await createTestLedger(database, { bucketCount: 4 });
    asked = [];
  });
  afterEach(async () => {
    await test?.ledger.close();
    await database?.drop();
  });

  const ask = async (command: Asked['command']): Promise<Outcome> => {
    const outcome = await test.ledger.submit(command);
    asked.push({ command, outcome });
    return outcome;
  };
  const a = 'platform_a' as PlatformId;

  it('from 64 callers on a few members and on one leave a sound ledger', async () => {
    for (const count of [5, 1]) {
      const platforms = ['platform_a', 'platform_b', 'platform_c'] as PlatformId[];
      const rewards = new Map<PlatformId, number>();
      for (const platformId of platforms)
        rewards.set(platformId, (await test.reward(platformId, 150n)).assetId);
      if (count === 5) await test.cap('platform_c', 4_000n);
      const traffic = new Traffic({
        random: createRandom(seed + count),
        members: Array.from({ length: count }, () => test.member()),
        platforms,
        rewards,
        keyPrefix: `${count}/`,
        dayIn: test.dayIn,
      });
      await traffic.run(test.ledger, CLIENTS, times(ROUNDS / 2));
      asked.push(...traffic.asked);
      expect(
        traffic.asked.filter(({ outcome }) => !outcome.ok && outcome.problem.retryable),
      ).toEqual([]);
    }
    expect(
      new Set(asked.flatMap(({ command, outcome }) => (outcome.ok ? command.kind : []))).size,
    ).toBe(12);
    await expectAsAnswered(database.pool, asked);
    await expectSound(database.pool);
    const { rows } = await database.pool.query<{ used: bigint; amount: bigint }>(
      `select c.amount, (select -sum(credits_posted - debits_posted) from ledger.account a
          where a.owner_id = c.owner_id and a.asset_id = c.asset_id
          and a.purpose = c.purpose)::bigint as used from ledger.cap c`,
    );
    expect(rows.length).toBe(7);
    for (const { used, amount } of rows) expect(used).toBeLessThanOrEqual(amount);
  });

  it('are all answered truthfully when the ledger is closed among them', async () => {
    const platforms = ['platform_a', 'platform_b'] as PlatformId[];
    const rewards = new Map<PlatformId, number>();
    for (const platformId of platforms)
      rewards.set(platformId, (await test.reward(platformId, 40n)).assetId);
    const traffic = new Traffic({
      random: createRandom(seed),
      members: Array.from({ length: 5 }, () => test.member()),
      platforms,
      rewards,
      keyPrefix: '',
      dayIn: test.dayIn,
    });
    let closing: Promise<void> | undefined;
    const more = times(2_000);
    await traffic.run(
      {
        submit: (command) => {
          if (traffic.asked.length > 900) closing ??= test.ledger.close();
          return test.ledger.submit(command);
        },
      },
      CLIENTS,
      more,
    );
    await closing;
    expect(test.ledger.pending()).toBe(0);
    const codes = traffic.asked.flatMap(({ outcome }) =>
      !outcome.ok && outcome.problem.retryable ? [outcome.problem.code] : [],
    );
    expect(codes.length).toBeGreaterThan(900);
    expect(new Set(codes)).toEqual(new Set(['unavailable']));
    await expectAsAnswered(database.pool, traffic.asked);
    await expectSound(database.pool);
  });

  it('resolve a hold exactly once, whoever comes', async () => {
    for (let round = 0; round < 10; round += 1) {
      const memberId = test.member();
      await ask({ kind: 'earn', platformId: a, memberId, amount: 1_000n, key: 'earn' });
      const held = await ask({
        kind: 'hold',
        platformId: a,
        memberId,
        amount: 600n,
        expiresInMs: 60_000,
        key: 'hold',
      });
      if (!held.ok) throw new Error('not held');
      const holdId = held.transaction.transactionId;
      const outcomes = await many(40, (index) =>
        ask(
          index % 2 === 0
            ? {
                kind: 'capture',
                platformId: a,
                memberId,
                holdId,
                amount: BigInt(10 + index),
                key: `end ${index}`,
              }
            : {
                kind: 'release',
                platformId: a,
                memberId,
                holdId,
                cause: 'caller',
                key: `end ${index}`,
              },
        ),
      );
      expect(posted(outcomes)).toBe(1);
      expect(codesOf(outcomes)).toEqual(['hold_resolved']);
      const winner = outcomes.find((outcome) => outcome.ok);
      const spent =
        winner?.ok === true && winner.transaction.kind === 'capture'
          ? winner.transaction.amount
          : 0n;
      expect(await test.ledger.getBalance(memberId, a)).toMatchObject({
        balance: 1_000n - spent,
        available: 1_000n - spent,
        held: 0n,
      });
    }
    await expectAsAnswered(database.pool, asked);
    await expectSound(database.pool);
  });

  it('never reverse more than there was', async () => {
    const [memberId, toMemberId] = [test.member(), test.member()];
    await ask({ kind: 'earn', platformId: a, memberId, amount: 1_000n, key: 'earn' });
    const sent = await ask({
      kind: 'transfer',
      platformId: a,
      targetPlatformId: 'platform_b' as PlatformId,
      memberId,
      toMemberId,
      amount: 1_000n,
      key: 'send',
    });
    if (!sent.ok) throw new Error('not sent');
    const outcomes = await many(64, (index) =>
      ask({
        kind: 'reverse',
        agreed: true,
        platformId: a,
        memberId,
        transactionId: sent.transaction.transactionId,
        amount: BigInt(31 + (index % 7)),
        reason: 'test',
        key: `reverse ${index}`,
      }),
    );
    const returned = outcomes.reduce(
      (sum, outcome) => sum + (outcome.ok ? outcome.transaction.amount : 0n),
      0n,
    );
    expect(returned).toBeLessThanOrEqual(1_000n);
    expect(returned).toBeGreaterThan(1_000n - 38n);
    expect(codesOf(outcomes)).toEqual(['already_reversed']);
    expect((await test.ledger.getBalance(memberId, a)).balance).toBe(returned);
    await expectAsAnswered(database.pool, asked);
    await expectSound(database.pool);
  });

  it('hand out a stock to the last unit while redemptions come back, and not one more', async () => {
    const reward = await test.reward('platform_a', 40n);
    const members = Array.from({ length: 20 }, () => test.member());
    for (const memberId of members)
      await ask({ kind: 'earn', platformId: a, memberId, amount: 100_000n, key: 'earn' });
    const redeem = (index: number): Promise<Outcome> =>
      ask({
        kind: 'redeem',
        platformId: a,
        memberId: members[index % 20] ?? test.member(),
        amount: 10n,
        rewardAssetId: reward.assetId,
        quantity: BigInt(1 + (index % 3)),
        key: `redeem ${index}`,
      });
    const first = await many(100, redeem);
    const undone = await Promise.all(
      first.flatMap((outcome, index) =>
        outcome.ok && index % 3 === 0
          ? [
              ask({
                kind: 'reverse',
                agreed: true,
                platformId: a,
                memberId: outcome.transaction.memberId,
                transactionId: outcome.transaction.transactionId,
                reason: 'test',
                key: `undo ${index}`,
              }),
              redeem(100 + index),
            ]
          : [],
      ),
    );
    expect(posted(first)).toBeGreaterThanOrEqual(14);
    expect(undone.length).toBeGreaterThan(0);
    // What is left is given out one by one: exactly as many as were not.
    await new Promise((done) => setTimeout(done, 150));
    const used =
      (await test.ledger.findCap(reward.ownerId ?? ('' as never), reward.assetId, 'stock'))?.used ??
      0n;
    const last = await many(60, (index) =>
      ask({
        kind: 'redeem',
        platformId: a,
        memberId: members[index % 20] ?? test.member(),
        amount: 10n,
        rewardAssetId: reward.assetId,
        quantity: 1n,
        key: `last ${index}`,
      }),
    );
    expect(BigInt(posted(last)) + used).toBe(40n);
    await expectAsAnswered(database.pool, asked);
    await expectSound(database.pool);
  });
});

function posted(outcomes: readonly Outcome[]): number {
  return outcomes.filter((outcome) => outcome.ok).length;
}

function codesOf(outcomes: readonly Outcome[]): string[] {
  return [...new Set(outcomes.flatMap((outcome) => (outcome.ok ? [] : outcome.problem.code)))];
}

function many(count: number, one: (index: number) => Promise<Outcome>): Promise<Outcome[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => one(index)));
}
