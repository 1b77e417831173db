// Acts that take two persons: asked, read, approved and done once, whatever happens in between.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import type { Result } from '../kernel/problem.ts';
import type { Asked, ActRequest } from './acts.ts';

let database: TestDatabase;
let api: TestApi;
let maker: string;
let checker: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  await api.join('away', '1', { url: 'https://points.example/a', token: 'first-token' });
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const acts = (): TestApi['parts']['acts'] => api.parts.acts;
const addOperator = (operatorId: string, by?: string): Promise<Result<Asked>> =>
  acts().ask({
    act: 'operator_add',
    arguments: { operator_id: operatorId },
    operatorId: by,
    reason: 'new here',
  });
const urlOf = (): string | undefined => api.parts.connections.find('away')?.url;
const connect = (url: string, token = 'secret-token'): Promise<Answer> =>
  api.operate(maker, 'PUT', '/operator/connections/away', {
    url,
    token,
    reason: 'they have moved',
  });
const word = (token: string, { body }: Answer, name: string, given: object = {}): Promise<Answer> =>
  api.operate(token, 'POST', `/operator/requests/${String(body['request_id'])}/${name}`, given);
const find = async ({ body }: Answer): Promise<Record<string, unknown>> =>
  (await api.operate(checker, 'GET', `/operator/requests/${String(body['request_id'])}`)).body;

function askForAway(
  act: 'platform_secret' | 'platform_token',
  given: Record<string, string>,
): Promise<Result<Asked>> {
  return acts().ask({
    act,
    arguments: { platform_id: 'away', ...given },
    operatorId: 'maker',
    reason: 'it has leaked',
  });
}

function requestOf(asked: Result<Asked>): ActRequest {
  if (!asked.ok || 'done' in asked.value) throw new Error('nobody was asked');
  return asked.value.request;
}

function tokenOf(asked: Result<Asked>): string {
  if (!asked.ok || !('done' in asked.value)) throw new Error('somebody was asked');
  return asked.value.done.secrets?.['token'] ?? '';
}

describe('operators', () => {
  it('the first two are made by one person, also when many try at once', async () => {
    maker = tokenOf(await addOperator('maker'));
    const tried = await Promise.all(
      ['checker', 'third', 'fourth', 'fifth'].map((name) => addOperator(name, 'maker')),
    );
    const made = tried.filter((one) => one.ok && 'done' in one.value);
    expect(made).toHaveLength(1);
    expect(await api.parts.identity.listOperators()).toHaveLength(2);
    const [first] = made;
    checker = first === undefined ? '' : tokenOf(first);
    for (const one of tried)
      if (one.ok && 'request' in one.value)
        await acts().withdraw({ requestId: one.value.request.requestId, operatorId: 'maker' });
  });

  it('once there are two, a third, a token and a resumption take both; a suspended one counts and may do nothing', async () => {
    const names = (await api.parts.identity.listOperators()).map(({ operatorId }) =>
      String(operatorId),
    );
    const second = names.find((name) => name !== 'maker') ?? '';
    expect(await addOperator('zoe')).toMatchObject({
      ok: false,
      problem: { code: 'second_person_needed' },
    });
    const asked = requestOf(await addOperator('zoe', 'maker'));
    expect(asked).toMatchObject({
      state: 'open',
      madeBy: 'maker',
      words: expect.stringContaining('Take zoe among the operators'),
    });
    expect(await acts().approve({ requestId: asked.requestId, operatorId: 'maker' })).toMatchObject(
      { ok: false, problem: { code: 'approver_is_asker' } },
    );
    const approved = await api.operate(
      checker,
      'POST',
      `/operator/requests/${asked.requestId}/approve`,
      {},
    );
    expect(approved).toMatchObject({
      status: 200,
      body: {
        state: 'done',
        decided_by: second,
        outcome: { operator_id: 'zoe' },
        secrets: { token: expect.stringMatching(/^op_/) },
      },
    });
    const zoe = String((approved.body['secrets'] as unknown as Record<string, string>)['token']);
    expect(await api.operate(zoe, 'GET', '/operator/whoami')).toMatchObject({
      status: 200,
      body: { operator_id: 'zoe' },
    });
    // The token is stored nowhere.
    expect(
      JSON.stringify((await database.pool.query('select * from acts.request')).rows),
    ).not.toContain(zoe);

    await api.parts.identity.setOperatorState('zoe', 'suspended', {
      madeBy: 'maker',
      approvedBy: null,
      requestId: null,
      reason: 'on leave',
    });
    const resume = requestOf(
      await acts().ask({
        act: 'operator_resume',
        arguments: { operator_id: 'zoe' },
        operatorId: 'maker',
        reason: 'back',
      }),
    );
    expect(
      await api.operate(zoe, 'POST', `/operator/requests/${resume.requestId}/approve`, {}),
    ).toMatchObject({ status: 403, body: { code: 'operator_suspended' } });
    expect(await acts().approve({ requestId: resume.requestId, operatorId: second })).toMatchObject(
      { ok: true, value: { request: { state: 'done' } } },
    );
    const changes = (await api.parts.identity.listOperatorChanges()).filter(
      ({ operatorId }) => operatorId === 'zoe',
    );
    expect(changes).toMatchObject([
      {
        change: 'added',
        madeBy: 'maker',
        approvedBy: second,
        requestId: asked.requestId,
        reason: 'new here',
      },
      { change: 'suspended', madeBy: 'maker', approvedBy: null },
      { change: 'resumed', madeBy: 'maker', approvedBy: second },
    ]);
  });

  it('who is the only active one is not alone for that', async () => {
    const { identity } = api.parts;
    for (const { operatorId } of await identity.listOperators())
      if (operatorId !== 'maker') await identity.setOperatorState(operatorId, 'suspended');
    expect(requestOf(await addOperator('puppet', 'maker')).state).toBe('open');
    for (const { operatorId } of await identity.listOperators())
      await identity.setOperatorState(operatorId, 'active');
  });
});

