// Tests redemptions in units over HTTP: a part is whole units, each ends a named voucher, and a
// returned unit cannot be used.

import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createTestApi,
  platformId,
  type Answer,
  type TestApi,
} from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { patience } from '../../../test/fixtures/patience.ts';
import { long, seedOf } from '../../../test/fixtures/seed.ts';
import { parseId, type TransactionId } from '../../kernel/ids.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { audit } from '../../monitor/monitor.ts';
import { createRewards, type Rewards } from '../../rewards/rewards.ts';

const A = 'platform_a';

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  await api.reward(A, 'coupon', { points_required: '10', stock: 100_000 });
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});
afterEach(async () => {
  while (await api.parts.rewards.follow());
  expect((await audit(database.pool)).checks.filter(({ ok }) => !ok)).toEqual([]);
});

interface Redeemed {
  readonly user: string;
  readonly id: string;
  readonly codes: readonly string[];
}

const key = (): { headers: { 'idempotency-key': string } } => ({
  headers: { 'idempotency-key': randomUUID() },
});
const buy = (user: string, quantity: number, rewardId = 'coupon'): Promise<Answer> =>
  api.call(
    A,
    'POST',
    '/api/points/redeem',
    { user_id: user, amount: quantity * 10, reward_id: rewardId, quantity },
    key(),
  );
const redeem = async (quantity: number, rewardId?: string): Promise<Redeemed> => {
  const user = await api.user(A, quantity * 10);
  const { status, body } = await buy(user, quantity, rewardId);
  expect(status).toBe(200);
  return {
    user,
    id: String(body['redemption_id']),
    codes: body['vouchers'] as unknown as string[],
  };
};
const find = (id: string): Promise<Answer> => api.call(A, 'GET', `/api/redemptions/${id}`);
const voucher = async (code: string | undefined): Promise<Answer['body']> =>
  (await api.call(A, 'GET', `/api/vouchers/${String(code)}`)).body;
const fulfil = (id: string, body: object = {}, options = key()): Promise<Answer> =>
  api.call(A, 'POST', `/api/redemptions/${id}/fulfil`, body, options);
const cancel = (id: string): Promise<Answer> =>
  api.call(A, 'POST', `/api/redemptions/${id}/cancel`, { reason: 'x' }, key());
const reverse = (id: string, fields: object, options = key()): Promise<Answer> =>
  api.call(
    A,
    'POST',
    '/api/points/reverse',
    { transaction_id: id, reason: 'returned', ...fields },
    options,
  );
const uuidOf = (id: string): TransactionId => parseId('rdm', id) as TransactionId;
const elsewhere = (faults: Partial<Ledger>): Rewards =>
  createRewards({
    ...api.parts,
    masterKey: api.masterKey,
    ledger: { ...api.parts.ledger, ...faults },
  });
const died = (): Promise<never> => Promise.reject(new Error('the process died'));

