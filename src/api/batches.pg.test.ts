// Tests points over HTTP: repeated keys, many operations in one request, many requests at once, and
// their logs and metrics.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  await api.reward('platform_a', 'coupon_10', {
    points_required: '1000',
    stock: 3,
    name_zh: '10元优惠券',
    description_zh: '满50可用',
    name_en: '10 yuan coupon',
    description_en: 'From 50 yuan',
  });
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

describe('idempotency', () => {
  it('the same key and body give the first result, another body is refused', async () => {
    const user = await api.user('platform_a');
    const headers = { 'idempotency-key': randomUUID() };
    const first = await api.call(
      'platform_a',
      'POST',
      '/api/points/earn',
      { user_id: user, amount: 5 },
      { headers },
    );
    api.clock.advance(2000);
    const again = await api.call(
      'platform_a',
      'POST',
      '/api/points/earn',
      { user_id: user, amount: 5 },
      { headers },
    );
    expect(again).toMatchObject({
      status: 200,
      body: first.body,
      headers: { 'idempotency-replayed': 'true' },
    });
    expect(
      await api.call(
        'platform_a',
        'POST',
        '/api/points/earn',
        { user_id: user, amount: 6 },
        { headers },
      ),
    ).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect(await api.balance('platform_a', user)).toBe(5);
  });

  it('64 at once post once', async () => {
    const user = await api.user('platform_a');
    const headers = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(
      Array.from({ length: 64 }, () =>
        api.call(
          'platform_a',
          'POST',
          '/api/points/earn',
          { user_id: user, amount: 5 },
          { headers },
        ),
      ),
    );
    expect(
      new Set(answers.map(({ status, body }) => `${status} ${String(body['transaction_id'])}`))
        .size,
    ).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(
      answers.filter((answer) => answer.headers['idempotency-replayed'] === undefined),
    ).toHaveLength(1);
    expect(await api.balance('platform_a', user)).toBe(5);
  });

  it('without a key a request sent again byte for byte posts once, however its signature is spelled', async () => {
    const user = await api.user('platform_a');
    const timestamp = String(Math.floor(api.clock.now() / 1000));
    const body = JSON.stringify({ user_id: user, amount: 5 });
    const signed = api.sign('platform_a', 'POST', '/api/points/earn', body, timestamp);
    for (const signature of [
      signed['x-signature'] ?? '',
      (signed['x-signature'] ?? '').toUpperCase(),
    ]) {
      expect(
        await api.call('platform_a', 'POST', '/api/points/earn', body, {
          timestamp,
          headers: { 'x-signature': signature },
        }),
      ).toMatchObject({ status: 200 });
    }
    expect(await api.balance('platform_a', user)).toBe(5);
  });

  it('equal requests of one second are different operations when their keys differ', async () => {
    const user = await api.user('platform_a');
    const timestamp = String(Math.floor(api.clock.now() / 1000));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        api.call(
          'platform_a',
          'POST',
          '/api/points/earn',
          { user_id: user, amount: 1 },
          { timestamp, headers: { 'idempotency-key': `k${index}` } },
        ),
      ),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(await api.balance('platform_a', user)).toBe(20);
  });
});

describe('batch', () => {
  it('answers each operation in order; a refused or malformed one does not fail its neighbours', async () => {
    const [user, other] = [await api.user('platform_a', 100), await api.user('platform_b')];
    const body = {
      operations: [
        { kind: 'earn', user_id: user, amount: 10 },
        {
          kind: 'transfer',
          from_user_id: user,
          to_user_id: other,
          amount: 5000,
          target_platform: 'platform_b',
        },
        { kind: 'earn', user_id: user, amount: 1, colour: 'red' },
        { kind: 'dance' },
        { kind: 'earn', user_id: 'a\u0000b', amount: 1 },
        {
          kind: 'transfer',
          from_user_id: user,
          to_user_id: other,
          amount: 12,
          target_platform: 'platform_b',
          idempotency_key: 'own',
        },
        { kind: 'redeem', user_id: user },
        { kind: 'hold', user_id: user, amount: 1 },
        {},
      ],
    };
    const headers = { 'idempotency-key': randomUUID() };
    const answer = await api.call('platform_a', 'POST', '/api/points/batch', body, { headers });
    expect(answer.status).toBe(200);
    const results = answer.body['results'] as unknown as {
      status: number;
      body: Record<string, unknown>;
    }[];
    expect(results.map(({ status, body: { code } }) => [status, code])).toEqual([
      [200, undefined],
      [400, 'insufficient_balance'],
      [400, 'unknown_field'],
      [400, 'invalid_field'],
      [400, 'invalid_field'],
      [200, undefined],
      [400, 'missing_fields'],
      [200, undefined],
      [400, 'missing_field'],
    ]);
    expect(answer.body).toMatchObject({ succeeded: 3, refused: 6 });
    expect(await api.balance('platform_a', user)).toBe(98);
    const again = await api.call('platform_a', 'POST', '/api/points/batch', body, { headers });
    expect((again.body['results'] as unknown as typeof results)[0]).toEqual(results[0]);
    expect(await api.balance('platform_a', user)).toBe(98);
  });

  it('takes a thousand', async () => {
    const user = await api.user('platform_a');
    const operations = Array.from({ length: 1000 }, () => ({
      kind: 'earn',
      user_id: user,
      amount: 0.01,
    }));
    expect(await api.call('platform_a', 'POST', '/api/points/batch', { operations })).toMatchObject(
      { status: 200, body: { succeeded: 1000, refused: 0 } },
    );
    expect(await api.balance('platform_a', user)).toBe(10);
    expect(
      await api.call('platform_a', 'POST', '/api/points/batch', {
        operations: [...operations, operations[0]],
      }),
    ).toMatchObject({ status: 400, body: { code: 'invalid_field', field: 'operations' } });
  });
});

