// Windows that are settled: proposed, approved, paid and taken back.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { expectSound } from '../../../test/fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../../../test/fixtures/ledger.ts';
import {
  CHECKER,
  createTestSettlement,
  MAKER,
  type TestSettlement,
} from '../../../test/fixtures/settlement.ts';
import { platformOwnerId, type MemberId, type TransactionId } from '../../kernel/ids.ts';
import type { Outcome } from '../../ledger/ledger.ts';

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

describe('settling', () => {
  it("pays what is owed and brings every position back to zero, the network's rounding too", async () => {
    await test.amend((document) => ({
      ...document,
      platforms: {
        ...document.platforms,
        platform_a: { multiplier: '1.037' },
        platform_d: { multiplier: '0.919' },
      },
    }));
    for (const amount of [3n, 101n, 12_347n]) {
      await convert('platform_a', amount, 'platform_d');
      await convert('platform_d', amount + 5n, 'platform_c', bob);
    }
    const windowId = await windows.close();
    expect((await netsOf(windowId))['@network']).toBeGreaterThan(0n);
    expect(await windows.settle(windowId)).toBe('settled');
    expect(await positions()).toEqual({});
    const { window, obligations } = await windowOf(windowId);
    expect(window).toMatchObject({ state: 'settled', proposedBy: MAKER, approvedBy: CHECKER });
    expect(
      obligations.every(({ state, transactionId }) => state === 'paid' && transactionId !== null),
    ).toBe(true);
    // A payment is in the next window, as payment and not as its net.
    const next = await windows.close();
    expect(await netsOf(next)).toEqual({});
    const { nets } = await windowOf(next);
    expect(nets.every(({ closing, paid, opening }) => closing === 0n && paid === -opening)).toBe(
      true,
    );
    await expectSound(database.pool);
  });

  it('takes two operators, and pays out what has come in while a payer is short', async () => {
    await convert('platform_a', 10_000n, 'platform_d');
    await convert('platform_c', 10_000n, 'platform_d');
    const windowId = await windows.close();
    const owner = platformOwnerId(test.id('platform_a')) as MemberId;
    posted(await test.submit('platform_a', owner, { kind: 'deposit', amount: 9_999n }));
    expect(
      await windows.settlement.propose({
        windowId,
        operatorId: MAKER,
        payments: [],
        otherwise: { from: 'outside' },
      }),
    ).toMatchObject({ ok: false, problem: { code: 'bank_reference_missing' } });
    expect(
      await windows.settlement.propose({
        windowId,
        operatorId: MAKER,
        payments: [{ participant: test.id('platform_x'), from: 'prefund' }],
      }),
    ).toMatchObject({ ok: false, problem: { code: 'obligation_not_found' } });
    const payments = [
      { participant: test.id('platform_c'), from: 'outside' as const, bankReference: 'B-1' },
    ];
    expect(
      await windows.settlement.propose({ windowId, operatorId: MAKER, payments }),
    ).toMatchObject({ ok: true, value: { state: 'proposed' } });
    expect(await windows.settlement.approve({ windowId, operatorId: MAKER })).toMatchObject({
      ok: false,
      problem: { code: 'settlement_same_operator' },
    });
    expect(await windows.settlement.withdraw({ windowId, operatorId: CHECKER })).toMatchObject({
      ok: true,
      value: { state: 'closed' },
    });
    expect((await windowOf(windowId)).obligations).toEqual([]);
    expect(await windows.settlement.approve({ windowId, operatorId: CHECKER })).toMatchObject({
      ok: false,
      problem: { code: 'settlement_state' },
    });
    await windows.settlement.propose({ windowId, operatorId: MAKER, payments });
    expect(await windows.settlement.approve({ windowId, operatorId: CHECKER })).toMatchObject({
      ok: true,
      value: { state: 'settling' },
    });

    const states = async () =>
      Object.fromEntries(
        (await windowOf(windowId)).obligations.map(({ participant, state, problem }) => [
          participant,
          problem === null ? state : problem.split(':')[0],
        ]),
      );
    expect(await states()).toEqual({
      platform_a: 'insufficient_prefund',
      platform_d: 'approved',
      platform_c: 'paid',
    });
    expect(
      (await windowOf(windowId)).obligations.map(({ participant, amount, paid }) => [
        participant,
        amount,
        paid,
      ]),
    ).toEqual([
      ['platform_a', -10_000n, -9_999n],
      ['platform_c', -8_000n, -8_000n],
      ['platform_d', 18_000n, 17_999n],
    ]);
    expect(
      await windows.settlement.propose({ windowId, operatorId: CHECKER, payments }),
    ).toMatchObject({ ok: false, problem: { code: 'obligation_paid' } });
    // The last unit arrives; the loop finds it.
    posted(await test.submit('platform_a', owner, { kind: 'deposit', amount: 1n }));
    expect(await windows.settlement.follow()).toBe(false);
    test.clock.advance(31_000);
    await windows.settlement.follow();
    expect(await states()).toEqual({ platform_a: 'paid', platform_d: 'paid', platform_c: 'paid' });
    expect((await windowOf(windowId)).window.state).toBe('settled');
    await expectSound(database.pool);
  });

  it('lets the way of a payment be changed until it is posted, by two operators again', async () => {
    await convert('platform_a', 10_000n, 'platform_d');
    const windowId = await windows.close();
    expect(await windows.settle(windowId, 'prefund')).toBe('settling');
    const outside = {
      windowId,
      operatorId: CHECKER,
      payments: [
        { participant: test.id('platform_a'), from: 'outside' as const, bankReference: 'B-2' },
      ],
    };
    expect(await windows.settlement.propose(outside)).toMatchObject({ ok: true });
    test.clock.advance(60_000);
    await windows.settlement.follow();
    expect((await windowOf(windowId)).obligations[0]).toMatchObject({
      participant: 'platform_a',
      state: 'proposed',
    });
    expect(await windows.settlement.approve({ windowId, operatorId: CHECKER })).toMatchObject({
      ok: false,
      problem: { code: 'settlement_same_operator' },
    });
    expect(await windows.settlement.approve({ windowId, operatorId: MAKER })).toMatchObject({
      ok: true,
      value: { state: 'settled' },
    });
    expect((await windowOf(windowId)).obligations).toMatchObject([
      { participant: 'platform_a', paidFrom: 'outside', bankReference: 'B-2' },
      { participant: 'platform_d', paidFrom: 'prefund' },
    ]);
  });

  it('keeps pairs apart that are settled gross', async () => {
    await windows.settlement.setGrossPairs([[test.id('platform_d'), test.id('platform_a')]], MAKER);
    await convert('platform_a', 10_000n, 'platform_d');
    await convert('platform_d', 3_000n, 'platform_a');
    await convert('platform_a', 200n, 'platform_c');
    const windowId = await windows.close();
    expect(await windows.settle(windowId)).toBe('settled');
    expect(await duesOf(windowId)).toEqual({
      'platform_a platform_a>platform_d': -10_000n,
      'platform_d platform_a>platform_d': 10_000n,
      'platform_d platform_d>platform_a': -3_000n,
      'platform_a platform_d>platform_a': 3_000n,
      platform_a: -200n,
      platform_c: 200n,
    });
    expect(await positions()).toEqual({});
    expect((await windows.settlement.settings()).grossPairs).toEqual([
      ['platform_a', 'platform_d'],
    ]);
  });

  it('goes on where it stopped, whatever was posted without that it was noted', async () => {
    await convert('platform_a', 10_000n, 'platform_d');
    await convert('platform_c', 1_000n, 'platform_d');
    const windowId = await windows.close();
    expect(await windows.settle(windowId)).toBe('settled');
    const before = await positions();
    // As after a crash between the ledger's commit and its record.
    await database.pool.query('delete from clearing.part_payment');
    await database.pool.query(
      `update clearing.obligation set state = 'approved', transaction_id = null, paid_at = null`,
    );
    await database.pool.query(
      `update clearing.settlement_window set state = 'settling', settled_at = null
          where window_id = 1`,
    );
    await windows.settlement.follow();
    expect((await windowOf(windowId)).window.state).toBe('settled');
    expect(await positions()).toEqual(before);
    // And when the way of payment was changed at that moment.
    await database.pool.query('delete from clearing.part_payment');
    await database.pool.query(
      `update clearing.obligation set state = 'approved', transaction_id = null, paid_at = null,
          paid_from = 'prefund', bank_reference = null`,
    );
    await database.pool.query(
      `update clearing.settlement_window set state = 'settling', settled_at = null
          where window_id = 1`,
    );
    await windows.settlement.follow();
    expect(
      (await windowOf(windowId)).obligations.every(
        ({ state, paidFrom, bankReference }) =>
          state === 'paid' && paidFrom === 'outside' && bankReference === 'bank 1',
      ),
    ).toBe(true);
    expect(await positions()).toEqual(before);
  });
});
