// The ledger on a real database: what is posted, what is refused, what is repeated.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bucket } from '../kernel/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';

let database: TestDatabase;
let test: TestLedger;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 8 });
});
afterAll(async () => {
  await test?.ledger.close();
  await database?.drop();
});

describe('posting', () => {
  it('earns, converts and shows balances and history', async () => {
    const ann = test.member();
    const earned = await test.earn('platform_a', ann, 100_000n);
    expect(earned).toMatchObject({
      ok: true,
      replayed: false,
      transaction: { kind: 'earn', amount: 100_000n, balanceAfter: 100_000n },
    });
    const converted = await test.transfer('platform_a', ann, 100_000n, 'platform_b', ann);
    expect(converted).toMatchObject({
      ok: true,
      transaction: {
        kind: 'conversion',
        credited: 83_333n,
        balanceAfter: 0n,
        targetBalanceAfter: 83_333n,
        rate: '0.83333333',
      },
    });
    expect(await test.ledger.getBalance(ann, test.id('platform_b'))).toMatchObject({
      balance: 83_333n,
      available: 83_333n,
      held: 0n,
    });
    const history = await test.ledger.listHistory(ann, test.id('platform_a'), { limit: 10 });
    expect(history.transactions.map((row) => row.kind)).toEqual(['conversion', 'earn']);
  });

  it('refuses an overdraft and posts nothing', async () => {
    const ann = test.member();
    await test.earn('platform_a', ann, 500n);
    expect(await test.transfer('platform_a', ann, 501n, 'platform_b', ann)).toMatchObject({
      ok: false,
      problem: { code: 'insufficient_balance' },
    });
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      balance: 500n,
    });
  });

  it('gives the first result again for the same key, also when the balance would now refuse it', async () => {
    const ann = test.member();
    await test.earn('platform_a', ann, 500n);
    const first = await test.transfer('platform_a', ann, 500n, 'platform_b', ann, 'k1');
    const again = await test.transfer('platform_a', ann, 500n, 'platform_b', ann, 'k1');
    expect(first).toMatchObject({ ok: true, replayed: false });
    expect(again).toMatchObject({ ok: true, replayed: true });
    expect(
      again.ok && first.ok && again.transaction.transactionId === first.transaction.transactionId,
    ).toBe(true);
    const other = await test.transfer('platform_a', ann, 400n, 'platform_b', ann, 'k1');
    expect(other).toMatchObject({
      ok: false,
      problem: { code: 'idempotency_key_reused', extra: { field: 'amount' } },
    });
  });

  it('moves points between members of different buckets', async () => {
    for (let round = 0; round < 20; round += 1) {
      const [ann, bob] = [test.member(), test.member()];
      await test.earn('platform_a', ann, 1_000n);
      expect(await test.transfer('platform_a', ann, 400n, 'platform_a', bob)).toMatchObject({
        ok: true,
      });
      expect(await test.transfer('platform_a', ann, 600n, 'platform_c', bob)).toMatchObject({
        ok: true,
        transaction: { credited: 750n },
      });
      expect(await test.ledger.getBalance(bob, test.id('platform_a'))).toMatchObject({
        balance: 400n,
      });
      expect(await test.ledger.getBalance(bob, test.id('platform_c'))).toMatchObject({
        balance: 750n,
      });
    }
  });
});

describe('following the journal', () => {
  it('gives first legs of the kinds asked for, in order, by bounded steps, and every one of them once', async () => {
    const members = Array.from({ length: 12 }, () => test.member());
    const posted: string[] = [];
    for (const [index, member] of members.entries()) {
      await test.earn('platform_a', member, 1_000n);
      const moved = await test.transfer(
        'platform_a',
        member,
        100n,
        'platform_b',
        members[(index + 1) % members.length] ?? member,
      );
      if (!moved.ok) continue;
      const { transactionId } = moved.transaction;
      const reversed = await test.submit('platform_a', member, {
        kind: 'reverse',
        transactionId,
        amount: 40n,
        reason: 'in part',
      });
      expect(await test.ledger.getReversed(transactionId)).toBe(40n);
      posted.push(transactionId, reversed.ok ? reversed.transaction.transactionId : '');
    }
    expect(posted).toHaveLength(24);
    const found: string[] = [];
    for (let bucket = 0; bucket < test.ledger.bucketCount(); bucket += 1) {
      for (let cursor = 0n; ;) {
        const { legs, through } = await test.ledger.listAfter(
          bucket as Bucket,
          cursor,
          ['conversion', 'reverse'],
          3,
        );
        expect(
          legs.every(({ leg, sequence }) => leg === 0 && sequence > cursor && sequence <= through),
        ).toBe(true);
        expect(legs.map(({ sequence }) => sequence)).toEqual(
          legs.map(({ sequence }) => sequence).toSorted((a, b) => (a < b ? -1 : 1)),
        );
        expect(through - cursor).toBeLessThanOrEqual(3n);
        if (through === cursor) break;
        found.push(...legs.map(({ transactionId }) => transactionId));
        cursor = through;
      }
    }
    expect(found.filter((id) => posted.includes(id)).sort()).toEqual(posted.toSorted());
    expect(new Set(found).size).toBe(found.length);
  });

  it('tells how much of its allowances a member has used', async () => {
    await test.amend((document) => ({
      ...document,
      rules: {
        ...document.rules,
        of_each: {
          kind: 'limit',
          operations: ['transfer'],
          limit: { maximum: '5', measure: 'count', per: 'day', of: 'member' },
        },
      },
    }));
    const [ann, bob] = [test.member(), test.member()];
    await test.earn('platform_d', ann, 100n);
    for (let index = 0; index < 3; index += 1)
      await test.transfer('platform_d', ann, 1n, 'platform_d', bob);
    const assetId = test.ledger.assets().find(({ code }) => code === 'limit:of_each')?.assetId ?? 0;
    const allowances = [
      { assetId, until: test.dayIn(0) },
      { assetId, until: test.dayIn(1) },
    ];
    expect(await test.ledger.listUsed(ann, allowances)).toEqual([3n, 0n]);
    expect(await test.ledger.listUsed(bob, allowances)).toEqual([0n, 0n]);
    expect(await test.ledger.listUsed(bob, [])).toEqual([]);
    await test.amend(({ rules: { of_each: _taken, ...rules }, ...document }) => ({
      ...document,
      rules,
    }));
  });
});

