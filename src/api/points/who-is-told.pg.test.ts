// Tests what a platform learns about other platforms: neither their messages nor the ids of their
// users.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';

const [A, B] = ['platform_a', 'platform_b'];

let database: TestDatabase;
let api: TestApi;
let ann: string;
let bob: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  ann = await api.user(A, 1_000);
  bob = await api.user(B);
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const transfer = (fields: object, options = {}): Promise<Answer> =>
  api.call(
    A,
    'POST',
    '/api/points/transfer',
    { from_user_id: ann, to_user_id: bob, amount: 10, target_platform: B, ...fields },
    options,
  );

it('reference and metadata of a transaction are given back to the platform that wrote them only', async () => {
  const words = { reference: 'order 88 of Mrs. X', metadata: { note: 'secret' } };
  const { body } = await transfer(words);
  const id = String(body['transaction_id']);
  const both = [
    await api.call(A, 'GET', `/api/transactions/${id}`),
    await api.call(B, 'GET', `/api/transactions/${id}`),
  ];
  expect(both[0]?.body).toMatchObject(words);
  const reversal = await api.call(A, 'POST', '/api/points/reverse', {
    transaction_id: id,
    reason: 'x',
    reference: 'also mine',
    idempotency_key: 'reversal',
  });
  const history = await api.call(B, 'GET', `/api/points/history?user_id=${bob}`);
  expect(JSON.stringify([both[1]?.body, history.body])).not.toMatch(/Mrs|secret|also mine/);
  expect([both[1]?.status, reversal.status]).toEqual([200, 200]);
  expect(
    JSON.stringify((await api.call(A, 'GET', `/api/points/history?user_id=${ann}`)).body),
  ).toMatch(/order 88 of Mrs. X.*secret/);
});

const key = (name: string) => ({ idempotency_key: name });

describe('who is a user elsewhere', () => {
  it('is not told by a dry run', async () => {
    const [known, unknown] = [
      await transfer({ dry_run: true }),
      await transfer({ dry_run: true, to_user_id: 'nobody' }),
    ];
    expect(known).toMatchObject({
      status: 200,
      body: { would_succeed: true, receiver: 'not_checked', credited_amount: 8.33 },
    });
    expect(unknown.body).toEqual(known.body);
    const own = await transfer({ dry_run: true, target_platform: A, to_user_id: 'nobody' });
    expect(own).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
    expect(
      (await transfer({ dry_run: true, target_platform: A, to_user_id: await api.user(A) })).body,
    ).not.toHaveProperty('receiver');
  });

  it('can be asked by transfers a number of times an hour; then neither a yes nor a no is told, and the platform hears of it', async () => {
    await api.amend((document) => ({
      ...document,
      settings: { ...document.settings, unknown_users_per_hour: 10 },
    }));
    for (let misses = 0; misses < 10; misses += 1)
      expect((await transfer({ to_user_id: `nobody-${misses}` })).body).toMatchObject({
        code: 'user_not_found',
      });
    for (const to of [bob, 'nobody'])
      expect(await transfer({ to_user_id: to })).toMatchObject({
        status: 429,
        body: { code: 'too_many_unknown_users' },
        headers: { 'retry-after': '60' },
      });
    // Other platforms and its own transfers are not delayed.
    expect(
      (
        await api.call(B, 'POST', '/api/points/transfer', {
          from_user_id: bob,
          to_user_id: 'nobody',
          amount: 1,
          target_platform: A,
        })
      ).body,
    ).toMatchObject({ code: 'user_not_found' });
    expect((await transfer({ target_platform: A, to_user_id: await api.user(A) })).status).toBe(
      200,
    );
    await expect
      .poll(
        async () =>
          (
            await database.pool.query(
              `select data from feed.event where type = 'users.unknown_asked' and platform_id = $1
                  order by event_id`,
              [B],
            )
          ).rows,
      )
      .toMatchObject([
        { data: { by_platform: A, misses: 1 } },
        { data: { by_platform: A, misses: 10 } },
      ]);
    api.clock.advance(3_600_000);
    expect((await transfer({})).status).toBe(200);
  });

  describe('past the budget', () => {
    const budget = 5;
    const tooMany = { status: 429, body: { code: 'too_many_unknown_users' } };
    type Item = Pick<Answer, 'status' | 'body'>;
    const inBatch = async (items: readonly object[]): Promise<readonly Item[]> => {
      const common = { kind: 'transfer', from_user_id: ann, to_user_id: bob, amount: 10 };
      const operations = items.map((item) => ({ ...common, target_platform: B, ...item }));
      const { body } = await api.call(A, 'POST', '/api/points/batch', { operations });
      return body['results'] as unknown as readonly Item[];
    };
    async function useUp(): Promise<void> {
      api.clock.advance(3_600_000);
      for (let misses = 0; misses < budget; misses += 1) {
        expect((await transfer({ to_user_id: 'nobody' })).status).toBe(404);
      }
      expect(await transfer({})).toMatchObject(tooMany);
    }
    beforeAll(() =>
      api.amend((document) => ({
        ...document,
        settings: { ...document.settings, unknown_users_per_hour: budget },
      })),
    );

    it('a repeated transfer gets its first result, also in a batch; a new one does not', async () => {
      api.clock.advance(3_600_000);
      const first = await transfer(key('first'));
      const [ofBatch] = await inBatch([key('of-a-batch')]);
      const before = await api.balance(B, bob);
      await useUp();
      const again = await transfer(key('first'));
      expect(again).toMatchObject({ status: 200, headers: { 'idempotency-replayed': 'true' } });
      expect(again.body).toEqual(first.body);
      const results = await inBatch([key('of-a-batch'), key('first'), key('new')]);
      expect(results[0]).toEqual(ofBatch);
      expect(results[1]?.body).toEqual(first.body);
      expect(results[2]).toMatchObject(tooMany);
      expect(await api.balance(B, bob)).toBe(before);
    });

    it('a key that was used tells nobody who else is a user there', async () => {
      api.clock.advance(3_600_000);
      const other = await api.user(B);
      expect((await transfer(key('mine'))).status).toBe(200);
      const earned = { user_id: ann, amount: 1, ...key('an-earn') };
      expect((await api.call(A, 'POST', '/api/points/earn', earned)).status).toBe(200);
      await useUp();
      for (const name of ['mine', 'an-earn']) {
        for (const to of [other, 'nobody']) {
          expect(await transfer({ ...key(name), to_user_id: to })).toMatchObject(tooMany);
        }
      }
      const reused = { status: 422, body: { code: 'idempotency_key_reused' } };
      expect(await transfer({ ...key('mine'), amount: 11 })).toMatchObject(reused);
    });

    it('as many are told as by one after the other when all ask at once', async () => {
      api.clock.advance(3_600_000);
      const guesses = Array.from({ length: 40 }, (_, index) => ({ to_user_id: `guess-${index}` }));
      const batches = await Promise.all([guesses, [...guesses, {}]].map(inBatch));
      const statuses = batches.flat().map(({ status }) => status);
      expect(statuses.filter((status) => status === 404)).toHaveLength(budget);
      expect(statuses.filter((status) => status === 429)).toHaveLength(statuses.length - budget);
    });
  });
});
