// Tests signatures of requests that post nothing, keys in the body, and the marks of used
// signatures.

import { createSigner, httpbis } from 'http-message-signatures';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { formatContentDigest } from '../security/security.ts';

const A = 'platform_a';
const EARN = '/api/points/earn';
const USED = {
  status: 409,
  body: {
    code: 'signature_used',
    detail: expect.stringMatching(/`idempotency_key` into its body.*RFC 9421/),
  },
};
const REPLAYED = { status: 200, headers: { 'idempotency-replayed': 'true' } };

let database: TestDatabase;
let api: TestApi;
let ann: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  ann = await api.user(A, 1_000);
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

/** A request as it was sent. A thief who has captured it can send it again with other headers. */
function captured(url: string, body: object, key?: string) {
  const text = JSON.stringify(body);
  const signed = api.sign(A, 'POST', url, text);
  const first = key === undefined ? {} : { 'idempotency-key': key };
  return (
    headers: Record<string, string | undefined> = first,
    server = api.server,
  ): Promise<Answer> =>
    api.call(A, 'POST', url, text, { headers: { ...signed, ...headers }, server });
}

const withKey = (key: string): { 'idempotency-key': string } => ({ 'idempotency-key': key });
const earning = (more: object = {}): object => ({
  user_id: ann,
  amount: 1,
  reference: randomUUID(),
  ...more,
});

/** The change of the balance while `work` runs. */
async function change(work: () => Promise<unknown>, user = ann): Promise<number> {
  const before = await api.balance(A, user);
  await work();
  return Number(((await api.balance(A, user)) - before).toFixed(2));
}

/** Signed by an independent library, with the key in the header. */
async function messageSigned(body: object, key: string): Promise<Answer> {
  const text = JSON.stringify(body);
  const { secret = '', token = '' } = api.secrets[A] ?? {};
  const headers: Record<string, string> = {
    host: 'pontis.test',
    'x-platform-token': token,
    'content-type': 'application/json',
    'content-digest': formatContentDigest(Buffer.from(text)),
    'idempotency-key': key,
  };
  const signed = await httpbis.signMessage(
    {
      key: createSigner(Buffer.from(secret), 'hmac-sha256', A),
      fields: ['@method', '@target-uri', 'content-digest', 'idempotency-key'],
      params: ['created', 'keyid', 'alg'],
      paramValues: { created: new Date(api.clock.now()) },
    },
    { method: 'POST', url: `http://pontis.test${EARN}`, headers },
  );
  return api.call(A, 'POST', EARN, text, {
    headers: {
      ...(signed.headers as Record<string, string>),
      'x-signature': undefined,
      'x-timestamp': undefined,
    },
  });
}

async function newWebhook(): Promise<string> {
  const url = `http://127.0.0.1:9/${randomUUID()}`;
  return String((await api.call(A, 'POST', '/api/webhooks', { url })).body['webhook_id']);
}

async function countMarks(): Promise<number> {
  const text = 'select count(*)::integer as count from ledger.signature_use';
  return (await database.pool.query<{ count: number }>(text)).rows[0]?.count ?? 0;
}

describe('what posts nothing', () => {
  it('that failed after it was carried out is not carried out again', async () => {
    const send = captured(`/api/webhooks/${await newWebhook()}/secret`, {});
    const { webhooks } = api.parts;
    const renew = webhooks.renewSecret;
    const failing = vi.spyOn(webhooks, 'renewSecret').mockImplementationOnce(async (...args) => {
      await renew(...args);
      throw new Error('the process fails before it answers');
    });
    expect((await send()).status).toBe(500);
    expect(await send()).toMatchObject({ status: 409, body: { code: 'signature_used' } });
    failing.mockRestore();
  });

  it('gives no second secret to the same signature, whatever its key', async () => {
    const send = captured(`/api/webhooks/${await newWebhook()}/secret`, {});
    const first = await send();
    expect(first).toMatchObject({ status: 200 });
    for (const headers of [{}, withKey('x')]) expect(await send(headers)).toMatchObject(USED);
    expect(await captured(`/api/webhooks/${await newWebhook()}/test`, {})()).toMatchObject({
      status: 200,
    });
  });

  it('opens one dispute, and gives it again to the same key', async () => {
    const to = await api.user('platform_b');
    const body = { from_user_id: ann, to_user_id: to, amount: 12, target_platform: 'platform_b' };
    const moved = await api.call(A, 'POST', '/api/points/transfer', body);
    const claim = {
      transaction_id: moved.body['transaction_id'],
      reason_code: 'not_received',
      description: 'x',
      amount: 4,
    };
    const send = captured('/api/disputes', claim, 'dispute');
    const first = await send();
    expect(first).toMatchObject({ status: 200 });
    expect(await send()).toMatchObject({
      ...REPLAYED,
      body: { dispute_id: first.body['dispute_id'] },
    });
    for (const headers of [{}, withKey('x')]) expect(await send(headers)).toMatchObject(USED);
  });

  it('fulfils once, and a refusal leaves no mark', async () => {
    await api.reward(A, 'mug', { points_required: '2', stock: 100 });
    const redeemed = await api.call(A, 'POST', '/api/points/redeem', {
      user_id: ann,
      amount: 2,
      reward_id: 'mug',
      reference: randomUUID(),
    });
    const send = captured(
      `/api/redemptions/${String(redeemed.body['redemption_id'])}/fulfil`,
      {},
      'hand over',
    );
    expect(await send()).toMatchObject({ status: 400, body: { code: 'invalid_idempotency_key' } });
    const key = withKey('hand-over');
    expect(await send(key)).toMatchObject({ status: 200 });
    expect(await send(key)).toMatchObject(REPLAYED);
    for (const headers of [{}, withKey('x')]) expect(await send(headers)).toMatchObject(USED);
    const other = captured(`/api/redemptions/rdm_0000${'a'.repeat(28)}/fulfil`, {}, 'first');
    expect(await other()).toMatchObject({ status: 404 });
    expect(await other(withKey('second'))).toMatchObject({ status: 404 });
  });
});

