// Tests transfers under review, purchases that earn points, and a rule that fails, over HTTP.

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { audit } from '../monitor/monitor.ts';
import type { RulebookDocument } from '../valuation/valuation.ts';

let database: TestDatabase;
let api: TestApi;
let operator: string;

const A = 'platform_a';
const B = 'platform_b';

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  operator = await api.operator('olga');
});
afterEach(() => rules({}));
afterAll(async () => {
  expect((await audit(database.pool)).checks.filter(({ ok }) => !ok)).toEqual([]);
  await api?.close();
  await database?.drop();
});

const rules = (
  these: RulebookDocument['rules'],
  settings: Partial<RulebookDocument['settings']> = {},
): Promise<void> =>
  api.amend((document) => ({
    ...document,
    rules: these,
    settings: { ...document.settings, fees: 'first', ...settings },
  }));
const post = (url: string, body: object, key: string = randomUUID()): Promise<Answer> =>
  api.call(A, 'POST', url, body, { headers: { 'idempotency-key': key } });

async function pair(points = 10_000): Promise<{
  from: string;
  to: string;
  send(fields?: object, key?: string): Promise<Answer>;
  quote(fields?: object): Promise<Answer>;
}> {
  const [from, to] = [await api.user(A, points), await api.user(B)];
  return {
    from,
    to,
    send: (fields = {}, key) =>
      post(
        '/api/points/transfer',
        { from_user_id: from, to_user_id: to, amount: 1000, target_platform: B, ...fields },
        key,
      ),
    quote: (fields = {}) =>
      post('/api/points/quote', {
        from_user_id: from,
        amount: 1000,
        target_platform: B,
        ...fields,
      }),
  };
}

const waiting = async (): Promise<{ hold_id: string; reason: string; amount: number }[]> =>
  (await api.operate(operator, 'GET', '/operator/reviews')).body['reviews'] as never;
const say = (holdId: string, word: string): Promise<Answer> =>
  api.operate(operator, 'POST', `/operator/reviews/${holdId}/${word}`, { reason: 'looked' });

