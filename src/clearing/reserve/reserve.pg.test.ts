// Reserves on a database: requests by maker and checker, caps that follow the prefund, modes inside
// the ledger's decision, and thresholds.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { expectSound } from '../../../test/fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../../../test/fixtures/ledger.ts';
import { platformOwnerId, type MemberId } from '../../kernel/ids.ts';
import type { Result } from '../../kernel/problem.ts';
import type { Outcome } from '../../ledger/ledger.ts';
import { selectEvents } from '../../events/events.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createReserve, type Reserve } from './create-reserve.ts';
import type { ReserveFigures, ReserveRequest, Wanted } from './types.ts';

let database: TestDatabase;
let test: TestLedger;
let reserve: Reserve;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 4 });
  reserve = createReserve({
    ...database,
    clock: test.clock,
    ledger: test.ledger,
    metrics: createMetrics({ processMetrics: false }),
  });
});
afterAll(async () => {
  await test?.ledger.close();
  await database?.drop();
});

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.problem.code}: ${result.problem.detail}`);
  return result.value;
}
const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.problem.code);
const outcomeOf = (outcome: Outcome): string =>
  outcome.ok ? outcome.transaction.kind : outcome.problem.code;
let payments = 0;
const make = async (platform: string, wanted: Wanted): Promise<ReserveRequest> =>
  value(
    await reserve.requests.make({
      platformId: test.id(platform),
      operatorId: 'maker',
      reason: 'agreed',
      wanted,
    }),
  );
const money = (
  kind: 'deposit' | 'withdrawal',
  amount: bigint,
  bankReference = `bank ${(payments += 1)}`,
): Wanted => ({ kind, amount, bankReference });
/** Makes and approves a request; returns its result. */
const decided = async (platform: string, wanted: Wanted): Promise<string> =>
  codeOf(
    await reserve.requests.approve({
      requestId: (await make(platform, wanted)).requestId,
      operatorId: 'checker',
    }),
  );
const figures = async (platform: string): Promise<ReserveFigures> =>
  (await reserve.find(test.id(platform))) ?? expect.fail('no such platform');
/** Uses this much of a platform's cap; negative amounts are settled. */
const use = async (platform: string, amount: bigint): Promise<string> =>
  outcomeOf(
    await test.submit(platform, platformOwnerId(test.id(platform)) as MemberId, {
      kind: 'settle',
      amount,
      from: 'outside',
    }),
  );
const eventsOf = async (platform: string): Promise<string[]> =>
  (await selectEvents(database.pool, 0n, 1_000, { platformId: platform }))
    .filter(({ type, platformId }) => platformId !== null && type.startsWith('reserve.'))
    .map(
      ({ type, data }) =>
        `${type.slice('reserve.'.length)} ` +
        `${data['percent'] ?? data['mode'] ?? data['amount'] ?? data['cap']}`,
    );

describe('requests', () => {
  it('are decided by another operator, once', async () => {
    const { requestId } = await make('platform_a', money('deposit', 500n, 'B-1'));
    expect(
      codeOf(
        await reserve.requests.make({
          platformId: test.id('platform_a'),
          operatorId: 'other',
          reason: 'again',
          wanted: money('deposit', 700n, 'B-1'),
        }),
      ),
    ).toBe('payment_already_booked');
    expect([
      codeOf(await reserve.requests.approve({ requestId, operatorId: 'maker' })),
      codeOf(await reserve.requests.reject({ requestId, operatorId: 'maker' })),
      codeOf(await reserve.requests.withdraw({ requestId, operatorId: 'checker' })),
      codeOf(await reserve.requests.approve({ requestId: 'nonsense', operatorId: 'checker' })),
    ]).toEqual([
      'checker_is_maker',
      'checker_is_maker',
      'not_your_request',
      'reserve_request_not_found',
    ]);
    expect(
      value(
        await reserve.requests.approve({
          requestId,
          operatorId: 'checker',
          reason: 'seen at the bank',
        }),
      ),
    ).toMatchObject({
      state: 'approved',
      decidedBy: 'checker',
      transactionId: expect.any(String),
      carriedOutAt: expect.any(Date),
    });
    expect(codeOf(await reserve.requests.approve({ requestId, operatorId: 'checker' }))).toBe(
      'reserve_request_decided',
    );
    expect((await figures('platform_a')).prefund).toBe(500n);
    const rejected = await make('platform_a', money('deposit', 1n, 'B-2'));
    expect(
      value(await reserve.requests.reject({ requestId: rejected.requestId, operatorId: 'checker' }))
        .state,
    ).toBe('rejected');
    const taken = await make('platform_a', money('deposit', 1n, 'B-2'));
    expect(
      value(await reserve.requests.withdraw({ requestId: taken.requestId, operatorId: 'maker' }))
        .state,
    ).toBe('withdrawn');
    expect(
      (await reserve.requests.list({ platformId: test.id('platform_a') }, 10)).map(
        ({ state }) => state,
      ),
    ).toEqual(['withdrawn', 'rejected', 'approved']);
    expect(await eventsOf('platform_a')).toEqual(['deposited 0.05']);
  });

  it('that several approve at once take effect once', async () => {
    const { requestId } = await make('platform_a', money('deposit', 40n));
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((operatorId) =>
        reserve.requests.approve({ requestId, operatorId }),
      ),
    );
    expect(answers.map(codeOf).toSorted()).toEqual([
      'ok',
      'reserve_request_decided',
      'reserve_request_decided',
    ]);
    expect((await figures('platform_a')).prefund).toBe(540n);
  });
});

type Cap = Extract<Wanted, { kind: 'cap' }>;
const cap = (amount: bigint): Cap => ({ kind: 'cap', amount });
const narrow = (wanted: Cap): ReturnType<Reserve['requests']['narrowCap']> =>
  reserve.requests.narrowCap({
    platformId: test.id('platform_e'),
    operatorId: 'maker',
    reason: 'overdue',
    wanted,
  });
const said = async (wanted: Cap): Promise<string> => {
  const narrowed = await narrow(wanted);
  return narrowed === undefined ? 'takes two' : codeOf(narrowed);
};

describe('a lower cap', () => {
  it('takes one operator; a higher one and one of the other kind take two', async () => {
    await test.ledger.registerAsset({
      code: 'platform_e',
      kind: 'points',
      platformId: test.id('platform_e'),
    });
    expect([await said(cap(1n)), await said({ kind: 'cap', basisPoints: 1 })]).toEqual([
      'takes two',
      'takes two',
    ]);
    expect(await decided('platform_e', cap(1_000n))).toBe('ok');
    expect(value((await narrow(cap(900n))) ?? expect.fail('takes two'))).toMatchObject({
      state: 'approved',
      madeBy: 'maker',
      decidedBy: 'maker',
      narrows: true,
      carriedOutAt: expect.any(Date),
    });
    expect([
      await said(cap(901n)),
      await said(cap(700n)),
      await said({ kind: 'cap', basisPoints: 1 }),
    ]).toEqual(['takes two', 'ok', 'takes two']);
    expect((await figures('platform_e')).cap).toBe(700n);
    expect(await use('platform_e', 600n)).toBe('settle');
    expect([
      await said(cap(599n)),
      (await figures('platform_e')).cap,
      await said(cap(600n)),
    ]).toEqual(['cap_below_use', 700n, 'ok']);
    // A refused request is dropped: otherwise it would take effect by itself later.
    const [, refused] = await reserve.requests.list({ platformId: test.id('platform_e') }, 2);
    expect(refused).toMatchObject({
      amount: 599n,
      state: 'withdrawn',
      refusedWith: 'cap_below_use',
    });
    expect(await use('platform_e', -600n)).toBe('settle');
    await decided('platform_e', money('deposit', 1_000n));
    expect(await decided('platform_e', { kind: 'cap', basisPoints: 5_000 })).toBe('ok');
    const asShare = [
      await said({ kind: 'cap', basisPoints: 5_001 }),
      await said(cap(1n)),
      await said({ kind: 'cap', basisPoints: 4_000 }),
    ];
    expect(asShare).toEqual(['takes two', 'takes two', 'ok']);
    expect(await figures('platform_e')).toMatchObject({ cap: 400n, capBasisPoints: 4_000 });
    await expectSound(database.pool);
  });

  it('that several operators set at once ends at the lowest: no one raises it', async () => {
    expect(await decided('platform_e', cap(5_000n))).toBe('ok');
    const wanted = [4_000n, 1_000n, 3_000n, 2_000n];
    const answers = await Promise.all(wanted.map((amount) => narrow(cap(amount))));
    expect((await figures('platform_e')).cap).toBe(1_000n);
    // A cap that was no longer lower when it was read has made no request.
    const made = answers.filter((answer) => answer !== undefined).length;
    // A higher cap that came too late to be lower waits for a second person.
    for (const { state, narrows } of await reserve.requests.list(
      { platformId: test.id('platform_e') },
      made,
    ))
      expect(narrows).toBe(state === 'approved');
  });

  it('whose process died is lowered by the loop; one that would raise it by then waits for a second person', async () => {
    const [first, second] = [
      '00000000-0000-4000-8000-000000000001',
      '00000000-0000-4000-8000-000000000002',
    ];
    for (const [requestId, amount] of [
      [first, 500],
      [second, 800],
    ]) {
      await database.pool.query(
        `insert into clearing.reserve_request (request_id, platform_id, kind, amount, reason, state,
            made_by, made_at, decided_by, decided_at, narrows)
         values ($1, 'platform_e', 'cap', $2, 'x', 'approved', 'maker', now(), 'maker', now(),
           true)`,
        [requestId, amount],
      );
    }
    await reserve.follow();
    expect(value(await reserve.requests.find(first))).toMatchObject({
      state: 'approved',
      carriedOutAt: expect.any(Date),
    });
    expect(value(await reserve.requests.find(second))).toMatchObject({
      state: 'open',
      decidedBy: null,
      narrows: false,
    });
    expect((await figures('platform_e')).cap).toBe(500n);
  });
});

describe('a cap that follows the prefund', () => {
  it('rises after a deposit, comes down before a withdrawal, and refuses what would leave it below its use', async () => {
    expect([
      await decided('platform_b', { kind: 'cap', basisPoints: 15_000 }),
      await decided('platform_b', money('deposit', 1_001n)),
    ]).toEqual(['ok', 'ok']);
    expect(await figures('platform_b')).toMatchObject({
      prefund: 1_001n,
      cap: 1_501n,
      capBasisPoints: 15_000,
      used: 0n,
      available: 1_501n,
    });
    expect([await use('platform_b', 1_502n), await use('platform_b', 1_200n)]).toEqual([
      'insufficient_reserve',
      'settle',
    ]);
    // 1.5 × 800 is in use; one less is too little.
    const tooMuch = await make('platform_b', money('withdrawal', 202n));
    expect(
      codeOf(
        await reserve.requests.approve({ requestId: tooMuch.requestId, operatorId: 'checker' }),
      ),
    ).toBe('cap_below_use');
    expect(value(await reserve.requests.find(tooMuch.requestId))).toMatchObject({
      state: 'open',
      decidedBy: null,
      refusedWith: 'cap_below_use',
    });
    expect([
      await decided('platform_b', money('withdrawal', 2_000n)),
      await decided('platform_b', money('withdrawal', 201n)),
    ]).toEqual(['insufficient_prefund', 'ok']);
    expect(await figures('platform_b')).toMatchObject({
      prefund: 800n,
      cap: 1_200n,
      used: 1_200n,
      available: 0n,
    });
    expect([
      await decided('platform_b', { kind: 'cap', amount: 1_199n }),
      await decided('platform_b', { kind: 'cap', amount: 5_000n }),
    ]).toEqual(['cap_below_use', 'ok']);
    expect(await figures('platform_b')).toMatchObject({ cap: 5_000n, capBasisPoints: undefined });
    expect(await decided('platform_b', { kind: 'cap', basisPoints: 14_999 })).toBe('cap_below_use');
    // A refused request may be approved once there is room.
    expect(await use('platform_b', -1_200n)).toBe('settle');
    expect(
      codeOf(
        await reserve.requests.approve({ requestId: tooMuch.requestId, operatorId: 'checker' }),
      ),
    ).toBe('ok');
    await expectSound(database.pool);
  });

  it('is brought in line when a settlement moves the prefund, as low as its use permits', async () => {
    const owner = platformOwnerId(test.id('platform_d')) as MemberId;
    await decided('platform_d', { kind: 'cap', basisPoints: 20_000 });
    await decided('platform_d', money('deposit', 100n));
    await use('platform_d', 150n);
    expect(
      outcomeOf(
        await test.submit('platform_d', owner, { kind: 'settle', amount: -40n, from: 'prefund' }),
      ),
    ).toBe('settle');
    await reserve.follow();
    // Twice 60 is 120, and 110 are in use.
    expect(await figures('platform_d')).toMatchObject({ prefund: 60n, used: 110n, cap: 120n });
    expect(
      outcomeOf(
        await test.submit('platform_d', owner, { kind: 'settle', amount: -10n, from: 'prefund' }),
      ),
    ).toBe('settle');
    await use('platform_d', 20n);
    await reserve.align(test.id('platform_d'));
    expect(await figures('platform_d')).toMatchObject({ prefund: 50n, used: 120n, cap: 120n });
    await use('platform_d', -15n);
    await reserve.follow();
    expect(await figures('platform_d')).toMatchObject({ used: 105n, cap: 105n });
    await use('platform_d', -50n);
    await reserve.follow();
    expect(await figures('platform_d')).toMatchObject({ used: 55n, cap: 100n });
  });
});
