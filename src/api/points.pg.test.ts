// Tests the points API as a platform uses it: the answers, the postings, and that each operation
// takes effect once.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, platformId, type TestApi } from '../../test/fixtures/api.ts';
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

describe('users', () => {
  it('links once, to the member that platform and user derive, and says so again', async () => {
    const userId = `张三/${randomUUID()}`;
    const first = await api.call('platform_a', 'POST', '/api/users', { platform_user_id: userId });
    expect(first).toMatchObject({
      status: 201,
      body: { success: true, platform_id: 'platform_a', platform_user_id: userId, created: true },
    });
    const again = await api.call('platform_a', 'POST', '/api/users', { user_id: userId });
    expect(again).toMatchObject({
      status: 200,
      body: { member_id: first.body['member_id'], created: false },
    });
    const found = await api.call('platform_a', 'GET', `/api/users/${encodeURIComponent(userId)}`);
    expect(found).toMatchObject({
      status: 200,
      body: { member_id: first.body['member_id'], platform_user_id: userId },
    });
    expect(
      await api.call('platform_b', 'GET', `/api/users/${encodeURIComponent(userId)}`),
    ).toMatchObject({ status: 404, body: { code: 'user_not_found' } });
  });

  it('have the tags that their platform gave them last, sorted', async () => {
    const userId = `王五/${randomUUID()}`;
    const path = `/api/users/${encodeURIComponent(userId)}`;
    const tags = async (): Promise<unknown> =>
      (await api.call('platform_a', 'GET', path)).body['tags'];
    expect(await api.call('platform_a', 'PUT', `${path}/tags`, { tags: ['vip'] })).toMatchObject({
      status: 404,
      body: { code: 'user_not_found' },
    });
    expect(
      await api.call('platform_a', 'POST', '/api/users', {
        platform_user_id: userId,
        tags: ['vip', 'gold'],
      }),
    ).toMatchObject({ status: 201, body: { created: true } });
    expect(await tags()).toEqual(['gold', 'vip']);
    await api.call('platform_a', 'POST', '/api/users', { platform_user_id: userId });
    expect(await tags()).toEqual(['gold', 'vip']);
    expect(
      await api.call('platform_a', 'POST', '/api/users', {
        platform_user_id: userId,
        tags: ['silver'],
      }),
    ).toMatchObject({ status: 200, body: { created: false } });
    expect(await tags()).toEqual(['silver']);
    expect(
      await api.call('platform_a', 'PUT', `${path}/tags`, { tags: ['vip', '2026.spring', 'gold'] }),
    ).toMatchObject({
      status: 200,
      body: { platform_user_id: userId, tags: ['2026.spring', 'gold', 'vip'] },
    });
    expect(await tags()).toEqual(['2026.spring', 'gold', 'vip']);
    expect(api.parts.identity.tagsOf(platformId('platform_a'), userId)).toEqual([
      '2026.spring',
      'gold',
      'vip',
    ]);
    expect(await api.call('platform_a', 'PUT', `${path}/tags`, { tags: [] })).toMatchObject({
      status: 200,
      body: { tags: [] },
    });
    expect(await tags()).toEqual([]);
  });
});

