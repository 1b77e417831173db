// Lanes whose backend is terminated or whose statement is cancelled in the middle of a batch: the
// others go on, and every caller gets a true answer.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PlatformId } from '../../src/kernel/ids.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectAsAnswered, expectSound } from '../fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import { patience } from '../fixtures/patience.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';
import { Traffic } from '../fixtures/traffic.ts';

const seed = seedOf('broken connections');

let database: TestDatabase;
let test: TestLedger;

beforeEach(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 4 });
});
afterEach(async () => {
  await test?.ledger.close();
  await database?.drop();
});

it.each(['pg_terminate_backend', 'pg_cancel_backend'])(
  '%s again and again: every answer stays true',
  async (harm) => {
    const random = createRandom(seed);
    const platforms = ['platform_a', 'platform_b'] as PlatformId[];
    const rewards = new Map<PlatformId, number>();
    for (const platformId of platforms)
      rewards.set(platformId, (await test.reward(platformId, 300n)).assetId);
    const traffic = new Traffic({
      random: random.fork(1),
      members: Array.from({ length: 6 }, () => test.member()),
      platforms,
      rewards,
      keyPrefix: '',
      dayIn: test.dayIn,
    });
    let stopped = false;
    const load = traffic.run(test.ledger, 32, () => !stopped);
    let harmed = 0n;
    const posted = (): number => traffic.asked.filter(({ outcome }) => outcome.ok).length;
    for (let round = 0; round < (long ? 600 : 40); round += 1) {
      await sleep(random.int(5, 40));
      // Waits for progress: on a slow machine nothing would ever succeed between two faults.
      while (posted() < 2 * round) await sleep(5);
      const { rows } = await database.pool.query<{ harmed: bigint }>(
        `select count(*) filter (where ${harm}(pid)) as harmed from pg_stat_activity
            where datname = current_database() and application_name like 'pontis lane%'
            and state <> 'idle'`,
      );
      harmed += rows[0]?.harmed ?? 0n;
    }
    stopped = true;
    await load;
    expect(harmed).toBeGreaterThan(0n);
    expect(posted()).toBeGreaterThan(50);
    await expectAsAnswered(database.pool, traffic.asked);
    await expectSound(database.pool);
  },
  patience(long ? 600_000 : 60_000),
);

it('a bucket that somebody else keeps locked holds up one lane; members of other buckets go on', async () => {
  const members = Array.from({ length: 40 }, () => test.member());
  await Promise.all(members.map((member) => test.earn('platform_a', member, 100n)));
  const client = await database.pool.connect();
  try {
    await client.query('begin');
    await client.query('select 1 from ledger.bucket where bucket = 1 for update');
    let answered = 0;
    const waiting = members
      .filter(isLocked)
      .map((member) => test.earn('platform_a', member, 1n).finally(() => (answered += 1)));
    await sleep(50);
    const others = await Promise.all(
      members
        .filter((member) => !isLocked(member))
        .map((member) => test.earn('platform_a', member, 1n)),
    );
    expect(others.every((outcome) => outcome.ok)).toBe(true);
    expect(answered).toBe(0);
    await client.query('rollback');
    expect((await Promise.all(waiting)).every((outcome) => outcome.ok)).toBe(true);
  } finally {
    client.release(true);
  }
  await expectSound(database.pool);
});

/** True for a member in bucket 1 of four. */
function isLocked(member: string): boolean {
  return Number.parseInt(member.slice(0, 8), 16) % 4 === 1;
}
