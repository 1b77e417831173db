// Tests webhooks as a platform and an operator use them: over HTTP, with a receiver of the
// platform.

import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { startReceiver, type Receiver } from '../../../test/fixtures/receiver.ts';
import { createNotices, type Notices } from '../../clearing/notices/notices.ts';
import type { Deliverer } from '../../events/events.ts';

const A = 'platform_a';
const B = 'platform_b';

let database: TestDatabase;
let api: TestApi;
let operator: string;
let notices: Notices;
let deliverer: Deliverer;
const receivers: Receiver[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  operator = await api.operator('keeper');
  notices = createNotices(api.parts);
  deliverer = api.parts.webhooks.createDeliverer();
});
afterEach(async () => {
  for (const { webhookId } of await api.parts.webhooks.list('everybody'))
    await api.parts.webhooks.remove('everybody', webhookId);
  for (const one of receivers.splice(0)) await one.close();
});
afterAll(async () => {
  await deliverer?.close();
  await api?.close();
  await database?.drop();
});

async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args);
  receivers.push(started);
  return started;
}

async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await so())) {
    await notices.follow();
    await deliverer.run();
  }
}

async function create(body: object, platform = A): Promise<Record<string, string>> {
  const answer = await api.call(platform, 'POST', '/api/webhooks', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

const own = (method: string, id: string | undefined, path = '', body?: object): Promise<Answer> =>
  api.call(A, method, `/api/webhooks/${String(id)}${path}`, body);

describe('a platform', () => {
  it('registers a URL, hears of a transfer there as at GET /api/events, and verifies it', async () => {
    const inbox = await receiver();
    const created = await create({ url: inbox.url, types: ['transfer.*'], description: 'ours' });
    expect(created).toEqual({
      webhook_id: expect.stringMatching(/^whk_[0-9a-f]{32}$/),
      platform_id: A,
      url: inbox.url,
      types: ['transfer.*'],
      ordered: false,
      description: 'ours',
      state: 'active',
      disabled_reason: null,
      failing_since: null,
      last_success_at: null,
      pending: 0,
      dead: 0,
      created_at: expect.any(String),
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
    });
    const [from, to] = [await api.user(A, 10), await api.user(A)];
    await api.call(A, 'POST', '/api/points/transfer', {
      from_user_id: from,
      to_user_id: to,
      amount: 2,
      target_platform: A,
    });
    await until(() => inbox.messages.length > 0);
    const { body, headers } = inbox.messages[0] ?? { body: '', headers: {} };
    const message = new Verifier(created['secret'] ?? '').verify(body, headers) as {
      event_id: number;
      data: object;
    };
    const { events } = (await api.call(A, 'GET', '/api/events?types=transfer.*,hold.expired'))
      .body as unknown as { events: { event_id: number; type: string; data: object }[] };
    expect(events.map(({ event_id, type, data }) => ({ event_id, type, data }))).toEqual([
      { event_id: message.event_id, type: 'transfer.completed', data: message.data },
    ]);
    await until(
      async () =>
        (
          (await own('GET', created['webhook_id'], '/deliveries?state=delivered'))
            .body as unknown as { deliveries: object[] }
        ).deliveries.length === 1,
    );
    const { secret: _secret, ...shown } = created;
    expect((await api.call(A, 'GET', '/api/webhooks')).body).toMatchObject({
      webhooks: [{ ...shown, last_success_at: expect.stringMatching(/Z$/) }],
    });
    expect((await own('GET', created['webhook_id'], '/deliveries')).body).toEqual({
      deliveries: [
        {
          event_id: message.event_id,
          state: 'delivered',
          attempts: 1,
          next_attempt_at: null,
          last_status: 200,
          last_error: null,
          last_attempt_at: expect.any(String),
          created_at: expect.any(String),
        },
      ],
      next_cursor: null,
    });
  });

  it('changes it, renews its secret, tries it, switches it off and deletes it', async () => {
    const [first, second] = [await receiver(() => 500), await receiver()];
    const { webhook_id: id, secret = '' } = await create({ url: first.url });
    expect(
      (
        await own('PATCH', id, '', {
          url: second.url,
          types: ['hold.expired'],
          ordered: true,
          description: 'moved',
        })
      ).body,
    ).toMatchObject({
      url: second.url,
      types: ['hold.expired'],
      ordered: true,
      description: 'moved',
      state: 'active',
    });
    expect((await own('PATCH', id, '', { types: null })).body).toMatchObject({
      url: second.url,
      types: null,
      ordered: true,
    });
    const renewed = (await own('POST', id, '/secret', { overlap_hours: 1 })).body as unknown as {
      secret: string;
      old_secret_ends_at: string;
    };
    expect(renewed.secret).not.toBe(secret);
    expect(await own('POST', id, '/test')).toMatchObject({ status: 200, body: { success: true } });
    await until(() => second.messages.some(({ type }) => type === 'webhook.test'));
    const { body, headers } = second.messages.find(({ type }) => type === 'webhook.test') ?? {
      body: '',
      headers: {},
    };
    for (const one of [secret, renewed.secret])
      expect(new Verifier(one).verify(body, headers)).toMatchObject({
        type: 'webhook.test',
        data: { webhook_id: id },
      });
    expect((await own('PATCH', id, '', { enabled: false })).body).toMatchObject({
      state: 'disabled',
      disabled_reason: 'owner',
    });
    expect((await own('PATCH', id, '', { enabled: true })).body).toMatchObject({
      state: 'active',
      disabled_reason: null,
    });
    expect(await own('DELETE', id)).toMatchObject({ status: 200, body: { success: true } });
    expect(await own('GET', id)).toMatchObject({
      status: 404,
      body: { code: 'webhook_not_found' },
    });
  });

  it('sees what failed, and asks for it again: one event, or all since a time', async () => {
    let broken = true;
    const inbox = await receiver(() => (broken ? 410 : 200));
    const { webhook_id: id } = await create({ url: inbox.url, types: ['transfer.completed'] });
    const [from, to] = [await api.user(A, 10), await api.user(A)];
    for (const amount of [1, 2, 3])
      await api.call(A, 'POST', '/api/points/transfer', {
        from_user_id: from,
        to_user_id: to,
        amount,
        target_platform: A,
      });
    const dead = async (): Promise<{ event_id: number }[]> =>
      (
        (await own('GET', id, '/deliveries?state=dead&limit=2')).body as unknown as {
          deliveries: { event_id: number }[];
        }
      ).deliveries;
    await until(async () => (await api.parts.webhooks.list('everybody'))[0]?.dead === 3);
    const page = (await own('GET', id, '/deliveries?limit=2')).body as unknown as {
      deliveries: { event_id: number }[];
      next_cursor: string;
    };
    const rest = (await own('GET', id, `/deliveries?limit=2&before=${page.next_cursor}`))
      .body as unknown as typeof page;
    expect([page.deliveries.length, rest.deliveries.length, rest.next_cursor]).toEqual([
      2,
      1,
      null,
    ]);
    expect(await own('POST', id, '/redeliver', { since: '2020-01-01T00:00:00Z' })).toMatchObject({
      status: 409,
      body: { code: 'webhook_disabled' },
    });
    broken = false;
    await own('PATCH', id, '', { enabled: true });
    const [newest] = await dead();
    expect((await own('POST', id, '/redeliver', { event_id: newest?.event_id })).body).toEqual({
      count: 1,
    });
    await until(() => inbox.accepted.length === 1);
    expect(inbox.accepted[0]?.id).toBe(`evt_${newest?.event_id}`);
    await until(async () => (await dead()).length === 2);
    expect((await own('POST', id, '/redeliver', { since: '2020-01-01T00:00:00Z' })).body).toEqual({
      count: 2,
    });
    await until(() => inbox.accepted.length === 3);
    for (const body of [
      {},
      { event_id: 1, since: '2020-01-01T00:00:00Z' },
      { since: '2020-02-30T00:00:00Z' },
      { event_id: 0 },
    ])
      expect(await own('POST', id, '/redeliver', body)).toMatchObject({
        status: 400,
        body: { code: 'invalid_field' },
      });
  });

  it("touches no other's, and none of the operators'", async () => {
    const { url } = await receiver();
    const { webhook_id: id } = await create({ url }, B);
    const { webhook_id: network } = (
      await api.operate(operator, 'POST', '/operator/webhooks', { url })
    ).body;
    for (const one of [id, network]) {
      const calls: [string, string, object?][] = [
        ['GET', ''],
        ['PATCH', '', { ordered: true }],
        ['DELETE', ''],
        ['POST', '/secret', {}],
        ['POST', '/test'],
        ['GET', '/deliveries'],
        ['POST', '/redeliver', { event_id: 1 }],
      ];
      for (const [method, path, body] of calls)
        expect(await own(method, one, path, body)).toMatchObject({
          status: 404,
          body: { code: 'webhook_not_found' },
        });
    }
    expect((await api.call(A, 'GET', '/api/webhooks')).body).toEqual({ webhooks: [] });
  });

  it.each([
    ['https://10.0.0.1/x'],
    ['https://169.254.169.254/latest'],
    ['http://8.8.8.8/x'],
    ['https://user:pw@8.8.8.8/x'],
    ['https://8.8.8.8/x#f'],
    ['ftp://8.8.8.8/x'],
    ['not a url'],
    ['https://[::ffff:10.0.0.1]/'],
    ['https://no-such-host.invalid/'],
  ])('cannot have events sent to %s', async (url) => {
    expect(await api.call(A, 'POST', '/api/webhooks', { url })).toMatchObject({
      status: 400,
      body: { code: 'webhook_target_refused', field: 'url' },
    });
    const { webhook_id: id } = await create({ url: 'https://8.8.8.8/hooks' });
    expect(await own('PATCH', id, '', { url })).toMatchObject({
      status: 400,
      body: { code: 'webhook_target_refused' },
    });
  });

  it.each([
    [{}],
    [{ url: 7 }],
    [{ url: 'https://8.8.8.8/', types: [] }],
    [{ url: 'https://8.8.8.8/', types: ['transfer'] }],
    [{ url: 'https://8.8.8.8/', types: ['a.b', 'a.b'] }],
    [{ url: `https://8.8.8.8/${'x'.repeat(2_048)}` }],
    [{ url: 'https://8.8.8.8/', secret: 'mine' }],
  ])('is told what is wrong with %j', async (body) => {
    expect(await api.call(A, 'POST', '/api/webhooks', body)).toMatchObject({ status: 400 });
    expect((await api.call(A, 'GET', '/api/webhooks')).body).toEqual({ webhooks: [] });
  });
});

describe('an operator', () => {
  it('has endpoints that hear of everybody, sees all, and sends again what a platform missed', async () => {
    const [mine, theirs] = [await receiver(), await receiver(() => 410)];
    const { webhook_id: network, secret } = (
      await api.operate(operator, 'POST', '/operator/webhooks', { url: mine.url, ordered: true })
    ).body as unknown as Record<string, string>;
    const { webhook_id: id } = await create({ url: theirs.url });
    const [from, to] = [await api.user(A, 10), await api.user(A)];
    await api.call(A, 'POST', '/api/points/transfer', {
      from_user_id: from,
      to_user_id: to,
      amount: 2,
      target_platform: A,
    });
    await until(() => mine.messages.some(({ type }) => type === 'webhook.disabled'));
    const { body, headers } = mine.messages.find(({ type }) => type === 'transfer.completed') ?? {
      body: '',
      headers: {},
    };
    expect(new Verifier(secret ?? '').verify(body, headers)).toMatchObject({
      platform_id: A,
      data: { from_user_id: from },
    });
    const { webhooks } = (await api.operate(operator, 'GET', '/operator/webhooks'))
      .body as unknown as {
      webhooks: { webhook_id: string; platform_id: string | null; state: string }[];
    };
    expect(
      webhooks.map(({ webhook_id, platform_id, state }) => [webhook_id, platform_id, state]),
    ).toEqual([
      [network, null, 'active'],
      [id, A, 'disabled'],
    ]);
    expect(
      (await api.operate(operator, 'GET', `/operator/webhooks/${String(id)}`)).body,
    ).toMatchObject({ dead: 1 });
    expect(
      (await api.operate(operator, 'GET', `/operator/webhooks/${String(id)}/deliveries`)).body,
    ).toMatchObject({ deliveries: [{ state: 'dead', last_status: 410 }] });
    for (const [method, path, more] of [
      ['PATCH', '', { ordered: false }],
      ['POST', '/secret', {}],
      ['POST', '/test', undefined],
      ['DELETE', '', undefined],
    ] as const) {
      expect(
        await api.operate(operator, method, `/operator/webhooks/${String(id)}${path}`, more),
      ).toMatchObject({ status: 404 });
      expect(
        await api.operate(operator, method, `/operator/webhooks/${String(network)}${path}`, more),
      ).toMatchObject({ status: 200 });
    }
    await own('PATCH', id, '', { enabled: true });
    expect(
      (
        await api.operate(operator, 'POST', `/operator/webhooks/${String(id)}/redeliver`, {
          since: '2020-01-01T00:00:00Z',
        })
      ).body,
    ).toEqual({ count: 1 });
  });

  it('needs a token', async () => {
    expect(await api.operate(undefined, 'GET', '/operator/webhooks')).toMatchObject({
      status: 401,
    });
  });
});