describe('earn, balance, history', () => {
  it('answers as documented', async () => {
    const user = await api.user('platform_a');
    const earned = await api.call('platform_a', 'POST', '/api/points/earn', {
      user_id: user,
      amount: 12.5,
      reference: 'order 7',
      category: 'shopping',
      occurred_at: '2026-01-31T12:00:00+08:00',
      expires_on: '2099-12-31',
      metadata: { shop: 'x', n: 1 },
    });
    expect(earned).toMatchObject({
      status: 200,
      body: {
        success: true,
        transaction_id: expect.stringMatching(/^txn_[0-9a-f]{32}$/),
        balance: 12.5,
      },
    });
    await api.call('platform_a', 'POST', '/api/points/earn', { user_id: user, amount: '0.01' });
    expect(
      await api.call('platform_a', 'GET', `/api/points/balance?user_id=${user}`),
    ).toMatchObject({
      status: 200,
      body: {
        user_id: user,
        platform_id: 'platform_a',
        balance: 12.51,
        available: 12.51,
        held: 0,
        expiring: [{ expires_on: '2099-12-31', amount: 12.5 }],
        expiring_soon: { within_days: 30, amount: 0 },
        timestamp: expect.any(Number),
      },
    });
    const history = await api.call(
      'platform_a',
      'GET',
      `/api/points/history?user_id=${user}&page=2&per_page=1`,
    );
    expect(history.body).toMatchObject({
      user_id: user,
      page: 2,
      per_page: 1,
      next_cursor: null,
      transactions: [
        {
          transaction_id: earned.body['transaction_id'],
          kind: 'earn',
          status: 'completed',
          amount: 12.5,
          change: 12.5,
          balance_after: 12.5,
          source_platform: 'SYSTEM',
          target_platform: 'platform_a',
          reference: 'order 7',
          category: 'shopping',
          occurred_at: '2026-01-31T04:00:00.000Z',
          metadata: { shop: 'x', n: 1 },
        },
      ],
    });
  });

  it('pages by cursor without gap or overlap', async () => {
    const user = await api.user('platform_a');
    for (let amount = 1; amount <= 7; amount += 1)
      await api.call('platform_a', 'POST', '/api/points/earn', { user_id: user, amount });
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { transactions: { amount: number }[]; next_cursor: string | null } = (
        await api.call(
          'platform_a',
          'GET',
          `/api/points/history?user_id=${user}&per_page=3${cursor === '' ? '' : `&cursor=${cursor}`}`,
        )
      ).body as never;
      seen.push(...page.transactions.map(({ amount }) => amount));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });
});

