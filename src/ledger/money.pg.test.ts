// Deposit, withdraw and settle on a database: replay, floors, caps kept over all stripes, and rows
// that no member sees.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { expectSound } from '../../test/fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import { bucketOf, platformOwnerId, type MemberId } from '../kernel/ids.ts';
import type { Outcome } from './ledger.ts';

let database: TestDatabase;
let test: TestLedger;
let owner: MemberId;
const BUCKETS = 4;
/** The most one amount may be: 10^15 minor units. */
const LARGEST = 10n ** 15n;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: BUCKETS });
  owner = platformOwnerId(test.id('platform_a')) as MemberId;
});
afterAll(async () => {
  await test?.ledger.close();
  await database?.drop();
});

const code = (outcome: Outcome): string =>
  outcome.ok
    ? `${outcome.transaction.kind}${outcome.replayed ? ' again' : ''}`
    : outcome.problem.code;

async function sums(platform: string): Promise<{ prefund: bigint; position: bigint }> {
  const { rows } = await database.pool.query<{ purpose: string; sum: bigint }>(
    `select purpose, sum(credits_posted - debits_posted)::bigint as sum from ledger.account
        where owner_id = $1 and purpose in ('prefund', 'position') group by 1`,
    [platformOwnerId(test.id(platform))],
  );
  const of = (purpose: string): bigint => rows.find((row) => row.purpose === purpose)?.sum ?? 0n;
  return { prefund: of('prefund'), position: of('position') };
}

describe('money of the platforms', () => {
  it('goes in and out, each request once, up to the largest amount', async () => {
    const deposit = (amount: bigint): Promise<Outcome> =>
      test.submit('platform_a', owner, { kind: 'deposit', amount }, 'first');
    const first = await deposit(LARGEST);
    expect(first).toMatchObject({
      ok: true,
      transaction: {
        kind: 'deposit',
        amount: LARGEST,
        memberId: owner,
        bucket: bucketOf(owner, BUCKETS),
        assetId: test.ledger.settlementAsset().assetId,
        balanceAfter: null,
      },
    });
    expect([code(await deposit(LARGEST)), code(await deposit(1n))]).toEqual([
      'deposit again',
      'idempotency_key_reused',
    ]);
    expect(code(await test.submit('platform_a', owner, { kind: 'deposit', amount: 1n }))).toBe(
      'balance_limit',
    );
    expect(
      code(await test.submit('platform_a', owner, { kind: 'withdraw', amount: LARGEST + 1n })),
    ).toBe('insufficient_prefund');
    expect(
      code(await test.submit('platform_a', owner, { kind: 'withdraw', amount: LARGEST - 7n })),
    ).toBe('withdraw');
    expect(await sums('platform_a')).toEqual({ prefund: 7n, position: 0n });
  });

  it('settles positions from prefund and from outside, never below zero and never beyond the cap', async () => {
    await test.cap('platform_a', 100n);
    const settle = async (amount: bigint, from: 'prefund' | 'outside'): Promise<string> =>
      code(await test.submit('platform_a', owner, { kind: 'settle', amount, from }));
    // Room for it lies in the stripes of all buckets together.
    expect(await settle(93n, 'prefund')).toBe('settle');
    expect(await sums('platform_a')).toEqual({ prefund: 100n, position: -93n });
    expect([
      await settle(8n, 'prefund'),
      await settle(8n, 'outside'),
      await settle(7n, 'outside'),
    ]).toEqual(['insufficient_reserve', 'insufficient_reserve', 'settle']);
    expect([
      await settle(-101n, 'prefund'),
      await settle(-100n, 'prefund'),
      await settle(-4n, 'outside'),
    ]).toEqual(['insufficient_prefund', 'settle', 'settle']);
    expect(await sums('platform_a')).toEqual({ prefund: 0n, position: 4n });
    const same = { kind: 'settle', amount: 1n } as const;
    expect([
      code(await test.submit('platform_a', owner, { ...same, from: 'outside' }, 'once')),
      code(await test.submit('platform_a', owner, { ...same, from: 'outside' }, 'once')),
      code(await test.submit('platform_a', owner, { ...same, from: 'prefund' }, 'once')),
    ]).toEqual(['settle', 'settle again', 'idempotency_key_reused']);
  });

  it("is not reversed, and stands in no member's history", async () => {
    const paid = await test.submit('platform_a', owner, { kind: 'deposit', amount: 5n });
    const transactionId = paid.ok ? paid.transaction.transactionId : expect.fail('was posted');
    expect(
      code(
        await test.submit('platform_a', owner, {
          kind: 'reverse',
          transactionId,
          reason: 'mistake',
        }),
      ),
    ).toBe('transaction_not_found');
    expect(
      (await test.ledger.listHistory(owner, test.id('platform_a'), { limit: 10 })).transactions,
    ).toEqual([]);
    expect(await test.ledger.getBalance(owner, test.id('platform_a'))).toMatchObject({
      balance: 0n,
      available: 0n,
    });
  });

  it('under transfers of many members at once, no cap is passed and nothing is lost', async () => {
    await test.cap('platform_b', 10_000n);
    const payer = platformOwnerId(test.id('platform_b')) as MemberId;
    const members = Array.from({ length: 8 }, () => test.member());
    for (const member of members) await test.earn('platform_b', member, 100_000n);
    const outcomes = await Promise.all(
      members.flatMap((member, index) =>
        Array.from({ length: 12 }, (_, round) =>
          round % 4 === 3
            ? test.submit(
                'platform_b',
                payer,
                index % 2 === 0
                  ? { kind: 'settle', amount: -700n, from: 'outside' }
                  : { kind: 'settle', amount: 900n, from: 'prefund' },
              )
            : test.transfer('platform_b', member, 500n, 'platform_c', member),
        ),
      ),
    );
    const posted = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.transaction] : []));
    expect(new Set(outcomes.map(code))).toEqual(
      new Set(['conversion', 'settle', 'insufficient_reserve']),
    );
    const position = posted.reduce(
      (sum, row) => sum - (row.kind === 'settle' ? row.amount : 600n),
      0n,
    );
    expect((await sums('platform_b')).position).toBe(position);
    expect(position).toBeGreaterThanOrEqual(-10_000n);
    await expectSound(database.pool);
  });
});
