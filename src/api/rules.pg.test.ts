// Tests the rules as a platform meets them: quotes, dry runs, reviews, purchases that earn points,
// limits, and operations that return a limit.

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { audit } from '../monitor/monitor.ts';
import type { RulebookDocument } from '../valuation/valuation.ts';

let database: TestDatabase;
let api: TestApi;

const A = 'platform_a';
const B = 'platform_b';

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
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

describe('a quote', () => {
  it('holds its terms although the rates have changed, once, and tells every rule that applied', async () => {
    const { from, to, send, quote } = await pair();
    await rules({ fee: { kind: 'fee', fee: { rate: '0.01', on: 'source' } } });
    const quoted = await quote();
    expect(quoted).toMatchObject({
      status: 200,
      body: {
        amount: 1000,
        fee: 10,
        target_fee: 0,
        bonus: 0,
        credited_amount: 825,
        rate: '0.83333333',
        needs_review: false,
        explanation: [
          { item: 'platforms/platform_a', kind: 'value' },
          {
            item: 'rules/fee',
            kind: 'fee',
            effect: '10.00 source points kept (0.01 of the amount)',
          },
        ],
      },
    });
    await rules({ fee: { kind: 'fee', fee: { rate: '0.5', on: 'source' } } });
    const key = randomUUID();
    const done = await send({ quote_id: quoted.body['quote_id'] }, key);
    expect(done).toMatchObject({
      status: 200,
      body: { fee: 10, credited_amount: 825, status: 'completed' },
    });
    expect(await send({ quote_id: quoted.body['quote_id'] }, key)).toMatchObject({
      status: 200,
      body: done.body,
    });
    expect(await send({ quote_id: quoted.body['quote_id'] })).toMatchObject({
      status: 409,
      body: { code: 'quote_used' },
    });
    expect(await send({ quote_id: quoted.body['quote_id'] }, key)).toMatchObject({
      status: 200,
      headers: { 'idempotency-replayed': 'true' },
    });
    expect([await api.balance(A, from), await api.balance(B, to)]).toEqual([9000, 825]);
    expect(await send()).toMatchObject({ body: { fee: 500 } });
  });

  it('is used by one of many who try at once, also when nobody is named in it', async () => {
    for (const named of [true, false]) {
      const { to, send, quote } = await pair();
      const {
        body: { quote_id: quoteId },
      } = await quote(named ? {} : { from_user_id: undefined });
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => send({ quote_id: quoteId })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([
        200,
        ...Array<number>(19).fill(409),
      ]);
      expect(await api.balance(B, to)).toBe(833.33);
    }
  });

  it('of another platform, another amount, changed in one letter, or too old is none', async () => {
    const { from, send, quote } = await pair();
    const {
      body: { quote_id: quoteId },
    } = await quote();
    const id = String(quoteId);
    const other = await pair();
    expect(
      await api.call(B, 'POST', '/api/points/transfer', {
        from_user_id: other.to,
        to_user_id: from,
        amount: 1000,
        target_platform: A,
        quote_id: id,
      }),
    ).toMatchObject({ body: { code: 'quote_not_found' } });
    expect(await other.send({ quote_id: id })).toMatchObject({
      body: { code: 'quote_mismatch', field: 'from_user_id' },
    });
    expect(await send({ quote_id: id, amount: 999 })).toMatchObject({
      body: { code: 'quote_mismatch', field: 'amount' },
    });
    expect(await send({ quote_id: id, category: 'travel' })).toMatchObject({
      body: { code: 'quote_mismatch', field: 'category' },
    });
    for (const at of [10, 60, id.length - 10]) {
      expect(
        await send({ quote_id: id.slice(0, at) + (id[at] === 'A' ? 'B' : 'A') + id.slice(at + 1) }),
      ).toMatchObject({ status: 400, body: { code: 'quote_not_found' } });
    }
    api.clock.advance(61_000);
    expect(await send({ quote_id: id })).toMatchObject({
      status: 409,
      body: { code: 'quote_expired' },
    });
  });

  it('does not help against a rule that denies when it is used', async () => {
    const { send, quote } = await pair();
    const {
      body: { quote_id: quoteId },
    } = await quote();
    await rules({ closed: { kind: 'deny', reason: 'Closed' } });
    expect(await send({ quote_id: quoteId })).toMatchObject({
      status: 403,
      body: { code: 'operation_denied', rule: 'rules/closed' },
    });
    expect(await quote()).toMatchObject({ status: 403, body: { code: 'operation_denied' } });
  });
});