async function readSoFar({ pool }: TestDatabase): Promise<number> {
  const { rows } = await pool.query<{ read: bigint }>(
    `select sum(idx_tup_read)::bigint as read from pg_stat_user_indexes where schemaname = 'ledger'`,
  );
  return Number(rows[0]?.read ?? 0n);
}

/** A lane has reported its figures by the time its backend has ended. */
async function readAfterLanes(on: TestDatabase): Promise<number> {
  const lanes = `select 1 from pg_stat_activity where application_name like 'pontis lane%'
      and datname = current_database()`;
  await expect.poll(async () => (await on.pool.query(lanes)).rowCount).toBe(0);
  return readSoFar(on);
}

describe('plans', () => {
  it('read the accounts that a posting moves and not the whole bucket, although they were made on empty tables', async () => {
    await using other = await createTestDatabase();
    const { ledger, member, earn, transfer } = await createTestLedger(other, {
      bucketCount: 1,
      lanes: 1,
    });
    const members = Array.from({ length: 2_000 }, () => member());
    await Promise.all(members.map((one) => earn('platform_a', one, 1_000n)));
    const before = await readSoFar(other);
    const postings = 100;
    for (const one of members.slice(0, postings))
      await transfer('platform_a', one, 100n, 'platform_b', one);
    await ledger.close();
    const read = (await readAfterLanes(other)) - before;
    expect(read).toBeGreaterThan(postings);
    expect(read).toBeLessThan(postings * 50);
  });

  it('of a reversal read the rows that let points lapse and not all of the member', async () => {
    await using other = await createTestDatabase();
    const { ledger, member, earn, submit, clock, dayIn } = await createTestLedger(other, {
      bucketCount: 1,
      lanes: 1,
    });
    const ann = member();
    const earned = await submit('platform_a', ann, {
      kind: 'earn',
      amount: 100n,
      expiresOn: dayIn(0),
    });
    await Promise.all(Array.from({ length: 2_000 }, () => earn('platform_a', ann, 10n)));
    clock.advance(2 * 86_400_000);
    await ledger.sweep();
    if (!earned.ok) throw new Error(earned.problem.detail);
    const before = await readSoFar(other);
    const parts = 20;
    const { transactionId } = earned.transaction;
    for (let part = 0; part < parts; part += 1) {
      expect(
        await submit('platform_a', ann, {
          kind: 'reverse',
          transactionId,
          amount: 1n,
          reason: 'in part',
        }),
      ).toMatchObject({ ok: true });
    }
    await ledger.close();
    expect((await readAfterLanes(other)) - before).toBeLessThan(parts * 100);
  });
});

describe('holds', () => {
  it('captures a part once and gives the rest back', async () => {
    const ann = test.member();
    await test.earn('platform_a', ann, 1_000n);
    const held = await test.submit('platform_a', ann, {
      kind: 'hold',
      amount: 700n,
      expiresInMs: 60_000,
    });
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      balance: 1_000n,
      available: 300n,
      held: 700n,
    });
    if (!held.ok) throw new Error('not held');
    const holdId = held.transaction.transactionId;
    expect(
      await test.submit('platform_a', ann, { kind: 'capture', holdId, amount: 200n }),
    ).toMatchObject({ ok: true });
    expect(await test.submit('platform_a', ann, { kind: 'capture', holdId })).toMatchObject({
      ok: false,
      problem: { code: 'hold_resolved' },
    });
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      balance: 800n,
      available: 800n,
      held: 0n,
    });
  });

  it('is released by the timer', async () => {
    const ann = test.member();
    await test.earn('platform_a', ann, 1_000n);
    await test.submit('platform_a', ann, { kind: 'hold', amount: 700n, expiresInMs: 1_000 });
    test.clock.advance(2_000);
    expect((await test.ledger.sweep()).released).toBe(1);
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      available: 1_000n,
      held: 0n,
    });
  });
});

