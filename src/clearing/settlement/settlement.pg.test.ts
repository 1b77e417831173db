// Windows on a ledger: cut while it posts, netted, counted, disputed, paid and resumed; checked
// against sums that share no code with it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { expectSound } from '../../../test/fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../../../test/fixtures/ledger.ts';
import {
  CHECKER,
  createTestSettlement,
  MAKER,
  readNets,
  type TestSettlement,
} from '../../../test/fixtures/settlement.ts';
import type { MemberId, TransactionId } from '../../kernel/ids.ts';
import type { Outcome } from '../../ledger/ledger.ts';
import { dbTransaction } from '../../runtime/database.ts';

let database: TestDatabase;
let test: TestLedger;
let windows: TestSettlement;
let ann: MemberId;
let bob: MemberId;

beforeEach(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 4 });
  windows = createTestSettlement(test, database);
  [ann, bob] = [test.member(), test.member()];
  for (const platform of ['platform_a', 'platform_d', 'platform_c'])
    for (const member of [ann, bob]) await test.earn(platform, member, 1_000_000n);
});
afterEach(async () => {
  await test?.ledger.close();
  await database?.drop();
});

function posted(outcome: Outcome): TransactionId {
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.transaction.transactionId;
}

const convert = async (
  from: string,
  amount: bigint,
  to: string,
  member = ann,
): Promise<TransactionId> => posted(await test.transfer(from, member, amount, to, member));
const reverse = async (
  platform: string,
  transactionId: TransactionId,
  amount?: bigint,
): Promise<TransactionId> =>
  posted(
    await test.submit(platform, ann, {
      kind: 'reverse',
      agreed: true,
      transactionId,
      reason: 'test',
      ...(amount === undefined ? {} : { amount }),
    }),
  );

async function windowOf(windowId: number) {
  const found = await windows.settlement.find(windowId);
  if (!found.ok) throw new Error(found.problem.detail);
  return found.value;
}

async function netsOf(windowId: number): Promise<Record<string, bigint>> {
  return Object.fromEntries(
    (await windowOf(windowId)).nets
      .filter(({ net }) => net !== 0n)
      .map(({ participant, net }) => [participant, net]),
  );
}

async function duesOf(windowId: number): Promise<Record<string, bigint>> {
  return Object.fromEntries(
    (await windowOf(windowId)).obligations.map(({ participant, basis, amount }) => [
      basis === 'net' ? participant : `${participant} ${basis}`,
      amount,
    ]),
  );
}

async function positions(): Promise<Record<string, bigint>> {
  const { rows } = await database.pool.query<{ owner_id: string; sum: bigint }>(
    `select owner_id, sum(credits_posted - debits_posted)::bigint as sum from ledger.account
        where purpose in ('position', 'rounding') group by 1
        having sum(credits_posted - debits_posted) <> 0`,
  );
  return Object.fromEntries(rows.map((row) => [row.owner_id, row.sum]));
}

async function isSomebodyWaiting(): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rowCount !== 0;
}

