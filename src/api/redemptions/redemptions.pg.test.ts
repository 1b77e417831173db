// Tests redemptions over HTTP on a real database: limits of a member, the life of vouchers, crashes
// between the steps, and many at once.

import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTestApi,
  platformId,
  type Answer,
  type TestApi,
} from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import type { Rewards } from '../../rewards/rewards.ts';

const A = 'platform_a';
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const key = (): { headers: { 'idempotency-key': string } } => ({
  headers: { 'idempotency-key': randomUUID() },
});
const redeem = (
  userId: string,
  rewardId: string,
  amount: number,
  quantity = 1,
  platform = A,
  options = key(),
): Promise<Answer> =>
  api.call(
    platform,
    'POST',
    '/api/points/redeem',
    { user_id: userId, amount, reward_id: rewardId, quantity },
    options,
  );
const find = (id: unknown, platform = A): Promise<Answer> =>
  api.call(platform, 'GET', `/api/redemptions/${String(id)}`);
const fulfil = (id: unknown, options = key()): Promise<Answer> =>
  api.call(A, 'POST', `/api/redemptions/${String(id)}/fulfil`, {}, options);
const cancel = (id: unknown, reason = 'changed my mind'): Promise<Answer> =>
  api.call(A, 'POST', `/api/redemptions/${String(id)}/cancel`, { reason });
const reverse = (id: unknown, fields: object = {}, options = key()): Promise<Answer> =>
  api.call(
    A,
    'POST',
    '/api/points/reverse',
    { transaction_id: id, reason: 'returned', ...fields },
    options,
  );
const codesOf = (answer: Answer): string[] => answer.body['vouchers'] as unknown as string[];
const idOf = (answer: Answer): string => String(answer.body['redemption_id']);
const available = async (rewardId: string): Promise<unknown> =>
  (
    (await api.call(A, 'GET', '/api/rewards')).body['rewards'] as unknown as {
      reward_id: string;
      available: number;
    }[]
  ).find(({ reward_id }) => reward_id === rewardId)?.available;

async function follow(rewards: Rewards = api.parts.rewards): Promise<void> {
  while (await rewards.follow());
}

/** Types of the events of one redemption, in their order. */
async function eventsOf(id: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ type: string }>(
    `select type from feed.event where data ->> 'redemption_id' = $1 order by event_id`,
    [id],
  );
  return rows.map(({ type }) => type);
}