describe('a part of a redemption', () => {
  it('gives back as many units as vouchers end, so that no stock is handed over twice', async () => {
    await api.reward(A, 'last', { points_required: '10', stock: 5 });
    const user = await api.user(A, 100);
    const first = await buy(user, 5, 'last');
    const id = String(first.body['redemption_id']);
    const codes = first.body['vouchers'] as unknown as string[];
    expect(await reverse(id, { amount: 40 })).toMatchObject({
      status: 200,
      body: {
        ended_vouchers: codes
          .slice(1)
          .toReversed()
          .map((code) => ({ code, quantity: 1 })),
      },
    });
    const second = await buy(user, 4, 'last');
    expect(second.status).toBe(200);
    const used = await Promise.all([fulfil(id), fulfil(String(second.body['redemption_id']))]);
    expect(used).toMatchObject([
      { status: 200, body: { quantity: 1, amount: 10, fulfilled_quantity: 1 } },
      { status: 200, body: { quantity: 4, amount: 40 } },
    ]);
    expect(await api.balance(A, user)).toBe(50);
    expect(await buy(user, 1, 'last')).toMatchObject({ body: { code: 'reward_not_available' } });
  });

  it('that is no whole number of units is refused, and the amounts that can be are named', async () => {
    const { id, user } = await redeem(3);
    for (const amount of [9.99, 0.01, 11, 29.99]) {
      const refused = await reverse(id, { amount });
      expect(refused).toMatchObject({
        status: 409,
        body: { code: 'not_whole_units', amounts: ['10', '20', '30'] },
      });
      expect(String(refused.body['detail'])).toContain('10, 20, 30 points can be given back.');
    }
    expect(await reverse(id, { amount: 20 })).toMatchObject({ status: 200 });
    expect(await reverse(id, { amount: 9.99 })).toMatchObject({
      status: 409,
      body: { amounts: ['10'] },
    });
    expect(await api.balance(A, user)).toBe(20);
    const single = await redeem(1);
    expect(await reverse(single.id, { amount: 9.99 })).toMatchObject({
      status: 409,
      body: { code: 'not_whole_units' },
    });
    expect(await voucher(single.codes[0])).toMatchObject({ state: 'issued', usable: 1 });
  });

  it('ends the vouchers that are named, or the last that can be used; quantity, amount and fulfil follow', async () => {
    const { id, codes } = await redeem(4);
    const typed = [codes[1]?.toLowerCase().replaceAll('-', ' ')];
    expect(await reverse(id, { vouchers: typed })).toMatchObject({
      status: 200,
      body: { ended_vouchers: [{ code: codes[1], quantity: 1 }] },
    });
    expect(await reverse(id, { quantity: 1 })).toMatchObject({
      status: 200,
      body: { ended_vouchers: [{ code: codes[3], quantity: 1 }] },
    });
    expect(await find(id)).toMatchObject({
      body: {
        state: 'issued',
        quantity: 2,
        amount: 20,
        usable_quantity: 2,
        returned_quantity: 2,
        returned_amount: 20,
        vouchers: [codes[0], codes[2]],
        returned_vouchers: [codes[1], codes[3]],
      },
    });
    expect(await voucher(codes[1])).toMatchObject({
      state: 'cancelled',
      usable: 0,
      unit: 2,
      quantity: 2,
    });
    expect(await reverse(id, { vouchers: [codes[1]] })).toMatchObject({
      status: 409,
      body: { code: 'voucher_returned' },
    });
    expect(await fulfil(id, { vouchers: [codes[1]] })).toMatchObject({
      status: 409,
      body: { code: 'voucher_returned' },
    });
    expect(await reverse(id, { vouchers: [codes[0], codes[2]], amount: 10 })).toMatchObject({
      status: 400,
      body: { code: 'vouchers_mismatch' },
    });
    expect(await reverse(id, { vouchers: [(await redeem(1)).codes[0]] })).toMatchObject({
      status: 404,
      body: { code: 'voucher_not_found' },
    });
    expect(await reverse(id, { quantity: 1, amount: 10 })).toMatchObject({
      status: 400,
      body: { field: 'quantity' },
    });
    expect(await fulfil(id)).toMatchObject({
      status: 200,
      body: { state: 'fulfilled', quantity: 2, amount: 20, fulfilled_quantity: 2 },
    });
    expect(await reverse(id, { quantity: 1 })).toMatchObject({
      status: 409,
      body: { code: 'voucher_used' },
    });
  });

  it('can be repeated under its key, also when other vouchers would be chosen now', async () => {
    const { id, codes, user } = await redeem(3);
    const [first, named] = [key(), key()];
    const answer = await reverse(id, { amount: 10 }, first);
    expect(await reverse(id, { vouchers: [codes[0]] }, named)).toMatchObject({ status: 200 });
    expect(await reverse(id, { amount: 10 }, first)).toMatchObject({
      status: 200,
      body: answer.body,
      headers: { 'idempotency-replayed': 'true' },
    });
    expect(await reverse(id, { vouchers: [codes[0]] }, named)).toMatchObject({
      status: 200,
      headers: { 'idempotency-replayed': 'true' },
    });
    expect(await reverse(id, { vouchers: [codes[1]] }, named)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    expect(await api.balance(A, user)).toBe(20);
  });

  it('goes through a batch under the same rules', async () => {
    const { id, user, codes } = await redeem(2);
    const operation = (fields: object): object => ({
      kind: 'reverse',
      transaction_id: id,
      reason: 'x',
      idempotency_key: randomUUID(),
      ...fields,
    });
    const { body } = await api.call(A, 'POST', '/api/points/batch', {
      operations: [
        operation({ amount: 5 }),
        operation({ vouchers: [codes[0]] }),
        operation({ amount: 15 }),
      ],
    });
    expect(body['results']).toMatchObject([
      { body: { code: 'not_whole_units' } },
      { status: 200, body: { ended_vouchers: [{ code: codes[0] }] } },
      { status: 409 },
    ]);
    expect(await api.balance(A, user)).toBe(10);
  });

  it('is no part of anything but a redeem of a reward', async () => {
    const user = await api.user(A);
    const { body } = await api.call(A, 'POST', '/api/points/earn', { user_id: user, amount: 10 });
    expect(await reverse(String(body['transaction_id']), { quantity: 1 })).toMatchObject({
      status: 400,
      body: { code: 'invalid_field', field: 'quantity' },
    });
    expect(await reverse(String(body['transaction_id']), { vouchers: ['x'] })).toMatchObject({
      status: 400,
      body: { field: 'vouchers' },
    });
  });
});

describe('a code that stands for many units', () => {
  it('carries the units that can be used, which fall by what is given back and by what is used', async () => {
    const {
      id,
      codes: [code],
      user,
    } = await redeem(150);
    expect(await voucher(code)).toMatchObject({ unit: 0, usable: 150, state: 'issued' });
    expect(await reverse(id, { amount: 400 })).toMatchObject({
      status: 200,
      body: { ended_vouchers: [{ code, quantity: 40 }] },
    });
    expect(await fulfil(id, { vouchers: [code], quantity: 100 })).toMatchObject({
      status: 200,
      body: { state: 'issued', quantity: 110, usable_quantity: 10, fulfilled_quantity: 100 },
    });
    expect(await voucher(code)).toMatchObject({ usable: 10, state: 'issued' });
    expect(await fulfil(id, { quantity: 11 })).toMatchObject({
      status: 409,
      body: { code: 'voucher_used' },
    });
    expect(await reverse(id, { amount: 110 })).toMatchObject({
      status: 409,
      body: { code: 'voucher_used', reversible_units: '10' },
    });
    expect(await cancel(id)).toMatchObject({
      status: 200,
      body: { state: 'fulfilled', quantity: 100, amount: 1_000, returned_amount: 500 },
    });
    expect(await cancel(id)).toMatchObject({ status: 200, body: { state: 'fulfilled' } });
    expect(await voucher(code)).toMatchObject({ usable: 0, state: 'fulfilled' });
    expect(await api.balance(A, user)).toBe(500);
  });
});

describe('a part that is handed over', () => {
  it('uses the named vouchers, once; its key gives the first result again, and is not for other units', async () => {
    const { id, codes } = await redeem(3);
    const options = key();
    expect(await fulfil(id, { vouchers: [codes[2]] }, options)).toMatchObject({
      status: 200,
      body: { state: 'issued', fulfilled_quantity: 1, usable_quantity: 2 },
    });
    expect(await fulfil(id, { vouchers: [codes[2]] }, options)).toMatchObject({
      status: 200,
      headers: { 'idempotency-replayed': 'true' },
      body: { fulfilled_quantity: 1 },
    });
    expect(await fulfil(id, { vouchers: [codes[1]] }, options)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    expect(await fulfil(id, { vouchers: [codes[2]] })).toMatchObject({
      status: 409,
      body: { code: 'voucher_used' },
    });
    expect(await reverse(id, { vouchers: [codes[2]] })).toMatchObject({
      status: 409,
      body: { code: 'voucher_used' },
    });
    expect(await voucher(codes[2])).toMatchObject({ state: 'fulfilled' });
    expect(await voucher(codes[0])).toMatchObject({ state: 'issued' });
    expect(await fulfil(id)).toMatchObject({
      status: 200,
      body: { state: 'fulfilled', fulfilled_quantity: 3 },
    });
    const { rows } = await database.pool.query<{ data: unknown }>(
      `select data from feed.event where type = 'redemption.fulfilled'
          and data ->> 'redemption_id' = $1 order by event_id`,
      [id],
    );
    expect(rows).toMatchObject([
      { data: { quantity: 1, amount: 10 } },
      { data: { quantity: 2, amount: 20 } },
    ]);
  });
});

describe('whatever comes between', () => {
  it('of units that are used, given back and cancelled at once none is both', async () => {
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const { id, user, codes } = await redeem(3);
        const answers = await Promise.all([
          fulfil(id, { vouchers: [codes[2]] }),
          reverse(id, { amount: 10 }),
          reverse(id, { vouchers: [codes[2]] }),
          fulfil(id, { quantity: 1 }),
          cancel(id),
        ]);
        for (const { status } of answers) expect([200, 409]).toContain(status);
        const { body } = await find(id);
        const {
          quantity,
          fulfilled_quantity: fulfilled,
          usable_quantity: usable,
        } = body as unknown as Record<string, number>;
        expect(await api.balance(A, user)).toBe(30 - Number(quantity) * 10);
        expect(Number(fulfilled) + Number(usable)).toBe(quantity);
      }),
    );
  });

  const points: [string, Partial<Ledger>][] = [
    ['before it was posted', { submit: died }],
    ['after it was posted', { getReversed: died }],
    [
      'when the ledger could not say',
      { submit: (command) => api.parts.ledger.submit(command).then(died) },
    ],
  ];
  it.each(points)(
    'a part whose process died %s ends its voucher, and no other, when it is repeated',
    async (_point, faults) => {
      const { id, codes, user } = await redeem(3);
      const [leg] = await api.parts.ledger.findTransaction(uuidOf(id));
      const options = key();
      const asked = {
        key: options.headers['idempotency-key'],
        reason: 'returned',
        vouchers: [codes[0] ?? ''],
      };
      await expect(elsewhere(faults).reverse(leg!, platformId(A), asked)).rejects.toThrow('died');
      expect(await voucher(codes[0])).toMatchObject({ state: 'cancelling', usable: 0 });
      api.clock.advance(11_000);
      expect(await reverse(id, { vouchers: [codes[0]] }, options)).toMatchObject({
        status: 200,
        body: { ended_vouchers: [{ code: codes[0], quantity: 1 }] },
      });
      expect(await find(id)).toMatchObject({
        body: { state: 'issued', quantity: 2, vouchers: codes.slice(1) },
      });
      expect(await api.balance(A, user)).toBe(10);
    },
  );

  it('what is given back in the ledger alone ends vouchers as well, and only whole units are', async () => {
    const { id } = await redeem(3);
    const [leg] = await api.parts.ledger.findTransaction(uuidOf(id));
    const submit = (amount: bigint) =>
      api.parts.ledger.submit({
        kind: 'reverse',
        platformId: platformId(A),
        memberId: leg!.memberId,
        key: randomUUID(),
        transactionId: uuidOf(id),
        amount,
        reason: 'by an operator',
      });
    expect(await submit(999n)).toMatchObject({ ok: false, problem: { code: 'not_whole_units' } });
    expect(await submit(2_000n)).toMatchObject({ ok: true });
    while (await api.parts.rewards.follow());
    expect(await find(id)).toMatchObject({
      body: { state: 'issued', quantity: 1, amount: 10, returned_quantity: 2 },
    });
  });

  it(
    'points given back and the price of usable units never exceed what was paid',
    async () => {
      const step = fc.record({
        what: fc.constantFrom('amount', 'quantity', 'use', 'use one', 'cancel'),
        size: fc.integer({ min: 1, max: 500 }),
      });
      const duration = long
        ? { numRuns: 1_000_000, interruptAfterTimeLimit: 600_000 }
        : { numRuns: 25 };
      const seed = seedOf('units of redemptions');
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 6 }),
          fc.array(step, { maxLength: 6 }),
          async (quantity, steps) => {
            const { id, user } = await redeem(quantity);
            for (const { what, size } of steps) {
              if (what === 'amount') await reverse(id, { amount: size / 10 });
              else if (what === 'quantity') await reverse(id, { quantity: (size % 3) + 1 });
              else if (what === 'cancel') await cancel(id);
              else await fulfil(id, what === 'use' ? {} : { quantity: 1 });
              const { usable_quantity: usable, fulfilled_quantity: fulfilled } = (await find(id))
                .body as unknown as Record<string, number>;
              expect((await api.balance(A, user)) + 10 * (Number(usable) + Number(fulfilled))).toBe(
                quantity * 10,
              );
            }
          },
        ),
        { seed, ...duration },
      );
    },
    patience(long ? 700_000 : 60_000),
  );
});

