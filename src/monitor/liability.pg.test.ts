// A liability report agrees with members' balances, with itself, and with sums made by hand.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { liveThrough } from '../../test/fixtures/eventful-ledger.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import { createRandom, seedOf } from '../../test/fixtures/seed.ts';
import { times, Traffic } from '../../test/fixtures/traffic.ts';
import type { MemberId, TransactionId } from '../kernel/ids.ts';
import type { Outcome } from '../ledger/ledger.ts';
import { reportLiability, type Liability, type PlatformLiability } from './monitor.ts';
import { describeLiability } from '../views/liability.ts';
import { DAY_MS } from '../kernel/time.ts';

const seed = seedOf('liability');

let database: TestDatabase;
let test: TestLedger;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 4 });
});
afterAll(async () => {
  await test?.ledger.close();
  await database?.drop();
});

function posted(outcome: Outcome): TransactionId {
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.transaction.transactionId;
}

const report = (): Promise<Liability> =>
  reportLiability({ pool: database.pool, clock: test.clock, valuation: test.valuation });

async function of(platform: string): Promise<PlatformLiability> {
  const found = (await report()).platforms.find(({ platformId }) => platformId === platform);
  if (found === undefined) throw new Error(`no ${platform}`);
  return found;
}

/** The sum of all accounts of an asset, which should be zero. */
function expectBooksToClose(row: PlatformLiability): void {
  expect(row.outstanding + row.lapsed - row.debt).toBe(
    row.issued +
      row.convertedIn -
      row.redeemed -
      row.convertedAway -
      row.expired -
      row.fees -
      row.clawedBack +
      row.adjusted,
  );
  expect(row.byMonth.reduce((sum, { amount }) => sum + amount, 0n)).toBe(row.outstanding);
  expect(
    row.byMonth.reduce((sum, { month, amount }) => (month === null ? sum : sum + amount), 0n),
  ).toBe(row.breakage.ending);
}

