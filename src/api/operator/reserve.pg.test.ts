// Tests reserves over HTTP: the figures and requests of operators, and the figures that a platform
// may see.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';

let database: TestDatabase;
let api: TestApi;
let maker: string;
let checker: string;
let user: string;
let other: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  [maker, checker] = [await api.operator('maker'), await api.operator('checker')];
  [user, other] = [await api.user('platform_a', 1_000_000), await api.user('platform_b')];
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const ask = (what: string, body: object, platform = 'platform_a'): Promise<Answer> =>
  api.operate(maker, 'POST', `/operator/reserves/${platform}/${what}`, {
    reason: 'agreed',
    ...body,
  });
const say = (word: string, { body }: Answer, token = checker): Promise<Answer> =>
  api.operate(token, 'POST', `/operator/reserve-requests/${String(body['request_id'])}/${word}`, {
    reason: 'seen',
  });
const own = async (): Promise<Answer['body']> =>
  (await api.call('platform_a', 'GET', '/api/reserve')).body;
const transfer = (amount: number): Promise<Answer> =>
  api.call('platform_a', 'POST', '/api/points/transfer', {
    from_user_id: user,
    to_user_id: other,
    amount,
    target_platform: 'platform_b',
  });

describe('a reserve over HTTP', () => {
  it('is filled, bounded by a share of it, used, and emptied as far as its use permits', async () => {
    const cap = await ask('cap', { percent_of_prefund: '200' });
    expect(cap).toMatchObject({
      status: 200,
      body: {
        kind: 'cap',
        amount: null,
        percent_of_prefund: 200,
        state: 'open',
        made_by: 'maker',
        decided_by: null,
      },
    });
    expect(await say('approve', cap)).toMatchObject({
      status: 200,
      body: {
        state: 'approved',
        decided_by: 'checker',
        decision_reason: 'seen',
        carried_out_at: expect.any(String),
        transaction_id: null,
      },
    });
    expect(await transfer(1)).toMatchObject({
      status: 400,
      body: { code: 'insufficient_reserve' },
    });
    const deposit = await ask('deposits', { amount: 500.25, bank_reference: 'ICBC 1' });
    expect(await say('approve', deposit)).toMatchObject({
      status: 200,
      body: {
        kind: 'deposit',
        amount: 500.25,
        bank_reference: 'ICBC 1',
        transaction_id: expect.stringMatching(/^txn_[0-9a-f]{32}$/),
      },
    });
    expect(await own()).toEqual({
      platform_id: 'platform_a',
      currency: 'CNY',
      mode: 'both',
      prefund: 500.25,
      position: 0,
      pending_out: 0,
      pending_in: 0,
      cap: 1000.5,
      cap_percent_of_prefund: 200,
      cap_covered_by_prefund: 500.25,
      used: 0,
      available: 1000.5,
      used_percent: 0,
      thresholds_reached: [],
    });
    // A point of platform_a is worth 0.01 CNY.
    expect(await transfer(75_000)).toMatchObject({ status: 200 });
    await api.parts.reserve.follow();
    expect(await own()).toMatchObject({
      position: -750,
      used: 750,
      available: 250.5,
      used_percent: 74.96,
      thresholds_reached: [50],
    });
    expect(
      await say('approve', await ask('withdrawals', { amount: 125.26, bank_reference: 'out 1' })),
    ).toMatchObject({ status: 409, body: { code: 'cap_below_use' } });
    expect(
      await say('approve', await ask('withdrawals', { amount: '125.25', bank_reference: 'out 2' })),
    ).toMatchObject({ status: 200 });
    expect(await own()).toMatchObject({ prefund: 375, cap: 750, available: 0 });
    expect(await transfer(1)).toMatchObject({
      status: 400,
      body: { code: 'insufficient_reserve' },
    });
  });

  it('is seen by operators with its history, and listed with all others', async () => {
    const list = await api.operate(maker, 'GET', '/operator/reserves');
    expect(list.body['reserves']).toMatchObject([
      { platform_id: 'platform_a', cap: 750 },
      { platform_id: 'platform_b', position: 750, used: -750 },
      { platform_id: 'platform_c', prefund: 0 },
    ]);
    const { body } = await api.operate(maker, 'GET', '/operator/reserves/platform_a?state=open');
    expect(body).toMatchObject({
      platform_id: 'platform_a',
      mode_changes: [],
      requests: [
        {
          kind: 'withdrawal',
          amount: 125.26,
          state: 'open',
          refused_with: 'cap_below_use',
          decided_by: null,
        },
      ],
    });
    expect(await api.operate(maker, 'GET', '/operator/reserves/platform_x')).toMatchObject({
      status: 404,
      body: { code: 'platform_not_found' },
    });
    expect(await api.operate(undefined, 'GET', '/operator/reserves')).toMatchObject({
      status: 401,
    });
  });

  it('has a mode that stops conversions with what to do about it, and is told of in the feed', async () => {
    const set = (mode: string): Promise<Answer> =>
      api.operate(maker, 'PUT', '/operator/reserves/platform_b/mode', { mode, reason: 'overdue' });
    expect(await set('send_only')).toMatchObject({
      status: 200,
      body: { platform_id: 'platform_b', mode: 'send_only' },
    });
    expect(await transfer(1)).toMatchObject({
      status: 409,
      body: {
        code: 'platform_not_receiving',
        platform_id: 'platform_b',
        detail: expect.stringContaining('choose another target'),
      },
    });
    expect(
      await api.operateByTwo([maker, checker], 'PUT', '/operator/reserves/platform_b/mode', {
        mode: 'both',
        reason: 'paid',
      }),
    ).toMatchObject({ status: 200, body: { state: 'done' } });
    expect((await api.operate(maker, 'GET', '/operator/reserves/platform_b')).body).toMatchObject({
      mode_changes: [
        { mode: 'both' },
        { mode_before: 'both', mode: 'send_only', reason: 'overdue', changed_by: 'maker' },
      ],
    });
    const types = async (platform: string): Promise<string[]> =>
      (
        (await api.call(platform, 'GET', '/api/events')).body['events'] as unknown as {
          type: string;
        }[]
      )
        .map(({ type }) => type)
        .filter((type) => type.startsWith('reserve.'));
    expect(await types('platform_b')).toEqual(['reserve.mode_changed', 'reserve.mode_changed']);
    expect(await types('platform_a')).toEqual([
      'reserve.cap_changed',
      'reserve.deposited',
      'reserve.threshold',
      'reserve.withdrawn',
    ]);
  });

  it.each([
    ['deposits', { amount: 0, bank_reference: 'x' }, 'amount_not_positive'],
    ['deposits', { amount: 0.00001, bank_reference: 'x' }, 'amount_too_precise'],
    ['withdrawals', { amount: 1 }, 'missing_field'],
    ['cap', {}, 'invalid_field'],
    ['cap', { amount: 1, percent_of_prefund: 1 }, 'invalid_field'],
    ['cap', { percent_of_prefund: 1000.01 }, 'invalid_field'],
    ['cap', { percent_of_prefund: 0 }, 'invalid_field'],
    ['cap', { amount: -1 }, 'amount_not_positive'],
  ])('refuses %s of %j as %s', async (what, body, code) => {
    expect((await ask(what, body)).body).toMatchObject({ code });
  });

  it('takes a cap of nothing', async () => {
    expect(await ask('cap', { amount: 0 }, 'platform_c')).toMatchObject({
      status: 200,
      body: { amount: 0, carried_out_at: expect.any(String) },
    });
  });

  it('has its cap lowered by one operator at once, and raised by two', async () => {
    const first = await ask('cap', { amount: 100 }, 'platform_c');
    expect(first).toMatchObject({ status: 200, body: { state: 'open' } });
    expect(await say('approve', first)).toMatchObject({ status: 200, body: { state: 'approved' } });
    expect(await ask('cap', { amount: 60 }, 'platform_c')).toMatchObject({
      status: 200,
      body: {
        amount: 60,
        state: 'approved',
        made_by: 'maker',
        decided_by: 'maker',
        carried_out_at: expect.any(String),
      },
    });
    expect(await ask('cap', { amount: '40.5' }, 'platform_c')).toMatchObject({
      status: 200,
      body: { state: 'approved' },
    });
    const higher = await ask('cap', { amount: '40.5001' }, 'platform_c');
    expect(higher).toMatchObject({ status: 200, body: { state: 'open', decided_by: null } });
    expect(await say('approve', higher, maker)).toMatchObject({
      status: 403,
      body: { code: 'checker_is_maker' },
    });
    expect((await api.operate(maker, 'GET', '/operator/reserves/platform_c')).body).toMatchObject({
      cap: 40.5,
    });
    expect(await ask('cap', { percent_of_prefund: 199 })).toMatchObject({
      status: 409,
      body: { code: 'cap_below_use' },
    });
  });
});