describe('keys in the body', () => {
  it('make equal operations of one second different ones', async () => {
    const timestamp = String(Math.floor(api.clock.now() / 1_000));
    expect(
      await change(async () => {
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            api.call(
              A,
              'POST',
              EARN,
              { user_id: ann, amount: 1, idempotency_key: `equal-${index}` },
              { timestamp },
            ),
          ),
        );
        expect(answers.every(({ status }) => status === 200)).toBe(true);
      }),
    ).toBe(20);
  });

  it.each([['with space'], [''], ['x'.repeat(256)], ['ключ'], ['a\u0000']])(
    'are visible ASCII: %j',
    async (key) => {
      const answer = await api.call(A, 'POST', EARN, {
        user_id: ann,
        amount: 1,
        idempotency_key: key,
      });
      expect(answer).toMatchObject({ status: 400, body: { field: 'idempotency_key' } });
    },
  );

  it('are the same as in the header', async () => {
    const key = randomUUID();
    const body = earning();
    expect(await captured(EARN, body, key)()).toMatchObject({ status: 200 });
    expect(await captured(EARN, { ...body, idempotency_key: key })()).toMatchObject(REPLAYED);
  });
});

describe('marks', () => {
  it('are kept as long as the signature can be valid, and forgotten then', async () => {
    await api.parts.ledger.sweep();
    const send = captured(EARN, earning(), 'kept');
    await send();
    const timestamp = String(Math.floor(api.clock.now() / 1_000));
    api.clock.advance(300_000 - 1_000);
    await api.parts.ledger.sweep();
    expect(await send(withKey('late'))).toMatchObject(USED);
    api.clock.advance(2_000);
    expect(await send(withKey('later'))).toMatchObject({
      status: 403,
      body: { code: 'signature_stale' },
    });
    expect(await countMarks()).toBeGreaterThan(0);
    // Signed by a clock that is as far ahead as is allowed.
    const ahead = String(Number(timestamp) + 600);
    expect(await api.call(A, 'POST', EARN, earning(), { timestamp: ahead })).toMatchObject({
      status: 200,
    });
    api.clock.advance(700_000);
    await api.parts.ledger.sweep();
    expect(await countMarks()).toBe(1);
    api.clock.advance(1_000_000);
    await api.parts.ledger.sweep();
    expect(await countMarks()).toBe(0);
  });

  it('are not written for what is signed by RFC 9421, which covers the key', async () => {
    const before = await countMarks();
    const key = randomUUID();
    expect(await messageSigned(earning(), key)).toMatchObject({ status: 200 });
    expect(await countMarks()).toBe(before);
  });
});

describe('a platform that is set to RFC 9421', () => {
  it('is refused with X-Signature, everywhere, and can be set back', async () => {
    await api.parts.identity.setSigning(A, 'rfc9421');
    const refused = { status: 403, body: { code: 'message_signature_required' } };
    expect(await api.call(A, 'POST', EARN, earning())).toMatchObject(refused);
    expect(await api.call(A, 'GET', `/api/points/balance?user_id=${ann}`)).toMatchObject(refused);
    await api.parts.identity.setSigning(A, 'any');
    expect(await api.call(A, 'POST', EARN, earning())).toMatchObject({ status: 200 });
  });
});
