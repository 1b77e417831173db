// Tests a connected platform as its callers, the operators and /health see it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { SANDBOX, startSandbox, type RunningSandbox } from '../../test/fixtures/sandbox.ts';

let database: TestDatabase;
let api: TestApi;
let folder: string;
let sandbox: RunningSandbox;
let maker: string;
let checker: string;

const PLATFORM = 'own_points';
const NOWHERE = 'http://127.0.0.1:45999';

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  folder = mkdtempSync(join(tmpdir(), 'pontis-connected-'));
  maker = await api.operator('maker');
  checker = await api.operator('checker');
  await api.join(PLATFORM, '1.0', { url: NOWHERE, token: SANDBOX.token });
  sandbox = await startSandbox(folder, { ann: '123.45', poor: '0' }, [
    '--platform',
    PLATFORM,
    '--secret',
    api.secrets[PLATFORM]?.secret ?? '',
  ]);
  for (const user of ['ann', 'poor', 'stranger'])
    await api.call(PLATFORM, 'POST', '/api/users', { platform_user_id: user });
});
afterAll(async () => {
  await sandbox?.program.stop('SIGTERM');
  await api?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const connect = (
  body: object = { url: sandbox.target.url, token: SANDBOX.token },
): Promise<Answer> => api.operate(maker, 'PUT', `/operator/connections/${PLATFORM}`, body);
const connectByTwo = (): Promise<Answer> =>
  api.operateByTwo([maker, checker], 'PUT', `/operator/connections/${PLATFORM}`, {
    url: sandbox.target.url,
    token: SANDBOX.token,
  });
const balance = (user: string): Promise<Answer> =>
  api.call(PLATFORM, 'GET', `/api/points/balance?user_id=${user}`);
const health = async (): Promise<{
  status: number;
  body: { status: string; checks: { platform_connections: Record<string, unknown> } };
}> => {
  const answer = await api.server.inject({
    url: '/health',
    headers: { authorization: `Bearer ${maker}` },
  });
  return { status: answer.statusCode, body: answer.json() };
};

describe('a connection', () => {
  it('is registered by two operators, shown without its token, and removed', async () => {
    const view = {
      platform_id: PLATFORM,
      url: sandbox.target.url,
      changed_by: 'maker, checker',
      changed_at: expect.stringMatching(/Z$/),
    };
    expect(await connectByTwo()).toMatchObject({
      status: 200,
      body: { state: 'done', outcome: { url: sandbox.target.url } },
    });
    const listed = await api.operate(maker, 'GET', '/operator/connections');
    expect(listed).toMatchObject({ status: 200, body: { connections: [view] } });
    expect(JSON.stringify(listed.body)).not.toContain(SANDBOX.token);
    expect(
      await api.operateByTwo([maker, checker], 'DELETE', `/operator/connections/${PLATFORM}`),
    ).toMatchObject({ status: 200, body: { state: 'done' } });
    expect((await api.operate(maker, 'GET', '/operator/connections')).body).toEqual({
      connections: [{ platform_id: PLATFORM, url: null }],
    });
    expect(await balance('ann')).toMatchObject({
      status: 503,
      body: { code: 'platform_unavailable', detail: expect.stringContaining('No connection') },
    });
    await connectByTwo();
  });

  it('is refused for a platform that is not there, and without its parts', async () => {
    expect(
      await api.operate(maker, 'PUT', '/operator/connections/platform_z', {
        url: NOWHERE,
        token: 'x',
      }),
    ).toMatchObject({ status: 404, body: { code: 'platform_not_found' } });
    expect(await connect({ url: NOWHERE })).toMatchObject({
      status: 400,
      body: { code: 'missing_field' },
    });
    expect(await connect({ url: NOWHERE, token: '' })).toMatchObject({ status: 400 });
    expect(
      await api.operate(undefined, 'PUT', `/operator/connections/${PLATFORM}`, {
        url: NOWHERE,
        token: 'x',
      }),
    ).toMatchObject({ status: 401 });
    expect((await balance('ann')).status).toBe(200);
  });
});

describe('the balance', () => {
  it('is what the platform says', async () => {
    expect(await balance('ann')).toMatchObject({
      status: 200,
      body: {
        user_id: 'ann',
        platform_id: PLATFORM,
        balance: 123.45,
        available: 123.45,
        held: 0,
        expiring: [],
        expiring_soon: { within_days: 30, amount: 0 },
        timestamp: expect.any(Number),
      },
    });
    expect(await balance('poor')).toMatchObject({ status: 200, body: { balance: 0 } });
  });

  it('of a user whom the platform does not know, or whom nobody has linked, is that of an unknown user', async () => {
    expect(await balance('stranger')).toMatchObject({
      status: 404,
      body: { code: 'user_not_found', detail: expect.stringContaining('The platform says') },
    });
    expect(await balance('nobody')).toMatchObject({
      status: 404,
      body: { code: 'user_not_found', detail: expect.stringContaining('not linked') },
    });
  });

  it.each([{ error_500: 1 }, { reset_before_apply: 1 }, { down: true }])(
    'is never zero because the call failed: %j',
    async (faults) => {
      await sandbox.setFaults(faults);
      expect(await balance('ann')).toMatchObject({
        status: 503,
        body: { code: 'platform_unavailable' },
        headers: { 'retry-after': '1' },
      });
      await sandbox.setFaults({});
      expect(await balance('ann')).toMatchObject({ status: 200, body: { balance: 123.45 } });
    },
  );
});

describe('what would move points inside the platform', () => {
  const refused = { status: 409, body: { code: 'connected_platform' } };

  it.each([
    ['earn', { user_id: 'ann', amount: 1 }],
    ['redeem', { user_id: 'ann', amount: 1, reward_id: 'mug' }],
    ['holds', { user_id: 'ann', amount: 1 }],
    ['transfer', { from_user_id: 'ann', to_user_id: 'poor', amount: 1, target_platform: PLATFORM }],
  ])('is refused: %s', async (operation, body) => {
    await api.reward(PLATFORM, 'mug', { points_required: '1', stock: 1 });
    expect(await api.call(PLATFORM, 'POST', `/api/points/${operation}`, body)).toMatchObject(
      refused,
    );
  });

  it('is refused in a batch, and its rewards have no options', async () => {
    const operations = [
      { kind: 'earn', user_id: 'ann', amount: 1 },
      { kind: 'hold', user_id: 'ann', amount: 1 },
    ].map((fields) => ({ ...fields, idempotency_key: fields.kind }));
    const { body } = await api.call(PLATFORM, 'POST', '/api/points/batch', { operations });
    expect(body['results']).toMatchObject([refused, refused]);
    expect(await api.call(PLATFORM, 'GET', '/api/rewards/options?user_id=ann')).toMatchObject(
      refused,
    );
    expect((await balance('ann')).body).toMatchObject({ balance: 123.45 });
  });
});

describe('/health', () => {
  it('says what the last check found, and asks nobody itself', async () => {
    expect((await health()).body.checks.platform_connections[PLATFORM]).toEqual({
      status: 'degraded',
      message: 'Not asked yet',
    });
    await api.parts.connectionHealth.check();
    expect(await health()).toMatchObject({
      status: 200,
      body: {
        status: 'healthy',
        checks: {
          platform_connections: {
            platform_a: { status: 'healthy' },
            [PLATFORM]: { status: 'healthy', message: 'Platform answers' },
          },
        },
      },
    });
    await sandbox.setFaults({ down: true });
    expect((await health()).body.status).toBe('healthy');
  });

  it('is degraded, not unhealthy, while a platform does not answer', async () => {
    await sandbox.setFaults({ down: true });
    await api.parts.connectionHealth.check();
    expect(await health()).toMatchObject({
      status: 200,
      body: {
        status: 'degraded',
        checks: {
          platform_connections: {
            [PLATFORM]: { status: 'unhealthy', message: 'No usable answer (reset)' },
          },
        },
      },
    });
    expect((await api.server.inject('/health/ready')).statusCode).toBe(200);
    await sandbox.setFaults({});
    await api.parts.connectionHealth.check();
    expect((await health()).body.status).toBe('healthy');
  });

  it('is degraded while a platform answers and refuses every signed call', async () => {
    await api.parts.connections.set(
      { platformId: PLATFORM, url: sandbox.target.url, token: 'another' },
      'test',
    );
    await api.parts.connectionHealth.check();
    expect((await health()).body).toMatchObject({
      status: 'degraded',
      checks: {
        platform_connections: {
          [PLATFORM]: {
            status: 'degraded',
            message: 'Platform answers, but refuses every signed call',
          },
        },
      },
    });
    expect(api.parts.connectionHealth.stateOf(PLATFORM as never).detail).toMatch(
      /401: it does not accept the token/,
    );
    expect(await balance('ann')).toMatchObject({
      status: 503,
      body: {
        code: 'platform_unavailable',
        detail: expect.stringContaining('does not accept the token'),
      },
    });
    await connectByTwo();
    await api.parts.connectionHealth.check();
    expect((await health()).body.status).toBe('healthy');
  });

  it('names a platform that nobody has said how to reach', async () => {
    await api.operateByTwo([maker, checker], 'DELETE', `/operator/connections/${PLATFORM}`);
    await api.parts.connectionHealth.check();
    expect((await health()).body).toMatchObject({
      status: 'degraded',
      checks: {
        platform_connections: {
          [PLATFORM]: { status: 'degraded', message: 'No connection is registered' },
        },
      },
    });
    await connectByTwo();
  });
});

describe('a dry run over the platform', () => {
  it('tells the terms that the transfer then has, and that it would be under way', async () => {
    const from = await api.user('platform_b', 100);
    await api.amend((document) => ({
      ...document,
      rules: { ...document.rules, toll: { kind: 'fee', fee: { rate: '0.01', on: 'target' } } },
    }));
    const transfer = (body: object): Promise<Answer> =>
      api.call('platform_b', 'POST', '/api/points/transfer', {
        from_user_id: from,
        to_user_id: 'poor',
        amount: 10.5,
        target_platform: PLATFORM,
        ...body,
      });
    const dry = await transfer({ dry_run: true });
    const made = await transfer({});
    expect(made).toMatchObject({
      status: 202,
      body: { status: 'pending', credited_amount: 12.47, target_fee: 0.13 },
    });
    const { amount, rate, fee, target_fee, bonus, credited_amount, status } = made.body;
    expect(dry).toMatchObject({
      status: 200,
      body: { would_succeed: true, amount, rate, fee, target_fee, bonus, credited_amount, status },
    });
  });
});
