// Transfers in both directions, partial reversals, and points that lapse in the meantime: over
// HTTP, with a real database and several requests at once. Nobody ends with more.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { audit } from '../../src/monitor/monitor.ts';
import { createTestApi, type TestApi } from '../fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { patience } from '../fixtures/patience.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';
import { DAY_MS } from '../../src/kernel/time.ts';

const seed = seedOf('nothing-from-nothing (HTTP)');

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  await api.join('platform_z', '1000.0');
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

/** Value of a hundredth of a point, in tenths of the value at multiplier 1. */
const WORTH: Readonly<Record<string, number>> = {
  platform_a: 10,
  platform_b: 12,
  platform_c: 8,
  platform_z: 10_000,
};
const PLATFORMS = Object.keys(WORTH);

const minorOf = (points: number): number => Math.round(points * 100);
const post = (platform: string, operation: string, fields: object): ReturnType<TestApi['call']> =>
  api.call(platform, 'POST', `/api/points/${operation}`, fields, {
    headers: { 'idempotency-key': randomUUID() },
  });

it('the way round by nearly whole reversals gains nothing', async () => {
  const [ann, there] = [await api.user('platform_a', 200), await api.user('platform_z')];
  for (let times = 0; times < 10; times += 1) {
    const sent = await post('platform_a', 'transfer', {
      from_user_id: ann,
      to_user_id: there,
      amount: 10,
      target_platform: 'platform_z',
    });
    expect(sent).toMatchObject({ status: 200, body: { credited_amount: 0.01 } });
    expect(
      await post('platform_a', 'reverse', {
        transaction_id: sent.body['transaction_id'],
        amount: 9.99,
        reason: 'in part',
      }),
    ).toMatchObject({ status: 200 });
  }
  expect([await api.balance('platform_a', ann), await api.balance('platform_z', there)]).toEqual([
    199.9, 0,
  ]);
});

it('parts of 0.03 of a transfer of 0.50 leave the receiver its share of the rest at most', async () => {
  const [ann, bob] = [await api.user('platform_a', 1), await api.user('platform_b')];
  const sent = await post('platform_a', 'transfer', {
    from_user_id: ann,
    to_user_id: bob,
    amount: 0.5,
    target_platform: 'platform_b',
  });
  for (let rest = 50; rest > 0;) {
    const part = Math.min(3, rest);
    rest -= part;
    expect(
      await post('platform_a', 'reverse', {
        transaction_id: sent.body['transaction_id'],
        amount: part / 100,
        reason: 'in part',
      }),
    ).toMatchObject({ status: 200 });
    expect(minorOf(await api.balance('platform_b', bob))).toBe(Math.floor((41 * rest) / 50));
  }
  expect(await api.balance('platform_a', ann)).toBe(1);
});

it(
  'whatever is moved and reversed at once, members have at most what they began with, and the audit is clean',
  async () => {
    const random = createRandom(seed);
    const users: { platform: string; id: string }[] = [];
    for (const platform of PLATFORMS) {
      for (let index = 0; index < 2; index += 1)
        users.push({ platform, id: await api.user(platform, platform === 'platform_z' ? 5 : 500) });
    }
    const wealth = async (): Promise<number> => {
      const balances = await Promise.all(
        users.map(
          async ({ platform, id }) =>
            minorOf(await api.balance(platform, id)) * (WORTH[platform] ?? 0),
        ),
      );
      return balances.reduce((sum, each) => sum + each, 0);
    };
    // Some points expire soon, on both sides of a transfer.
    for (const { platform, id } of users) {
      const expires = new Date(api.clock.now() + random.int(0, 3) * DAY_MS)
        .toISOString()
        .slice(0, 10);
      expect(
        await post(platform, 'earn', { user_id: id, amount: 3, expires_on: expires }),
      ).toMatchObject({ status: 200 });
    }
    const most = await wealth();
    const sent: { platform: string; id: string; left: number }[] = [];
    const transfer = async (): Promise<void> => {
      const [from, to] = [random.pick(users), random.pick(users)];
      const amount = random.pick([1, 5, 11, 50, 333, 1_000, 1_001]);
      const answer = await post(from.platform, 'transfer', {
        from_user_id: from.id,
        to_user_id: to.id,
        amount: amount / 100,
        target_platform: to.platform,
      });
      if (answer.status === 200)
        sent.push({
          platform: from.platform,
          id: String(answer.body['transaction_id']),
          left: amount,
        });
    };
    const reverse = async (): Promise<void> => {
      if (sent.length === 0) return;
      const one = random.pick(sent.slice(-20));
      if (one.left === 0) return;
      const part = random.chance(0.2) ? one.left : random.int(1, one.left);
      const body = { transaction_id: one.id, amount: part / 100, reason: 'in part' };
      const headers = { 'idempotency-key': randomUUID() };
      // The same request, sent twice at once, counts once.
      const [answer] = await Promise.all(
        Array.from({ length: random.int(1, 2) }, () =>
          api.call(one.platform, 'POST', '/api/points/reverse', body, { headers }),
        ),
      );
      if (answer?.status === 200) one.left -= part;
    };
    let reversed = 0;
    for (let step = 0; step < (long ? 1_500 : 80); step += 1) {
      const before = sent.map(({ left }) => left);
      await Promise.all(
        Array.from({ length: 4 }, () => (random.chance(0.4) ? transfer() : reverse())),
      );
      reversed += sent.filter(({ left }, index) => left < (before[index] ?? left)).length;
      if (random.chance(0.05)) {
        api.clock.advance(DAY_MS);
        await api.parts.ledger.sweep();
      }
      expect(await wealth()).toBeLessThanOrEqual(most);
    }
    expect(reversed).toBeGreaterThan(10);
    const report = await audit(database.pool);
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  },
  patience(long ? 900_000 : 120_000),
);