describe('reversal', () => {
  it('restores both sides of a conversion in parts that add up', async () => {
    const [ann, bob] = [test.member(), test.member()];
    await test.earn('platform_a', ann, 1_000n);
    const sent = await test.transfer('platform_a', ann, 1_000n, 'platform_b', bob);
    if (!sent.ok) throw new Error('not sent');
    const transactionId = sent.transaction.transactionId;
    for (const amount of [333n, 333n, undefined]) {
      expect(
        await test.submit('platform_a', ann, {
          kind: 'reverse',
          transactionId,
          amount,
          reason: 'test',
        }),
      ).toMatchObject({ ok: true });
    }
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      balance: 1_000n,
    });
    expect(await test.ledger.getBalance(bob, test.id('platform_b'))).toMatchObject({ balance: 0n });
    expect(
      await test.submit('platform_a', ann, { kind: 'reverse', transactionId, reason: 'test' }),
    ).toMatchObject({ ok: false, problem: { code: 'already_reversed' } });
  });

  it('lets the member owe what is already spent, and later earns repay it', async () => {
    const ann = test.member();
    const earned = await test.earn('platform_a', ann, 1_000n);
    if (!earned.ok) throw new Error('not earned');
    await test.transfer('platform_a', ann, 900n, 'platform_b', ann);
    expect(
      await test.submit('platform_a', ann, {
        kind: 'reverse',
        transactionId: earned.transaction.transactionId,
        reason: 'refund',
      }),
    ).toMatchObject({ ok: true });
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      balance: -900n,
      available: 0n,
      debt: 900n,
    });
    await test.earn('platform_a', ann, 1_000n);
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      balance: 100n,
      available: 100n,
      debt: 0n,
    });
  });
});

describe('caps over stripes', () => {
  it('gives out a stock of 100 exactly 100 times', async () => {
    const reward = await test.reward('platform_a', 100n);
    const members = Array.from({ length: 300 }, () => test.member());
    await Promise.all(members.map((member) => test.earn('platform_a', member, 1_000n)));
    const outcomes = await Promise.all(
      members.map((member) =>
        test.submit('platform_a', member, {
          kind: 'redeem',
          amount: 1_000n,
          rewardAssetId: reward.assetId,
          quantity: 1n,
        }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.ok).length).toBe(100);
    expect(
      outcomes.filter((outcome) => !outcome.ok && outcome.problem.code === 'reward_not_available')
        .length,
    ).toBe(200);
  });

  it('stops conversions at the net debit cap, to the last minor unit', async () => {
    const ann = test.member();
    await test.earn('platform_d', ann, 10_000_000n);
    await test.cap('platform_d', 5_000_000n);
    const amounts = Array.from({ length: 60 }, () => 100_000n);
    const outcomes = await Promise.all(
      amounts.map((amount) =>
        test.transfer('platform_d', ann, amount, 'platform_a', test.member()),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.ok).length).toBe(50);
    expect(
      outcomes.filter((outcome) => !outcome.ok && outcome.problem.code === 'insufficient_reserve')
        .length,
    ).toBe(10);
  });
});

describe('expiry', () => {
  it('spends the earliest expiry first, carries it through a conversion, and expires what is left', async () => {
    const ann = test.member();
    const [soon, late] = [test.dayIn(10), test.dayIn(100)];
    await test.submit('platform_a', ann, { kind: 'earn', amount: 500n, expiresOn: late });
    await test.submit('platform_a', ann, { kind: 'earn', amount: 300n, expiresOn: soon });
    expect(await test.transfer('platform_a', ann, 400n, 'platform_b', ann)).toMatchObject({
      ok: true,
    });
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      expiring: [{ expiresOn: late, amount: 400n }],
    });
    expect(await test.ledger.getBalance(ann, test.id('platform_b'))).toMatchObject({
      expiring: [
        { expiresOn: soon, amount: 249n },
        { expiresOn: late, amount: 84n },
      ],
    });
    test.clock.advance(11 * 86_400_000);
    expect(await test.ledger.getBalance(ann, test.id('platform_b'))).toMatchObject({
      balance: 84n,
    });
    expect((await test.ledger.sweep()).expired).toBe(1);
    expect((await test.ledger.sweep()).expired).toBe(0);
    expect(await test.ledger.getBalance(ann, test.id('platform_b'))).toMatchObject({
      balance: 84n,
    });
  });
});