describe('a liability report', () => {
  it('has nothing to say of breakage while nothing was used or expired', async () => {
    expect(await of('platform_a')).toMatchObject({
      issued: 0n,
      outstanding: 0n,
      byMonth: [],
      breakage: { rate: null, estimate: null },
    });
  });

  it('adds up what was done, by hand', async () => {
    const ann = test.member();
    await test.amend((document) => ({
      ...document,
      rules: {
        fee: { kind: 'fee', fee: { rate: '0.1', on: 'source' } },
        kept: { kind: 'fee', fee: { flat: '0.05', on: 'target' } },
      },
      settings: { ...document.settings, fees: 'all' },
    }));
    const soon = test.dayIn(10);
    posted(await test.submit('platform_a', ann, { kind: 'earn', amount: 1_000n, expiresOn: soon }));
    posted(await test.submit('platform_a', ann, { kind: 'earn', amount: 500n }));
    // 300 less a fee of 30 is 270, worth 225 on platform_b, which keeps 5. All of it comes from
    // points with an end.
    posted(await test.transfer('platform_a', ann, 300n, 'platform_b', ann));
    // The same to another member, and a third of it is reversed: 74 of 220 credited points, 2 of
    // the fee of 5.
    const gift = posted(await test.transfer('platform_a', ann, 300n, 'platform_b', test.member()));
    posted(
      await test.submit('platform_a', ann, {
        kind: 'reverse',
        agreed: true,
        transactionId: gift,
        amount: 100n,
        reason: 'in part',
      }),
    );
    const reward = await test.reward('platform_a', 10n);
    const redeemed = posted(
      await test.submit('platform_a', ann, {
        kind: 'redeem',
        amount: 200n,
        rewardAssetId: reward.assetId,
        quantity: 2n,
      }),
    );
    posted(
      await test.submit('platform_a', ann, {
        kind: 'reverse',
        transactionId: redeemed,
        amount: 100n,
        reason: 'one back',
      }),
    );
    posted(
      await test.submit('platform_a', ann, { kind: 'hold', amount: 40n, expiresInMs: 20 * DAY_MS }),
    );
    posted(await test.submit('platform_a', ann, { kind: 'adjust', amount: 7n, reason: 'sorry' }));
    const a = await of('platform_a');
    expectBooksToClose(a);
    expect(a).toMatchObject({
      issued: 1_500n,
      convertedIn: 0n,
      convertedAway: 270n + 180n,
      fees: 30n + 20n,
      redeemed: 100n,
      expired: 0n,
      adjusted: 7n,
      clawedBack: 0n,
      debt: 0n,
      outstanding: 1_500n + 7n - 300n - 200n - 100n,
      held: 40n,
      lapsed: 0n,
      breakage: {
        redeemed: 300n + 200n + 100n,
        expired: 0n,
        rate: '0',
        ending: 400n,
        estimate: 0n,
      },
      // A point of multiplier 1 is worth one hundredth.
      pointValue: '0.01',
      value: 907n,
    });
    expect(a.byMonth).toEqual([
      { month: soon.slice(0, 7), amount: 400n },
      { month: null, amount: 507n },
    ]);
    const b = await of('platform_b');
    expectBooksToClose(b);
    expect(b).toMatchObject({
      issued: 0n,
      convertedIn: 225n + 149n,
      fees: 5n + 3n,
      outstanding: 220n + 146n,
    });

    // The hold keeps its 40 points beyond their last day; the other 360 lapse, and expire with the
    // sweep.
    test.clock.advance(11 * DAY_MS);
    expect(await of('platform_a')).toMatchObject({ lapsed: 360n, outstanding: 547n, expired: 0n });
    await test.ledger.sweep();
    const after = await of('platform_a');
    expectBooksToClose(after);
    expect(after).toMatchObject({
      lapsed: 0n,
      outstanding: 547n,
      expired: 360n,
      breakage: { ending: 40n, rate: '0.375', estimate: 15n },
    });
    const view = describeLiability(await report());
    expect(view.platforms[0]).toMatchObject({
      platform_id: 'platform_a',
      outstanding: '5.47',
      value: '0.0547',
      by_month: [
        { month: soon.slice(0, 7), amount: '0.40' },
        { month: 'never', amount: '5.07' },
      ],
    });
  });

  it('counts lapsed points of a reversed earn neither as expired nor as used', async () => {
    const before = await of('platform_d');
    const ann = test.member();
    const earned = posted(
      await test.submit('platform_d', ann, {
        kind: 'earn',
        amount: 100n,
        expiresOn: test.dayIn(0),
      }),
    );
    posted(await test.transfer('platform_d', ann, 30n, 'platform_a', ann));
    test.clock.advance(2 * DAY_MS);
    await test.ledger.sweep();
    expect(await of('platform_d')).toMatchObject({
      expired: before.expired + 70n,
      breakage: { redeemed: before.breakage.redeemed + 30n },
    });
    posted(
      await test.submit('platform_d', ann, {
        kind: 'reverse',
        transactionId: earned,
        reason: 'returned',
      }),
    );
    const after = await of('platform_d');
    expectBooksToClose(after);
    expect(after).toMatchObject({
      issued: before.issued,
      expired: before.expired,
      debt: before.debt + 30n,
      breakage: { redeemed: before.breakage.redeemed + 30n, expired: before.breakage.expired },
    });
  });

  it('of one platform is the same as among all', async () => {
    const parts = { pool: database.pool, clock: test.clock, valuation: test.valuation };
    const { platforms } = await reportLiability(parts, test.id('platform_b'));
    expect(platforms).toEqual([await of('platform_b')]);
  });

  it('agrees with the balances of all members, whatever happened', async () => {
    const random = createRandom(seed);
    await test.amend((document) => ({ ...document, rules: {} }));
    await liveThrough(test);
    const members = Array.from({ length: 10 }, () => test.member());
    const platforms = ['platform_a', 'platform_b', 'platform_c'].map(test.id);
    const rewards = new Map(
      await Promise.all(
        platforms.map(
          async (platform) => [platform, (await test.reward(platform, 10_000n)).assetId] as const,
        ),
      ),
    );
    const traffic = new Traffic({
      random,
      members,
      platforms,
      rewards,
      keyPrefix: 'l',
      dayIn: test.dayIn,
    });
    for (let round = 0; round < 5; round += 1) {
      await traffic.run(test.ledger, 4, times(200));
      test.clock.advance(random.int(1, 20) * DAY_MS);
      if (random.chance(0.6)) await test.ledger.sweep();
    }
    await traffic.run(test.ledger, 4, times(300));
    const cid = test.member();
    posted(await test.earn('platform_c', cid, 100n));
    posted(
      await test.submit('platform_c', cid, { kind: 'hold', amount: 60n, expiresInMs: DAY_MS }),
    );
    posted(
      await test.submit('platform_c', cid, { kind: 'clawback', amount: 70n, clawback: 'debt' }),
    );
    const { rows } = await database.pool.query<{ owner_id: MemberId }>(
      `select distinct owner_id from ledger.account where purpose in ('lot', 'debt')`,
    );
    const { platforms: reported } = await report();
    for (const row of reported) {
      expectBooksToClose(row);
      const balances = await Promise.all(
        rows.map(({ owner_id }) => test.ledger.getBalance(owner_id, row.platformId)),
      );
      const sum = (field: 'balance' | 'held' | 'debt'): bigint =>
        balances.reduce((total, balance) => total + balance[field], 0n);
      expect([row.outstanding - row.debt, row.held, row.debt]).toEqual([
        sum('balance'),
        sum('held'),
        sum('debt'),
      ]);
    }
    for (const field of ['debt', 'held', 'expired', 'convertedIn', 'redeemed'] as const)
      expect(reported.some((row) => row[field] > 0n)).toBe(true);
  });
});