describe('a redemption', () => {
  beforeAll(async () => {
    await api.reward(A, 'book', { points_required: '2', stock: 100_000, voucher_days: 30 });
  });

  it('comes with its vouchers, and is found by its id and by each code, by its own platform only', async () => {
    const user = await api.user(A, 10);
    const options = key();
    const answer = await redeem(user, 'book', 6, 3, A, options);
    expect(answer).toMatchObject({
      status: 200,
      body: { message: 'Redemption successful', expires_at: expect.stringMatching(/Z$/) },
    });
    expect(codesOf(answer)).toHaveLength(3);
    expect(await redeem(user, 'book', 6, 3, A, options)).toMatchObject({
      body: answer.body,
      headers: { 'idempotency-replayed': 'true' },
    });

    const id = idOf(answer);
    const found = await find(id);
    expect(found).toMatchObject({
      status: 200,
      body: {
        redemption_id: id,
        transaction_id: answer.body['transaction_id'],
        reward_id: 'book',
        quantity: 3,
        amount: 6,
        state: 'issued',
        expires_at: answer.body['expires_at'],
        vouchers: codesOf(answer),
      },
    });
    expect(
      Date.parse(String(found.body['expires_at'])) - Date.parse(String(found.body['issued_at'])),
    ).toBe(30 * 24 * HOUR_MS);
    for (const [index, code] of codesOf(answer).entries()) {
      expect(await api.call(A, 'GET', `/api/vouchers/${code}`)).toMatchObject({
        status: 200,
        body: { code, unit: index + 1, redemption_id: id, state: 'issued', quantity: 3 },
      });
      expect(await api.call('platform_b', 'GET', `/api/vouchers/${code}`)).toMatchObject({
        status: 404,
        body: { code: 'voucher_not_found' },
      });
    }
    expect(
      await api.call(
        A,
        'GET',
        `/api/vouchers/${encodeURIComponent(codesOf(answer)[0]?.toLowerCase().replaceAll('-', ' ') ?? '')}`,
      ),
    ).toMatchObject({ status: 200 });
    expect(await find(id, 'platform_b')).toMatchObject({
      status: 404,
      body: { code: 'redemption_not_found' },
    });
    expect(await find('nonsense')).toMatchObject({ status: 404 });
    expect(await find(String(answer.body['transaction_id']))).toMatchObject({ status: 404 });
  });

  it('of many units has one voucher', async () => {
    const user = await api.user(A, 1_000);
    const answer = await redeem(user, 'book', 202, 101);
    expect(codesOf(answer)).toHaveLength(1);
    expect(await api.call(A, 'GET', `/api/vouchers/${codesOf(answer)[0] ?? ''}`)).toMatchObject({
      body: { unit: 0, quantity: 101 },
    });
  });

  it('is fulfilled once; the same key gives the first result again', async () => {
    const user = await api.user(A, 10);
    const id = idOf(await redeem(user, 'book', 2));
    const options = key();
    expect(await fulfil(id, options)).toMatchObject({ status: 200, body: { state: 'fulfilled' } });
    expect(await fulfil(id, options)).toMatchObject({
      status: 200,
      body: { state: 'fulfilled' },
      headers: { 'idempotency-replayed': 'true' },
    });
    expect(await fulfil(id)).toMatchObject({ status: 409, body: { code: 'voucher_used' } });
    expect(await cancel(id)).toMatchObject({ status: 409, body: { code: 'voucher_used' } });
    expect(await reverse(id)).toMatchObject({ status: 409, body: { code: 'voucher_used' } });
    expect(await reverse(id, { amount: 1 })).toMatchObject({
      status: 409,
      body: { code: 'voucher_used' },
    });
    expect(await api.balance(A, user)).toBe(8);
    expect(await eventsOf(id)).toEqual(['redemption.issued', 'redemption.fulfilled']);
  });

  it('is cancelled once, gives points and units back, and can be cancelled again without effect', async () => {
    await api.reward(A, 'scarf', { points_required: '3', stock: 4, per_member: 4 });
    const user = await api.user(A, 12);
    const id = idOf(await redeem(user, 'scarf', 12, 4));
    expect(await available('scarf')).toBe(0);
    expect(await cancel(id)).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    expect(await cancel(id, 'another reason')).toMatchObject({
      status: 200,
      body: { state: 'cancelled' },
    });
    expect([await api.balance(A, user), await available('scarf')]).toEqual([12, 4]);
    expect(await fulfil(id)).toMatchObject({ status: 409, body: { code: 'redemption_cancelled' } });
    await follow();
    expect(await eventsOf(id)).toEqual(['redemption.issued', 'redemption.cancelled']);
    expect(await redeem(user, 'scarf', 12, 4)).toMatchObject({ status: 200 });
  });

  it('is cancelled by a reversal of the whole, in one piece or in parts, each of which can be repeated', async () => {
    const user = await api.user(A, 10);
    const id = idOf(await redeem(user, 'book', 10, 5));
    const first = key();
    const part = await reverse(id, { amount: 4 }, first);
    expect(part).toMatchObject({ status: 200 });
    expect(await find(id)).toMatchObject({ body: { state: 'issued' } });
    const last = key();
    const rest = await reverse(id, {}, last);
    expect(await find(id)).toMatchObject({ body: { state: 'cancelled' } });
    expect(await reverse(id, { amount: 4 }, first)).toMatchObject({
      status: 200,
      body: part.body,
      headers: { 'idempotency-replayed': 'true' },
    });
    expect(await reverse(id, {}, last)).toMatchObject({
      status: 200,
      body: rest.body,
      headers: { 'idempotency-replayed': 'true' },
    });
    expect(await reverse(id, { amount: 1 })).toMatchObject({
      status: 409,
      body: { code: 'already_reversed' },
    });
    expect(await api.balance(A, user)).toBe(10);
    expect(await eventsOf(id)).toEqual(['redemption.issued', 'redemption.cancelled']);
  });

  it('that was reversed in part can be used, and the reversal still be repeated', async () => {
    const user = await api.user(A, 10);
    const id = idOf(await redeem(user, 'book', 10, 5));
    const options = key();
    await reverse(id, { amount: 4 }, options);
    expect(await reverse(id, { amount: 7 })).toMatchObject({
      status: 409,
      body: { code: 'already_reversed' },
    });
    expect(await fulfil(id)).toMatchObject({ status: 200 });
    expect(await reverse(id, { amount: 4 }, options)).toMatchObject({
      status: 200,
      headers: { 'idempotency-replayed': 'true' },
    });
    expect(await reverse(id, { amount: 1 })).toMatchObject({
      status: 409,
      body: { code: 'voucher_used' },
    });
  });

  it('expires and keeps the points, but its platform may still reverse it', async () => {
    const user = await api.user(A, 10);
    const id = idOf(await redeem(user, 'book', 4, 2));
    const day = 24 * HOUR_MS;
    api.clock.advance(30 * day);
    try {
      expect(await find(id)).toMatchObject({ body: { state: 'expired' } });
      expect(await fulfil(id)).toMatchObject({ status: 409, body: { code: 'redemption_expired' } });
      expect(await cancel(id)).toMatchObject({ status: 409, body: { code: 'redemption_expired' } });
      await follow();
      await follow();
      expect(await find(id)).toMatchObject({ body: { state: 'expired' } });
      expect(await api.balance(A, user)).toBe(6);
      expect(await eventsOf(id)).toEqual(['redemption.issued', 'redemption.expired']);
      expect(await reverse(id, { amount: 2 })).toMatchObject({ status: 200 });
      expect(await find(id)).toMatchObject({ body: { state: 'expired' } });
      expect(await reverse(id)).toMatchObject({ status: 200 });
      expect(await find(id)).toMatchObject({ body: { state: 'cancelled' } });
      expect(await eventsOf(id)).toEqual([
        'redemption.issued',
        'redemption.expired',
        'redemption.cancelled',
      ]);
    } finally {
      api.clock.advance(-30 * day);
    }
  });

  it('keeps the last day it was issued with when the catalogue changes', async () => {
    await api.reward(A, 'poster', { points_required: '1', stock: 5, voucher_days: 1 });
    const user = await api.user(A, 10);
    const options = key();
    const first = await redeem(user, 'poster', 1, 1, A, options);
    await api.reward(A, 'poster', { points_required: '1', stock: 5 });
    expect((await redeem(user, 'poster', 1, 1, A, options)).body).toEqual(first.body);
    expect((await redeem(user, 'poster', 1)).body).toMatchObject({ expires_at: null });
  });
});

