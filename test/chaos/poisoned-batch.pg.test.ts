// A command that cannot be executed fails alone, whatever the reason: the other commands of its
// batch are posted.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MemberId } from '../../src/kernel/ids.ts';
import type { Outcome } from '../../src/ledger/ledger.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectSound } from '../fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';

let database: TestDatabase;
let test: TestLedger;

beforeEach(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 1, lanes: 1 });
});
afterEach(async () => {
  await test?.ledger.close();
  await database?.drop();
});

const poisons: Record<string, (victim: MemberId) => Promise<Outcome>> = {
  'a text that PostgreSQL refuses': (victim) =>
    test.submit('platform_a', victim, { kind: 'earn', amount: 1n, reference: 'nul \0' }),
  'a JSON that PostgreSQL refuses': (victim) =>
    test.submit('platform_a', victim, { kind: 'earn', amount: 1n, details: { note: 'nul \0' } }),
  'a time that cannot be written': (victim) =>
    test.submit('platform_a', victim, { kind: 'earn', amount: 1n, occurredAtMs: 1.5 }),
  'a platform that does not exist': (victim) =>
    test.transfer('platform_a', victim, 1n, 'platform_z', victim),
  'a member whose rows the database rejects': async (victim) => {
    await database.pool.query(
      `alter table ledger.transaction add constraint sabotage check (member_id <> '${victim}') not
          valid`,
    );
    return test.earn('platform_a', victim, 1n);
  },
};

describe.each(Object.keys(poisons))('%s', (name) => {
  it('fails alone, twice, and nothing of it is posted', async () => {
    const victim = test.member();
    const members = Array.from({ length: 30 }, () => test.member());
    // Two rounds: the second one runs with what the process remembers from the first.
    for (let round = 1; round <= 2; round += 1) {
      if (round === 2)
        await database.pool.query(
          'alter table ledger.transaction drop constraint if exists sabotage',
        );
      const poison = poisons[name]?.(victim);
      const outcomes = await Promise.all(
        members.map((member, index) =>
          index % 2 === 0
            ? test.earn('platform_a', member, 100n)
            : test.transfer('platform_a', members[index - 1] ?? member, 10n, 'platform_b', member),
        ),
      );
      // A conversion may have been decided before the earn that it needs, but no caller is told
      // that the ledger is out of order.
      expect(
        outcomes.flatMap((outcome) =>
          outcome.ok || outcome.problem.code === 'insufficient_balance'
            ? []
            : [outcome.problem.code],
        ),
      ).toEqual([]);
      expect(outcomes.filter((outcome, index) => index % 2 === 0 && outcome.ok).length).toBe(15);
      expect(await poison).toMatchObject({
        ok: false,
        problem: { code: 'unavailable', status: 503, retryable: true },
      });
    }
    const { rows } = await database.pool.query(
      `select 1 from ledger.transaction where member_id = $1 union all select 1 from ledger.account
          where owner_id = $1`,
      [victim],
    );
    expect(rows).toEqual([]);
    await expectSound(database.pool);
  });
});