describe('a transfer under review', () => {
  const review: RulebookDocument['rules'] = {
    large: {
      kind: 'review',
      when: 'amount >= 1000',
      operations: ['conversion', 'transfer'],
      reason: 'Large',
    },
  };

  it('sets the points aside, and is posted once when an operator lets it pass', async () => {
    const { from, to, send } = await pair();
    await rules(review);
    // The result is not known before an operator approves the transfer.
    const dry = await send({ dry_run: true });
    expect(dry).toMatchObject({ status: 200, body: { status: 'pending_review' } });
    expect(dry.body).not.toHaveProperty('credited_amount');
    const asked = await send({}, 'asked');
    expect(asked).toMatchObject({
      status: 200,
      body: { status: 'pending_review', credited_amount: 0 },
    });
    expect((await send({ amount: 999 })).body).toMatchObject({ status: 'completed' });
    expect((await api.call(A, 'GET', `/api/points/balance?user_id=${from}`)).body).toMatchObject({
      balance: 9001,
      available: 8001,
      held: 1000,
    });
    const [one] = await waiting();
    expect(one).toMatchObject({ reason: 'Large', amount: 1000 });
    const holdId = one?.hold_id ?? '';
    expect(await post(`/api/points/holds/${holdId}/capture`, {})).toMatchObject({ status: 404 });
    const said = await Promise.all(Array.from({ length: 5 }, () => say(holdId, 'approve')));
    expect(said.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(await say(holdId, 'reject')).toMatchObject({
      status: 409,
      body: { code: 'hold_resolved' },
    });
    expect([await api.balance(A, from), await api.balance(B, to)]).toEqual([8001, 832.5 + 833.33]);
    expect(await waiting()).toEqual([]);
    expect(await send({}, 'asked')).toMatchObject({
      status: 200,
      body: { status: 'completed', credited_amount: 833.33 },
    });
  });

  it('gives the points back when it is turned down', async () => {
    const { from, send } = await pair();
    const friend = await api.user(A);
    await rules(review);
    const within = await send({ target_platform: A, to_user_id: friend }, 'within');
    expect(within.body).toMatchObject({ status: 'pending_review' });
    const holdId = String(within.body['transaction_id']).replace('txn_', 'hold_');
    expect(await say(holdId, 'reject')).toMatchObject({
      status: 200,
      body: { status: 'rejected' },
    });
    expect((await api.call(A, 'GET', `/api/points/balance?user_id=${from}`)).body).toMatchObject({
      balance: 10_000,
      available: 10_000,
      held: 0,
    });
    expect((await send({ target_platform: A, to_user_id: friend }, 'within')).body).toMatchObject({
      status: 'rejected',
    });
    expect(await say(`hold_0000${'a'.repeat(28)}`, 'approve')).toMatchObject({
      status: 404,
      body: { code: 'hold_not_found' },
    });
  });
});

describe('a purchase', () => {
  it('becomes points by the earn rules: category and campaign before the rest, at most their maximum', async () => {
    const now = api.clock.now();
    await api.amend((document) => ({
      ...document,
      earn: {
        rest: { platform: A, rate: '1' },
        travel: { platform: A, category: 'travel', rate: '2.5', priority: 10 },
        campaign: {
          platform: A,
          rate: '10',
          priority: 1,
          from: new Date(now).toISOString(),
          until: new Date(now + 3_600_000).toISOString(),
          when: 'value >= 100',
          maximum: '1500',
        },
      },
    }));
    const user = await api.user(A);
    const buy = (fields: object, key?: string): Promise<Answer> =>
      post('/api/points/earn', { user_id: user, ...fields }, key);
    expect((await buy({ purchase_amount: 19.999 })).body).toMatchObject({ amount: 19.99 });
    expect((await buy({ purchase_amount: '20', category: 'travel' }, 'trip')).body).toMatchObject({
      amount: 50,
    });
    expect((await buy({ purchase_amount: 100 })).body).toMatchObject({ amount: 1000 });
    expect((await buy({ purchase_amount: 100_000, category: 'travel' })).body).toMatchObject({
      amount: 1500,
    });
    api.clock.advance(3_600_000);
    expect((await buy({ purchase_amount: 100 })).body).toMatchObject({ amount: 100 });
    await api.amend((document) => ({ ...document, earn: {} }));
    expect(await buy({ purchase_amount: '20', category: 'travel' }, 'trip')).toMatchObject({
      status: 200,
      body: { amount: 50 },
    });
    expect(await buy({ purchase_amount: '21', category: 'travel' }, 'trip')).toMatchObject({
      status: 422,
    });
    expect(await buy({ purchase_amount: 1, amount: 1 })).toMatchObject({
      status: 400,
      body: { code: 'invalid_field' },
    });
    expect(await buy({})).toMatchObject({
      status: 400,
      body: { code: 'missing_field', error: 'Missing required field: amount' },
    });
  });
});

describe('a rule that fails', () => {
  it('refuses that one transaction and raises an alert', async () => {
    const { from, send } = await pair();
    await rules({
      broken: {
        kind: 'fee',
        when: 'amount > 500 && tags[7] == "x"',
        fee: { rate: '0.1', on: 'source' },
      },
    });
    expect(await send()).toMatchObject({
      status: 409,
      body: { code: 'rule_failed', rule: 'rules/broken' },
    });
    expect(await send({ amount: 10 })).toMatchObject({ status: 200, body: { fee: 0 } });
    expect(await api.balance(A, from)).toBe(9990);
    expect((await api.server.inject('/health')).json()).toMatchObject({
      status: 'degraded',
      checks: { clearing_center: { message: 'Rules have failed lately' } },
    });
    const authorization = `Bearer ${await api.operator('watcher')}`;
    expect(
      (await api.server.inject({ url: '/health', headers: { authorization } })).json(),
    ).toMatchObject({
      checks: { clearing_center: { message: 'Rules that failed lately: rules/broken' } },
    });
    expect(await api.parts.metrics.render()).toContain(
      'pontis_rule_failures_total{rule="rules/broken"} 1',
    );
  });
});