describe('a window', () => {
  it('holds what was posted since the one before, and nets it to the minor unit', async () => {
    await convert('platform_a', 12_345n, 'platform_d');
    await convert('platform_d', 777n, 'platform_c', bob);
    const first = await windows.close();
    const again = await convert('platform_c', 5_001n, 'platform_a');
    await reverse('platform_c', again, 1_234n);
    const second = await windows.close();
    expect([first, second]).toEqual([1, 2]);
    expect(await netsOf(first)).toEqual(await readNets(database.pool, first));
    expect(await netsOf(second)).toEqual(await readNets(database.pool, second));
    expect(Object.keys(await netsOf(first))).toEqual(
      expect.arrayContaining(['platform_a', 'platform_d', 'platform_c']),
    );
    for (const windowId of [first, second]) {
      const { window, nets } = await windowOf(windowId);
      expect([
        window.mismatch,
        window.countedAtMs === null,
        nets.reduce((sum, { net }) => sum + net, 0n),
      ]).toEqual([null, false, 0n]);
      for (const { opening, net, paid, closing } of nets)
        expect(opening + net + paid).toBe(closing);
    }
    expect((await windowOf(second)).nets.map(({ opening }) => opening)).toEqual(
      (await windowOf(first)).nets.map(({ closing }) => closing),
    );
    await expectSound(database.pool);
  });

  it('counts conversions, reversals, and corrections that another platform pays for, by pair', async () => {
    const sent = await convert('platform_a', 10_000n, 'platform_d');
    await convert('platform_a', 500n, 'platform_d', bob);
    await reverse('platform_a', sent, 4_000n);
    await test.transfer('platform_a', ann, 100n, 'platform_a', bob);
    const windowId = await windows.close();
    const { pairs, window } = await windowOf(windowId);
    expect(window.mismatch).toBeNull();
    expect(
      pairs.map(({ source, target, kind, transactions, amount, owed, due }) => [
        source,
        target,
        kind,
        transactions,
        amount,
        owed === due,
      ]),
    ).toEqual([
      ['platform_a', 'platform_d', 'conversion', 2n, 10_500n, true],
      ['platform_a', 'platform_d', 'reverse', 1n, 4_000n, true],
    ]);
    expect(pairs.map(({ owed }) => owed)).toEqual([10_500n, -4_000n]);
  });

  it('is closed once, by its number, and may be empty', async () => {
    const close = (windowId?: number) => windows.settlement.close({ windowId, closedBy: MAKER });
    expect(await close(1)).toMatchObject({
      ok: true,
      value: { windowId: 1, state: 'closed', closedBy: MAKER },
    });
    expect(await close(1)).toMatchObject({ ok: false, problem: { code: 'window_not_open' } });
    expect(await close(3)).toMatchObject({ ok: false, problem: { code: 'window_not_found' } });
    const both = await Promise.all([close(2), close(2)]);
    expect(both.filter((result) => result.ok)).toHaveLength(1);
    await windows.settlement.count();
    expect(await windows.settle(1)).toBe('settled');
    expect(
      (await windows.settlement.list(100, 10)).map(({ windowId, state }) => [windowId, state]),
    ).toEqual([
      [3, 'open'],
      [2, 'closed'],
      [1, 'settled'],
    ]);
  });

  it('keeps no posting waiting while it is being closed, and what was posted meanwhile is in the next one', async () => {
    await convert('platform_a', 100n, 'platform_d');
    const closing = await dbTransaction(database.pool, async (client) => {
      await client.query('select 1 from feed.head for update');
      // Everything is cut and written; only the events are still to come.
      const closed = windows.settlement.close({ closedBy: MAKER });
      while (!(await isSomebodyWaiting())) await new Promise((done) => setTimeout(done, 5));
      for (const member of [ann, bob]) await convert('platform_a', 7n, 'platform_d', member);
      expect(await isSomebodyWaiting()).toBe(true);
      return { closed };
    });
    expect(await closing.closed).toMatchObject({ ok: true, value: { windowId: 1 } });
    await windows.close();
    expect([await netsOf(1), await netsOf(2)]).toEqual([
      { platform_a: -100n, platform_d: 100n },
      { platform_a: -14n, platform_d: 14n },
    ]);
  });

  it('stays open, loudly, when positions do not sum to zero', async () => {
    await convert('platform_a', 100n, 'platform_d');
    await database.pool.query(
      `update ledger.account set credits_posted = credits_posted + 1
          where (bucket, account_id) in (select bucket, account_id from ledger.account
          where purpose = 'position' and credits_posted > 0 limit 1)`,
    );
    await expect(windows.settlement.close({ closedBy: MAKER })).rejects.toThrow(
      'sum to 1 minor units instead of zero',
    );
    expect((await windowOf(1)).window.state).toBe('open');
  });

  it('cannot be settled while its pairs say something else than its nets', async () => {
    await convert('platform_a', 100n, 'platform_d');
    await windows.settlement.close({ closedBy: MAKER });
    expect(
      await windows.settlement.propose({ windowId: 1, operatorId: MAKER, payments: [] }),
    ).toMatchObject({ ok: false, problem: { code: 'window_not_closed' } });
    await database.pool.query(
      `update ledger.transaction set kind = 'transfer' where kind = 'conversion'`,
    );
    await windows.settlement.count();
    expect((await windowOf(1)).window.mismatch).toContain('platform_a');
    expect(
      await windows.settlement.propose({ windowId: 1, operatorId: MAKER, payments: [] }),
    ).toMatchObject({ ok: false, problem: { code: 'window_mismatch' } });
  });

  it('is closed by the schedule, unless nothing was posted', async () => {
    await windows.settlement.setSchedule({ kind: 'every', minutes: 10 }, MAKER);
    await windows.settlement.follow();
    test.clock.advance(11 * 60_000);
    await windows.settlement.follow();
    expect((await windowOf(1)).window).toMatchObject({ state: 'closed', closedBy: 'schedule' });
    test.clock.advance(11 * 60_000);
    await windows.settlement.follow();
    expect((await windowOf(2)).window.state).toBe('open');
    await convert('platform_a', 100n, 'platform_d');
    await windows.settlement.follow();
    expect((await windowOf(2)).window.state).toBe('closed');
    await windows.settlement.setSchedule({ kind: 'none' }, MAKER);
    await convert('platform_a', 100n, 'platform_d');
    test.clock.advance(24 * 3_600_000);
    await windows.settlement.follow();
    expect((await windowOf(3)).window.state).toBe('open');
  });
});

