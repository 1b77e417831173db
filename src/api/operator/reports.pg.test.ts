// Tests the backtest of a proposal and the liability reports over HTTP: their answers, and who may
// read them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { addDays, dayOf } from '../../kernel/time.ts';

let database: TestDatabase;
let api: TestApi;
let token: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  token = await api.operator('maker');
  const user = await api.user('platform_a');
  await api.call('platform_a', 'POST', '/api/points/earn', {
    user_id: user,
    amount: 100,
    expires_on: '2099-12-31',
  });
  const moved = await api.call('platform_a', 'POST', '/api/points/transfer', {
    from_user_id: user,
    to_user_id: await linked(user),
    amount: 12,
    target_platform: 'platform_b',
  });
  expect(moved).toMatchObject({ status: 200 });
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

/** The same member as a user of platform_b. */
async function linked(user: string): Promise<string> {
  await api.link('platform_b', `b-${user}`, { platform: 'platform_a', userId: user });
  return `b-${user}`;
}

async function propose(): Promise<string> {
  const made = await api.parts.valuation.proposals.make({
    operatorId: 'maker',
    reason: 'test',
    change: {
      patch: {
        rules: {
          fee: { kind: 'fee', fee: { rate: '0.1', on: 'source' } },
          no_earn: { kind: 'deny', operations: ['earn'], reason: 'no' },
        },
      },
    },
  });
  if (!made.ok) throw new Error(made.problem.detail);
  return made.value.proposalId;
}

function period(body: Answer['body']): number {
  return Date.parse(String(body['until'])) - Date.parse(String(body['from']));
}

describe('the backtest of a proposal', () => {
  it('tells what would have changed, in decimal text', async () => {
    const id = await propose();
    const { status, body } = await api.operate(token, 'GET', `/operator/proposals/${id}/backtest`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      proposal_id: id,
      complete: true,
      transactions: 2,
      changed: 2,
      left_out: { reversed: 0, released: 0 },
      platforms: [
        {
          platform_id: 'platform_a',
          transactions: 2,
          changed: 2,
          amount: '112.00',
          denied: { 'rules/no_earn': 1 },
          reviewed: {},
          fee_before: '0.00',
          fee_after: '1.20',
          conversions: [
            {
              target_platform: 'platform_b',
              fee_after: '1.20',
              credited_before: '10.00',
              credited_after: '9.00',
            },
          ],
        },
      ],
      rules: [
        { item: 'rules/fee', applied: 1 },
        { item: 'rules/no_earn', applied: 1 },
      ],
      assumptions: expect.arrayContaining([
        expect.stringContaining('no balance is simulated'),
        expect.stringContaining('tags'),
      ]),
    });
    expect(body['examples']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          transaction_id: expect.stringMatching(/^txn_/),
          before: expect.objectContaining({ outcome: 'posted' }),
          after: { outcome: 'denied', rule: 'rules/no_earn' },
        }),
      ]),
    );
    expect(period(body)).toBe(30 * 86_400_000);
    const week = await api.operate(token, 'GET', `/operator/proposals/${id}/backtest?days=7`);
    expect(period(week.body)).toBe(7 * 86_400_000);
  });

  it.each([
    [
      '/operator/proposals/00000000-0000-4000-8000-000000000000/backtest',
      404,
      'proposal_not_found',
    ],
    ['/operator/proposals/x/backtest', 400, 'invalid_field'],
    [
      '/operator/proposals/00000000-0000-4000-8000-000000000000/backtest?days=401',
      400,
      'invalid_field',
    ],
    [
      '/operator/proposals/00000000-0000-4000-8000-000000000000/backtest?weeks=1',
      400,
      'unknown_field',
    ],
  ])('%s is refused with %d %s', async (url, status, code) => {
    expect(await api.operate(token, 'GET', url)).toMatchObject({ status, body: { code } });
  });

  it('is for operators', async () => {
    expect(
      await api.operate(undefined, 'GET', `/operator/proposals/${await propose()}/backtest`),
    ).toMatchObject({ status: 401 });
  });
});

describe('the liability report', () => {
  it('shows an operator all platforms, or one', async () => {
    const { status, body } = await api.operate(token, 'GET', '/operator/reports/liability');
    expect(status).toBe(200);
    expect(
      (body['platforms'] as unknown as { platform_id: string }[]).map(
        ({ platform_id }) => platform_id,
      ),
    ).toEqual(['platform_a', 'platform_b', 'platform_c']);
    const one = await api.operate(
      token,
      'GET',
      '/operator/reports/liability?platform_id=platform_b',
    );
    expect(one).toMatchObject({
      status: 200,
      body: {
        settlement_currency: 'CNY',
        breakage_formula: expect.stringContaining('expired ÷ (expired + redeemed)'),
        platforms: [
          {
            platform_id: 'platform_b',
            issued: '0.00',
            converted_in: '10.00',
            outstanding: '10.00',
            value: '0.1200',
            by_month: [{ month: '2099-12', amount: '10.00' }],
            breakage: { rate: null, estimate: null },
          },
        ],
      },
    });
    expect(
      await api.operate(token, 'GET', '/operator/reports/liability?platform_id=platform_x'),
    ).toMatchObject({ status: 404, body: { code: 'platform_not_found' } });
  });

  it('shows a platform itself only', async () => {
    expect(await api.call('platform_a', 'GET', '/api/reports/liability')).toMatchObject({
      status: 200,
      body: {
        platform_id: 'platform_a',
        issued: '100.00',
        converted_away: '12.00',
        outstanding: '88.00',
        breakage: { redeemed: '12.00', rate: '0', estimate: '0.00' },
      },
    });
    expect(
      await api.call('platform_a', 'GET', '/api/reports/liability?platform_id=platform_b'),
    ).toMatchObject({ status: 400, body: { code: 'unknown_field' } });
  });
});

it('a balance tells what ends within thirty days', async () => {
  const user = await api.user('platform_c');
  const today = dayOf(api.clock.now());
  for (const [days, amount] of [
    [0, 1],
    [30, 2],
    [31, 4],
  ] as const)
    await api.call('platform_c', 'POST', '/api/points/earn', {
      user_id: user,
      amount,
      expires_on: addDays(today, days),
    });
  await api.call('platform_c', 'POST', '/api/points/earn', { user_id: user, amount: 8 });
  expect(await api.call('platform_c', 'GET', `/api/points/balance?user_id=${user}`)).toMatchObject({
    body: { balance: 15, expiring_soon: { within_days: 30, amount: 3 } },
  });
});