describe('fees and bonuses', () => {
  it('on both sides are kept, added and given back by a reversal, in whole and in parts', async () => {
    const { from, to, send } = await pair();
    await rules(
      {
        fee_a: { kind: 'fee', fee: { rate: '0.06', minimum: '5', on: 'source' } },
        fee_b: { kind: 'fee', fee: { flat: '3', on: 'target' } },
        extra: {
          kind: 'bonus',
          when: 'source == "platform_a" && "vip" in tags',
          bonus: { rate: '0.1', maximum: '50', paid_by: 'source' },
        },
      },
      { fees: 'all', detour_tolerance: '1' },
    );
    expect((await send()).body).toMatchObject({
      fee: 60,
      target_fee: 3,
      bonus: 0,
      credited_amount: 780.33,
    });
    await api.call(A, 'PUT', `/api/users/${from}/tags`, { tags: ['vip'] });
    const vip = await send();
    expect(vip.body).toMatchObject({ fee: 60, target_fee: 3, bonus: 50, credited_amount: 830.33 });
    for (const amount of [333.33, 0.01, undefined]) {
      expect(
        await post('/api/points/reverse', {
          transaction_id: vip.body['transaction_id'],
          reason: 'x',
          ...(amount === undefined ? {} : { amount }),
        }),
      ).toMatchObject({ status: 200 });
    }
    expect([await api.balance(A, from), await api.balance(B, to)]).toEqual([9000, 780.33]);
  });
});

describe('a dry run', () => {
  it('of a transfer tells what would happen and why, in body or query, and posts nothing', async () => {
    const { from, to, send } = await pair();
    await rules({
      fee: { kind: 'fee', description: 'x', fee: { rate: '0.01', on: 'source' } },
      daily: {
        kind: 'limit',
        limit: { maximum: '1500', measure: 'points', per: 'day', of: 'member' },
      },
      all: {
        kind: 'limit',
        limit: { maximum: '100', measure: 'value', per: 'day', of: 'network' },
      },
    });
    const dry = {
      status: 200,
      body: {
        dry_run: true,
        would_succeed: true,
        status: 'completed',
        fee: 10,
        credited_amount: 825,
        explanation: [
          { kind: 'value' },
          { item: 'rules/fee' },
          { item: 'rules/all' },
          { item: 'rules/daily' },
        ],
      },
    };
    expect(await send({ dry_run: true })).toMatchObject(dry);
    expect(
      await post('/api/points/transfer?dry_run=true', {
        from_user_id: from,
        to_user_id: to,
        amount: 1000,
        target_platform: B,
      }),
    ).toMatchObject(dry);
    expect([await api.balance(A, from), await api.balance(B, to)]).toEqual([10_000, 0]);
    expect(await send()).toMatchObject({ status: 200 });
    expect(await send({ dry_run: true })).toMatchObject({
      status: 200,
      body: {
        would_succeed: false,
        status: 'refused',
        problem: { code: 'limit_exceeded', rule: 'rules/daily' },
      },
    });
    expect(await send()).toMatchObject({
      status: 409,
      body: { code: 'limit_exceeded', rule: 'rules/daily', maximum: '1500.00' },
    });
    const batch = await post('/api/points/batch', {
      operations: [
        {
          kind: 'transfer',
          from_user_id: from,
          to_user_id: to,
          amount: 1,
          target_platform: B,
          dry_run: true,
        },
      ],
    });
    expect(batch.body).toMatchObject({
      results: [{ status: 200, body: { dry_run: true, would_succeed: true } }],
    });
    expect(await api.balance(A, from)).toBe(9000);
  });
});

describe('a dry run of a redemption', () => {
  it('tells price, limit and stock as they would be judged, and takes nothing', async () => {
    await api.reward(A, 'lamp', { points_required: '5', stock: 2, per_member: 1 });
    await rules({
      no_lamps_at_once: {
        kind: 'limit',
        operations: ['redeem'],
        limit: { maximum: '5', measure: 'points', per: 'transaction', of: 'member' },
      },
    });
    const user = await api.user(A, 100);
    const redeem = (fields: object): Promise<Answer> =>
      post('/api/points/redeem', { user_id: user, amount: 5, reward_id: 'lamp', ...fields });
    expect(await redeem({ dry_run: true })).toMatchObject({
      status: 200,
      body: {
        dry_run: true,
        would_succeed: true,
        status: 'completed',
        explanation: [
          { item: 'rules/no_lamps_at_once' },
          { item: 'rewards/platform_a/lamp', kind: 'reward' },
        ],
      },
    });
    expect(await redeem({ dry_run: true, amount: 6 })).toMatchObject({
      status: 200,
      body: { would_succeed: false, problem: { code: 'reward_price_mismatch' } },
    });
    expect(await redeem({ dry_run: true, amount: 10, quantity: 2 })).toMatchObject({
      status: 200,
      body: {
        would_succeed: false,
        problem: { code: 'limit_exceeded', rule: 'rules/no_lamps_at_once' },
      },
    });
    expect(await redeem({ dry_run: true, reward_id: 'nothing' })).toMatchObject({
      status: 400,
      body: { code: 'reward_not_found' },
    });
    expect(await api.balance(A, user)).toBe(100);
    expect(await redeem({})).toMatchObject({ status: 200 });
    expect(await redeem({ dry_run: true })).toMatchObject({
      status: 200,
      body: {
        would_succeed: false,
        problem: { code: 'limit_exceeded', rule: 'rewards/platform_a/lamp' },
      },
    });
    expect((await api.call(A, 'GET', '/api/rewards')).body).toMatchObject({
      rewards: [{ reward_id: 'lamp', available: 1 }],
    });
  });
});