describe('transfer', () => {
  it('converts to another platform with the words of the requirement', async () => {
    const user = await api.user('platform_a', 1000);
    const to = await api.user('platform_b');
    const answer = await api.call('platform_a', 'POST', '/api/points/transfer', {
      from_user_id: user,
      to_user_id: to,
      amount: 1000,
      target_platform: 'platform_b',
    });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        success: true,
        transaction_id: expect.stringMatching(/^txn_/),
        status: 'completed',
        amount: 1000,
        rate: '0.83333333',
        fee: 0,
        credited_amount: 833.33,
        message: 'Transfer completed successfully',
      },
    });
    expect(await api.balance('platform_b', to)).toBe(833.33);
    const id = answer.body['transaction_id'] as unknown as string;
    expect(await api.call('platform_a', 'GET', `/api/transactions/${id}`)).toMatchObject({
      status: 200,
      body: { kind: 'conversion', change: -1000, balance_after: 0 },
    });
    expect(await api.call('platform_b', 'GET', `/api/transactions/${id}`)).toMatchObject({
      status: 200,
      body: { kind: 'conversion', change: 833.33, balance_after: 833.33 },
    });
    expect(await api.call('platform_c', 'GET', `/api/transactions/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'transaction_not_found' },
    });
    expect(
      (await api.call('platform_b', 'GET', `/api/points/history?user_id=${to}`)).body[
        'transactions'
      ],
    ).toMatchObject([
      {
        transaction_id: id,
        change: 833.33,
        source_platform: 'platform_a',
        target_platform: 'platform_b',
      },
    ]);
  });

  it('moves one to one within a platform', async () => {
    const [from, to] = [await api.user('platform_a', 10), await api.user('platform_a')];
    expect(
      await api.call('platform_a', 'POST', '/api/points/transfer', {
        from_user_id: from,
        to_user_id: to,
        amount: 4,
        target_platform: 'platform_a',
      }),
    ).toMatchObject({ status: 200, body: { amount: 4, rate: '1', fee: 0, credited_amount: 4 } });
    expect([await api.balance('platform_a', from), await api.balance('platform_a', to)]).toEqual([
      6, 4,
    ]);
    expect(
      (await api.call('platform_a', 'GET', `/api/points/history?user_id=${to}`)).body[
        'transactions'
      ],
    ).toMatchObject([{ change: 4, balance_after: 4 }]);
  });
});

describe('redeem', () => {
  it('delivers while there is stock and gives it back on reversal', async () => {
    const user = await api.user('platform_a', 5000);
    const body = { user_id: user, amount: 1000, reward_id: 'coupon_10' };
    const first = await api.call('platform_a', 'POST', '/api/points/redeem', body);
    expect(first).toMatchObject({
      status: 200,
      body: {
        success: true,
        redemption_id: expect.stringMatching(/^rdm_/),
        message: 'Redemption successful',
      },
    });
    expect(
      await api.call('platform_a', 'POST', '/api/points/redeem', {
        ...body,
        amount: 2000,
        quantity: 2,
      }),
    ).toMatchObject({ status: 200 });
    expect(
      await api.call('platform_a', 'POST', '/api/points/redeem', { ...body, reference: 'third' }),
    ).toMatchObject({
      status: 400,
      body: { error: 'Reward not available', code: 'reward_not_available' },
    });
    expect(
      await api.call('platform_a', 'POST', '/api/points/reverse', {
        transaction_id: first.body['redemption_id'],
        reason: 'returned',
      }),
    ).toMatchObject({ status: 200, body: { success: true } });
    expect(
      (
        await api.call('platform_a', 'GET', '/api/rewards', undefined, {
          headers: { 'accept-language': 'en-GB,zh;q=0.5' },
        })
      ).body,
    ).toMatchObject({
      rewards: [
        {
          reward_id: 'coupon_10',
          reward_name: '10 yuan coupon',
          points_required: 1000,
          available: 1,
        },
      ],
    });
    expect(await api.balance('platform_a', user)).toBe(3000);
    expect(
      (await api.call('platform_a', 'GET', `/api/points/history?user_id=${user}`)).body[
        'transactions'
      ],
    ).toMatchObject([
      {
        kind: 'reverse',
        change: 1000,
        reason: 'returned',
        related_transaction_id: first.body['transaction_id'],
      },
      { kind: 'redeem', quantity: 2 },
      { kind: 'redeem', quantity: 1, change: -1000 },
      { kind: 'earn' },
    ]);
  });
});

describe('a changed catalogue', () => {
  it('does not change what a retry of an earlier redemption gets', async () => {
    await api.reward('platform_a', 'tea', { points_required: '1', stock: 5 });
    const user = await api.user('platform_a', 10);
    const redeem = (key: string) =>
      api.call(
        'platform_a',
        'POST',
        '/api/points/redeem',
        { user_id: user, amount: 1, reward_id: 'tea' },
        { headers: { 'idempotency-key': key } },
      );
    const first = await redeem('tea-1');
    await api.reward('platform_a', 'tea', { points_required: '2', stock: 5 });
    expect(await redeem('tea-1')).toMatchObject({
      status: 200,
      body: first.body,
      headers: { 'idempotency-replayed': 'true' },
    });
    expect(await redeem('tea-2')).toMatchObject({
      status: 400,
      body: { code: 'reward_price_mismatch', points_required: 2 },
    });
    expect(await api.balance('platform_a', user)).toBe(9);
  });
});

describe('holds', () => {
  it('hold, capture in part, and the rest is available again', async () => {
    const user = await api.user('platform_a', 100);
    const held = await api.call('platform_a', 'POST', '/api/points/holds', {
      user_id: user,
      amount: 60,
      expires_in: 60,
    });
    expect(held).toMatchObject({
      status: 200,
      body: { status: 'held', amount: 60, hold_id: expect.stringMatching(/^hold_/) },
    });
    expect(
      (await api.call('platform_a', 'GET', `/api/points/balance?user_id=${user}`)).body,
    ).toMatchObject({ balance: 100, available: 40, held: 60 });
    const holdId = held.body['hold_id'] as unknown as string;
    expect(
      await api.call('platform_b', 'POST', `/api/points/holds/${holdId}/capture`),
    ).toMatchObject({ status: 404, body: { code: 'hold_not_found' } });
    expect(
      await api.call('platform_a', 'POST', `/api/points/holds/${holdId}/capture`, { amount: 25 }),
    ).toMatchObject({
      status: 200,
      body: { captured_amount: 25, released_amount: 35, status: 'captured' },
    });
    expect(
      await api.call('platform_a', 'POST', `/api/points/holds/${holdId}/release`),
    ).toMatchObject({ status: 409, body: { code: 'hold_resolved' } });
    expect(
      (await api.call('platform_a', 'GET', `/api/points/balance?user_id=${user}`)).body,
    ).toMatchObject({ balance: 75, available: 75, held: 0 });
    const other = await api.call('platform_a', 'POST', '/api/points/holds', {
      user_id: user,
      amount: 75,
    });
    expect(
      await api.call('platform_a', 'POST', `/api/points/holds/${other.body['hold_id']}/release`),
    ).toMatchObject({ status: 200, body: { released_amount: 75 } });
  });
});