describe('disputed transactions', () => {
  it('are left out of the window, listed, and come back into the one that is open when the dispute ends', async () => {
    const disputed = await convert('platform_a', 10_000n, 'platform_d');
    await convert('platform_a', 500n, 'platform_d');
    windows.frozen.set(disputed, 4_000n);
    const first = await windows.close();
    expect(await netsOf(first)).toEqual({ platform_a: -10_500n, platform_d: 10_500n });
    expect((await windowOf(first)).carveOuts).toMatchObject([
      {
        transactionId: disputed,
        direction: 'out',
        amount: 4_000n,
        sourceEffect: -4_000n,
        targetEffect: 4_000n,
      },
    ]);
    expect(await windows.settle(first)).toBe('settled');
    expect(await duesOf(first)).toEqual({ platform_a: -6_500n, platform_d: 6_500n });
    await convert('platform_d', 100n, 'platform_c');
    const second = await windows.close();
    expect((await windowOf(second)).carveOuts).toEqual([]);
    windows.frozen.clear();
    const third = await windows.close();
    expect(await netsOf(third)).toEqual({});
    expect((await windowOf(third)).carveOuts).toMatchObject([
      {
        transactionId: disputed,
        direction: 'in',
        amount: 4_000n,
        sourceEffect: -4_000n,
        targetEffect: 4_000n,
      },
    ]);
    expect(await windows.settle(third)).toBe('settled');
    expect(await windows.settle(second)).toBe('settled');
    expect(await duesOf(third)).toEqual({ platform_a: -4_000n, platform_d: 4_000n });
    expect(await positions()).toEqual({});
    await expectSound(database.pool);
  });

  it('that are reversed cancel out with their return', async () => {
    const disputed = await convert('platform_a', 10_000n, 'platform_d');
    windows.frozen.set(disputed, 10_000n);
    const first = await windows.close();
    expect(await windows.settle(first)).toBe('settled');
    await reverse('platform_a', disputed);
    windows.frozen.clear();
    const second = await windows.close();
    expect(await netsOf(second)).toEqual({ platform_a: 10_000n, platform_d: -10_000n });
    expect(await windows.settle(second)).toBe('settled');
    expect([await duesOf(first), await duesOf(second), await positions()]).toEqual([{}, {}, {}]);
  });

  it('are left out too when the dispute is opened between closing and settling, and again after a return', async () => {
    const disputed = await convert('platform_a', 10_000n, 'platform_d');
    const first = await windows.close();
    windows.frozen.set(disputed, 1_000n);
    await windows.settlement.propose({
      windowId: first,
      operatorId: MAKER,
      payments: [],
      otherwise: { from: 'outside', bankReference: 'x' },
    });
    expect(await duesOf(first)).toEqual({ platform_a: -9_000n, platform_d: 9_000n });
    windows.frozen.set(disputed, 3_000n);
    expect(
      await windows.settlement.approve({ windowId: first, operatorId: CHECKER }),
    ).toMatchObject({ ok: true, value: { state: 'settled' } });
    expect(await duesOf(first)).toEqual({ platform_a: -7_000n, platform_d: 7_000n });
    // A settled window stays settled: later disputes are about what has been paid.
    windows.frozen.set(disputed, 10_000n);
    const second = await windows.close();
    expect((await windowOf(second)).carveOuts).toEqual([]);
    windows.frozen.clear();
    const third = await windows.close();
    windows.frozen.set(disputed, 500n);
    expect(await windows.settle(third)).toBe('settled');
    expect(await duesOf(third)).toEqual({ platform_a: -2_500n, platform_d: 2_500n });
    windows.frozen.clear();
    const last = await windows.close();
    expect(await windows.settle(last)).toBe('settled');
    expect(await duesOf(last)).toEqual({ platform_a: -500n, platform_d: 500n });
    expect(await positions()).toEqual({});
    await expectSound(database.pool);
  });
});