describe('codes', () => {
  it('are nowhere in the database, and are found by what is kept of them', async () => {
    const { codes } = await redeem(2);
    const { rows: tables } = await database.pool.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
          where table_type = 'BASE TABLE'
          and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    for (const { name } of tables) {
      const { rowCount } = await database.pool.query(
        `select 1 from ${name} as t where t::text like '%' || $1 || '%'`,
        [codes[0]],
      );
      expect([name, rowCount]).toEqual([name, 0]);
    }
    expect(await voucher(codes[0])).toMatchObject({ state: 'issued' });
  });

  it('that an older version kept in clear are found, and sealed by the loop', async () => {
    const { id, codes } = await redeem(2);
    await database.pool.query(
      `update rewards.voucher set code = $2, code_hash = null where redemption_id = $1 and unit = 1`,
      [uuidOf(id), codes[0]],
    );
    expect(await voucher(codes[0])).toMatchObject({ redemption_id: id, unit: 1 });
    await api.parts.rewards.follow();
    const { rows } = await database.pool.query(
      'select code, length(code_hash) as length from rewards.voucher where redemption_id = $1',
      [uuidOf(id)],
    );
    expect(rows).toEqual([
      { code: null, length: 32 },
      { code: null, length: 32 },
    ]);
    expect(await voucher(codes[0])).toMatchObject({ redemption_id: id, unit: 1 });
  });
});