describe('events', () => {
  it('are read on by cursor, without those of other platforms and of operators', async () => {
    await api.join('platform_e', '1');
    await api.reward('platform_e', 'cup', { points_required: '1', stock: 9 });
    const user = await api.user('platform_e', 5);
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1)
      ids.push(idOf(await redeem(user, 'cup', 1, 1, 'platform_e')));
    const told: { event_id: number; type: string; data: Record<string, unknown> }[] = [];
    let after = '0';
    for (;;) {
      const { status, body } = await api.call(
        'platform_e',
        'GET',
        `/api/events?limit=3&after=${after}`,
      );
      expect(status).toBe(200);
      const page = body['events'] as unknown as typeof told;
      if (page.length === 0) break;
      told.push(...page);
      after = String(body['next_cursor']);
    }
    expect(told.map(({ event_id }) => event_id)).toEqual(
      told.map(({ event_id }) => event_id).toSorted((a, b) => a - b),
    );
    expect(told.filter(({ type }) => type === 'redemption.issued').map(({ data }) => data)).toEqual(
      ids.map((id) => ({
        redemption_id: id,
        reward_id: 'cup',
        quantity: 1,
        amount: 1,
        expires_at: null,
      })),
    );
    expect(told.some(({ type }) => type.startsWith('proposal.'))).toBe(false);
    expect(told.some(({ type }) => type === 'rulebook.effective')).toBe(true);
    expect((await api.call('platform_e', 'GET', `/api/events?after=${after}`)).body).toEqual({
      events: [],
      next_cursor: after,
    });
  });
});

describe('lots', () => {
  it('are as before after any redemption is cancelled, whatever it took from them', async () => {
    await api.reward(A, 'grain', { points_required: '0.01', stock: 1_000_000_000 });
    const lotsOf = async (user: string): Promise<unknown> => {
      const memberId = await api.parts.identity.resolveMember(platformId(A), user);
      return api.parts.ledger.getBalance(memberId!, platformId(A));
    };
    const lot = fc.record({
      days: fc.integer({ min: 1, max: 6 }),
      minor: fc.integer({ min: 1, max: 400 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(lot, { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { maxLength: 3 }),
        async (lots, share, parts) => {
          const user = await api.user(A);
          for (const { days, minor } of lots) {
            const expiresOn = new Date(api.clock.now() + days * 24 * HOUR_MS)
              .toISOString()
              .slice(0, 10);
            await api.call(
              A,
              'POST',
              '/api/points/earn',
              { user_id: user, amount: minor / 100, expires_on: expiresOn },
              key(),
            );
          }
          const before = await lotsOf(user);
          const total = lots.reduce((sum, { minor }) => sum + minor, 0);
          const quantity = Math.max(1, Math.floor(total * share));
          const id = idOf(await redeem(user, 'grain', quantity / 100, quantity));
          // A part is returned by reversals, the rest by cancelling.
          let left = quantity;
          for (const part of parts) {
            const amount = Math.max(1, Math.floor(left * part));
            if (amount >= left) break;
            expect(await reverse(id, { amount: amount / 100 })).toMatchObject({ status: 200 });
            left -= amount;
          }
          expect(await cancel(id)).toMatchObject({ status: 200, body: { state: 'cancelled' } });
          expect(await lotsOf(user)).toEqual(before);
        },
      ),
      { numRuns: 40 },
    );
    expect(await available('grain')).toBe(1_000_000_000);
  });
});