describe('many at once', () => {
  it('never sell more than the stock', async () => {
    await api.reward('platform_b', 'rare', { points_required: '1', stock: 10 });
    const users = await Promise.all(Array.from({ length: 8 }, () => api.user('platform_b', 100)));
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        api.call(
          'platform_b',
          'POST',
          '/api/points/redeem',
          { user_id: users[index % users.length], amount: 1, reward_id: 'rare' },
          { headers: { 'idempotency-key': `r${index}` } },
        ),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(
      answers.filter(({ body }) => (body['code'] as unknown) === 'reward_not_available'),
    ).toHaveLength(54);
    const left = await Promise.all(users.map((user) => api.balance('platform_b', user)));
    expect(left.reduce((sum, points) => sum + points, 0)).toBe(790);
    expect((await api.call('platform_b', 'GET', '/api/rewards')).body).toMatchObject({
      rewards: [{ reward_id: 'rare', available: 0 }],
    });
  });

  it('never spend a point twice', async () => {
    const [user, to] = [await api.user('platform_a', 10), await api.user('platform_b')];
    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        api.call(
          'platform_a',
          'POST',
          '/api/points/transfer',
          {
            from_user_id: user,
            to_user_id: to,
            amount: 0.5 + (index % 3),
            target_platform: 'platform_b',
          },
          { headers: { 'idempotency-key': `t${index}` } },
        ),
      ),
    );
    const spent = answers
      .filter(({ status }) => status === 200)
      .reduce((sum, { body }) => sum + Number(body['amount']), 0);
    expect(
      answers.every(
        ({ status, body }) =>
          status === 200 || (body['error'] as unknown) === 'Insufficient balance',
      ),
    ).toBe(true);
    expect(await api.balance('platform_a', user)).toBe(10 - spent);
  });
});

describe('for operators', () => {
  it('answers health and readiness without a signature, and metrics by a token', async () => {
    expect((await api.server.inject('/health')).json()).toMatchObject({
      status: 'healthy',
      checks: {
        database: { status: 'healthy' },
        clearing_center: { status: 'healthy', message: 'Pending transactions: 0' },
        api_gateway: { status: 'healthy', message: 'API gateway operational' },
        platform_connections: { platform_a: { status: 'healthy' } },
      },
    });
    expect((await api.server.inject('/health/live')).statusCode).toBe(200);
    expect((await api.server.inject('/health/ready')).json()).toEqual({ status: 'ready' });
    const metrics = await api.server.inject({
      url: '/metrics',
      headers: { authorization: `Bearer ${await api.operator('watcher')}` },
    });
    expect(metrics.body).toMatch(
      /pontis_http_request_seconds_count\{method="POST",route="\/api\/points\/earn",status="200"\} \d+/,
    );
    expect(metrics.body).toMatch(
      /pontis_operations_total\{kind="transfer",outcome="insufficient_balance"\} \d+/,
    );
  });

  it('echoes a sane request id and makes one otherwise', async () => {
    expect(
      (await api.server.inject({ url: '/health/live', headers: { 'x-request-id': 'abc-1' } }))
        .headers['x-request-id'],
    ).toBe('abc-1');
    expect(
      (await api.server.inject({ url: '/health/live', headers: { 'x-request-id': '<script>' } }))
        .headers['x-request-id'],
    ).toMatch(/^req_[0-9a-f]{12}_/);
  });
});