describe('what a platform proves itself with', () => {
  it('is told to the person who approves, once, and is kept nowhere; what changed since has to be looked at', async () => {
    const secretOf = async (): Promise<string> => {
      const secret = await api.parts.identity.getSecret('away');
      return secret.ok ? secret.value : '';
    };
    const before = await secretOf();
    const [first, second] = [
      requestOf(await askForAway('platform_secret', { overlap_hours: '24' })),
      requestOf(await askForAway('platform_secret', { overlap_hours: '0' })),
    ];
    expect(await secretOf()).toBe(before);
    const approve = (id: string): Promise<Answer> =>
      api.operate(checker, 'POST', `/operator/requests/${id}/approve`, {});
    const done = await approve(first.requestId);
    expect(done).toMatchObject({
      status: 200,
      body: { state: 'done', secrets: { secret: await secretOf() } },
    });
    expect(await secretOf()).not.toBe(before);
    // The second would end the secret that the first left to the platform, so it has to be read
    // again.
    expect(await approve(second.requestId)).toMatchObject({
      status: 409,
      body: { code: 'request_changed' },
    });
    expect(
      JSON.stringify((await database.pool.query('select * from acts.request')).rows),
    ).not.toContain(await secretOf());

    const token = requestOf(await askForAway('platform_token', { days: '1', revoke: 'yes' }));
    const renewed = await approve(token.requestId);
    const [issued = ''] = Object.values(
      renewed.body['secrets'] as unknown as Record<string, string>,
    );
    await api.parts.identity.refresh();
    expect(await api.parts.identity.authenticate(issued)).toMatchObject({
      ok: true,
      value: { platformId: 'away' },
    });
    const after = requestOf(await askForAway('platform_token', { days: '', revoke: 'no' }));
    await api.parts.identity.revokeTokens('away');
    expect(await api.parts.identity.authenticate(issued)).toMatchObject({ ok: false });
    expect(await approve(after.requestId)).toMatchObject({
      status: 409,
      body: { code: 'request_changed' },
    });
    expect(
      await askForAway('platform_secret', { platform_id: 'nobody', overlap_hours: '1' }),
    ).toMatchObject({ ok: false, problem: { code: 'platform_not_found' } });
  });
});

