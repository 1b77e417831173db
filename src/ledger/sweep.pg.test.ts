// The sweep resolves whatever is due, once, and nothing a caller does can keep it from that.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import { DAY_MS } from '../kernel/time.ts';

let database: TestDatabase;
let test: TestLedger;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database);
});
afterAll(async () => {
  await test?.ledger.close();
  await database?.drop();
});

describe('sweep', () => {
  it('expires two lots that one transaction credited, each on its own day', async () => {
    const ann = test.member();
    await test.submit('platform_a', ann, { kind: 'earn', amount: 100n, expiresOn: test.dayIn(10) });
    await test.submit('platform_a', ann, { kind: 'earn', amount: 100n, expiresOn: test.dayIn(20) });
    const bob = test.member();
    expect(await test.transfer('platform_a', ann, 200n, 'platform_a', bob)).toMatchObject({
      ok: true,
    });
    test.clock.advance(11 * DAY_MS);
    expect((await test.ledger.sweep()).expired).toBe(1);
    test.clock.advance(10 * DAY_MS);
    expect((await test.ledger.sweep()).expired).toBe(1);
    expect((await test.ledger.sweep()).expired).toBe(0);
    const { rows } = await database.pool.query<{ left: bigint }>(
      `select coalesce(sum(credits_posted - debits_posted), 0)::bigint as left from ledger.account
          where owner_id = $1 and purpose = 'lot'`,
      [bob],
    );
    expect(rows[0]?.left).toBe(0n);
  });

  it('expires points that came back into an expired lot on the day of its sweep', async () => {
    const ann = test.member();
    await test.submit('platform_a', ann, { kind: 'earn', amount: 100n, expiresOn: test.dayIn(1) });
    const sent = await test.transfer('platform_a', ann, 60n, 'platform_a', test.member());
    if (!sent.ok) throw new Error('not sent');
    test.clock.advance(2 * DAY_MS);
    expect((await test.ledger.sweep()).expired).toBe(2);
    expect(
      await test.submit('platform_a', ann, {
        kind: 'reverse',
        transactionId: sent.transaction.transactionId,
        reason: 'test',
      }),
    ).toMatchObject({ ok: true });
    expect((await test.ledger.sweep()).expired).toBe(1);
    expect((await test.ledger.sweep()).expired).toBe(0);
  });

  it('cannot be blocked by a caller who guesses the names of its keys', async () => {
    const ann = test.member();
    await test.submit('platform_a', ann, { kind: 'earn', amount: 100n, expiresOn: test.dayIn(1) });
    const held = await test.submit('platform_a', ann, {
      kind: 'hold',
      amount: 40n,
      expiresInMs: 60_000,
    });
    if (!held.ok) throw new Error('not held');
    const { transactionId, assetId, sequence } = held.transaction;
    // All that an Idempotency-Key header can carry: visible characters without a space.
    for (const key of [
      `timer/${transactionId}`,
      `timer${transactionId}`,
      `expire/${assetId}/${sequence}`,
      `expire/${assetId}/${sequence + 1n}`,
    ]) {
      expect(await test.earn('platform_a', ann, 1n, key)).toMatchObject({ ok: true });
    }
    test.clock.advance(2 * DAY_MS);
    expect(await test.ledger.sweep()).toMatchObject({ released: 1 });
    await test.ledger.sweep();
    const { rows } = await database.pool.query<{ left: bigint }>(
      `select sum(credits_posted - debits_posted)::bigint as left from ledger.account
          where owner_id = $1 and purpose = 'lot' and expires_on < 'infinity'`,
      [ann],
    );
    expect(rows[0]?.left).toBe(0n);
  });
});