describe('a request', () => {
  it('says what will be done, without secrets, and is done once by whoever approves first', async () => {
    const before = urlOf();
    const asked = await connect('https://points.example/b');
    expect(asked).toMatchObject({
      status: 202,
      headers: { location: `/operator/requests/${String(asked.body['request_id'])}` },
      body: {
        act: 'connection_set',
        state: 'open',
        words: expect.stringContaining('Call away at https://points.example/b'),
        circumstances: { url: before },
        arguments: { token: expect.stringMatching(/^sha256:[0-9a-f]{16}$/) },
      },
    });
    expect(urlOf()).toBe(before);
    const { rows } = await database.pool.query(
      `select arguments::text, words, circumstances::text, sealed from acts.request
          where request_id = $1`,
      [asked.body['request_id']],
    );
    expect(JSON.stringify(rows)).not.toContain('secret-token');
    const answers = await Promise.all(
      [checker, checker, checker].map((token) => word(token, asked, 'approve')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(urlOf()).toBe('https://points.example/b');
    expect(await find(asked)).toMatchObject({
      state: 'done',
      made_by: 'maker',
      fingerprint_now: null,
    });
    expect(
      (
        await database.pool.query('select sealed from acts.request where request_id = $1', [
          asked.body['request_id'],
        ])
      ).rows,
    ).toEqual([{ sealed: null }]);
    const { body } = await api.operate(checker, 'GET', '/operator/events?limit=1000');
    const own = (
      body['events'] as unknown as { type: string; data: { request_id?: string } }[]
    ).filter(({ data }) => data.request_id === String(asked.body['request_id']));
    expect(own.map(({ type }) => type)).toEqual([
      'request.made',
      'request.approved',
      'request.done',
    ]);
  });

  it('is approved as it was seen: other circumstances have to be looked at', async () => {
    const [first, second] = [
      await connect('https://points.example/c'),
      await connect('https://points.example/d'),
    ];
    expect((await word(checker, first, 'approve')).status).toBe(200);
    const refused = await word(checker, second, 'approve');
    expect(refused).toMatchObject({
      status: 409,
      body: {
        code: 'request_changed',
        detail: expect.stringContaining(
          'url was https://points.example/b and is https://points.example/c.',
        ),
      },
    });
    const seen = await find(second);
    expect(seen).toMatchObject({
      state: 'open',
      circumstances_now: { url: 'https://points.example/c' },
      fingerprint_now: refused.body['fingerprint'],
    });
    expect(await word(checker, second, 'approve', { fingerprint: '0'.repeat(32) })).toMatchObject({
      status: 409,
    });
    expect(
      await word(checker, second, 'approve', {
        fingerprint: seen['fingerprint_now'],
        reason: 'seen',
      }),
    ).toMatchObject({ status: 200, body: { decision_reason: 'seen' } });
    expect(urlOf()).toBe('https://points.example/d');
  });

  it('is rejected by another person, withdrawn by its own, and expires', async () => {
    const [rejected, withdrawn, late] = [
      await connect('https://points.example/e'),
      await connect('https://points.example/f'),
      await connect('https://points.example/g'),
    ];
    expect(await word(maker, rejected, 'reject')).toMatchObject({ status: 403 });
    expect(await word(checker, rejected, 'reject', { reason: 'no' })).toMatchObject({
      status: 200,
      body: { state: 'rejected' },
    });
    expect(await word(checker, withdrawn, 'withdraw')).toMatchObject({ status: 403 });
    expect(await word(maker, withdrawn, 'withdraw')).toMatchObject({
      status: 200,
      body: { state: 'withdrawn' },
    });
    for (const ended of [rejected, withdrawn])
      expect(await word(checker, ended, 'approve')).toMatchObject({
        status: 409,
        body: { code: 'request_decided' },
      });
    await database.pool.query(
      `update acts.request set expires_at = now() - interval '1 second' where request_id = $1`,
      [late.body['request_id']],
    );
    expect(await word(checker, late, 'approve')).toMatchObject({
      status: 409,
      body: { code: 'request_expired' },
    });
    await acts().follow();
    expect(await find(late)).toMatchObject({ state: 'expired', decided_by: null });
    expect(urlOf()).toBe('https://points.example/d');
  });

  it.each([
    ['before the act', false],
    ['between the act and its note', true],
  ])('whose process died %s is done by whoever comes next, once', async (_when, done) => {
    const asked = await connect(`https://points.example/after-${done}`);
    const id = String(asked.body['request_id']);
    await database.pool.query(
      `update acts.request set state = 'approved', decided_by = 'checker',
          decided_at = now() - interval '1 hour' where request_id = $1`,
      [id],
    );
    if (done)
      await api.parts.connections.set(
        { platformId: 'away', url: `https://points.example/after-${done}`, token: 'secret-token' },
        'maker, checker',
      );
    await Promise.all([acts().follow(), acts().follow()]);
    expect(await find(asked)).toMatchObject({
      state: 'done',
      outcome: { url: `https://points.example/after-${done}` },
    });
    expect(urlOf()).toBe(`https://points.example/after-${done}`);
  });

  it('that cannot be done is refused when it is asked, and tells what stands in its way later', async () => {
    expect(await api.operate(maker, 'DELETE', '/operator/connections/platform_a')).toMatchObject({
      status: 404,
      body: { code: 'connection_not_found' },
    });
    const asked = await api.operate(maker, 'DELETE', '/operator/connections/away');
    expect(asked.status).toBe(202);
    const other = await api.operate(maker, 'DELETE', '/operator/connections/away');
    expect(await word(checker, other, 'approve')).toMatchObject({ status: 200 });
    expect(await find(asked)).toMatchObject({
      state: 'open',
      obstacle: expect.stringContaining('Connection not found'),
      fingerprint_now: null,
    });
    expect(await word(checker, asked, 'approve')).toMatchObject({
      status: 404,
      body: { code: 'connection_not_found' },
    });
  });
});

describe('a mode', () => {
  it('that narrows is set by one, and one that widens by two', async () => {
    const set = (mode: string): Promise<Answer> =>
      api.operate(maker, 'PUT', '/operator/reserves/platform_a/mode', { mode, reason: 'test' });
    const modes: [string, number][] = [
      ['both', 200],
      ['receive_only', 200],
      ['send_only', 202],
      ['suspended', 200],
      ['receive_only', 202],
      ['both', 202],
      ['suspended', 200],
    ];
    for (const [mode, status] of modes)
      expect([mode, (await set(mode)).status]).toEqual([mode, status]);
    expect(await word(checker, await set('both'), 'approve')).toMatchObject({
      status: 200,
      body: { outcome: { mode: 'both' } },
    });
    expect((await api.operate(maker, 'GET', '/operator/reserves/platform_a')).body).toMatchObject({
      mode: 'both',
    });
  });
});
