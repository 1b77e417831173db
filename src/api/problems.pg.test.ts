// Provokes every row of every problem table through HTTP. The tables are enumerated, so a row
// without a case fails the test.

import { randomBytes, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, platformId, type Answer, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { actCases } from '../../test/fixtures/act-problems.ts';
import { rawBroken } from '../../test/fixtures/broken-client.ts';
import { clearingCases } from '../../test/fixtures/clearing-problems.ts';
import { callDigestMismatch, callSigned } from '../../test/fixtures/message-signed.ts';
import { operatorCases } from '../../test/fixtures/operator-problems.ts';
import { redemptionCases } from '../../test/fixtures/redemption-problems.ts';
import { disputeCases } from '../../test/fixtures/dispute-problems.ts';
import { signatureCases } from '../../test/fixtures/signature-problems.ts';
import type { MemberId } from '../kernel/ids.ts';
import type { RuleTerms } from '../valuation/valuation.ts';
import { ledgerProblems, type Ledger } from '../ledger/ledger.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { problemCatalogue } from './problem-catalogue.ts';
import { createServer } from './server.ts';

let database: TestDatabase;
let api: TestApi;
/** A user of platform_a with 100 points. */
let ann: string;
let bob: string;
/** Tokens of two operators. */
let maker: string;
let checker: string;

const A = 'platform_a';
const BALANCE = '/api/points/balance';
const WHOAMI = '/operator/whoami';

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  ann = await api.user(A, 100);
  bob = await api.user('platform_b');
  maker = await api.operator('maker');
  checker = await api.operator('checker');
  // No server listens on this port.
  await api.join('away', '1.0', { url: 'http://127.0.0.1:45999', token: 'x' });
  await api.reward(A, 'mug', { points_required: '10', stock: 1 });
  await api.reward(A, 'pin', { points_required: '1', stock: 10 });
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const balance = (
  headers: Record<string, string | undefined> = {},
  query = `?user_id=${ann}`,
): Promise<Answer> => api.call(A, 'GET', `${BALANCE}${query}`, undefined, { headers });
const post = (
  operation: string,
  body: unknown,
  headers: Record<string, string | undefined> = {},
): Promise<Answer> => api.call(A, 'POST', `/api/points/${operation}`, body, { headers });
const earn = (fields: object = {}): Promise<Answer> =>
  post('earn', { user_id: ann, amount: 1, ...fields });
const transfer = (fields: object = {}, headers: Record<string, string> = {}): Promise<Answer> =>
  post(
    'transfer',
    { from_user_id: ann, to_user_id: bob, amount: 1, target_platform: 'platform_b', ...fields },
    headers,
  );
const quote = async (): Promise<string> =>
  String(
    (await post('quote', { from_user_id: ann, amount: 1, target_platform: 'platform_b' })).body[
      'quote_id'
    ],
  );
/** Runs with one more rule in force. */
async function underRule(rule: RuleTerms, work: () => Promise<Answer>): Promise<Answer> {
  await api.amend((document) => ({ ...document, rules: { ...document.rules, for_this: rule } }));
  try {
    return await work();
  } finally {
    await api.amend((document) => ({
      ...document,
      rules: Object.fromEntries(Object.entries(document.rules).filter(([id]) => id !== 'for_this')),
    }));
  }
}

/** Runs while a platform is in this mode. */
async function inMode(
  platform: string,
  mode: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const set = (to: string): Promise<Answer> =>
    api.operate(maker, 'PUT', `/operator/reserves/${platform}/mode`, { mode: to, reason: 'test' });
  expect(await set(mode)).toMatchObject({ status: 200, body: { mode } });
  try {
    return await work();
  } finally {
    await api.operateByTwo([maker, checker], 'PUT', `/operator/reserves/${platform}/mode`, {
      mode: 'both',
      reason: 'test',
    });
  }
}

/** A server with a ledger that fails as the test says. */
async function withLedger(
  faults: Partial<Ledger>,
  work: (server: Awaited<ReturnType<typeof createServer>>) => Promise<Answer>,
): Promise<Answer> {
  const server = await createServer({
    ...api.parts,
    metrics: createMetrics({ processMetrics: false }),
    ledger: { ...api.parts.ledger, ...faults },
  });
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

/** Makes a token that does not belong to platform_a. */
async function token(claims: object, key: Uint8Array = randomBytes(32)): Promise<string> {
  return new SignJWT({ platform_id: A, ver: 1, jti: 'x', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key);
}

const hold = async (fields: object = {}): Promise<string> =>
  String((await post('holds', { user_id: ann, amount: 1, ...fields })).body['hold_id']);
const earned = async (amount: number): Promise<{ user: string; id: string }> => {
  const user = await api.user(A);
  return {
    user,
    id: String((await post('earn', { user_id: user, amount })).body['transaction_id']),
  };
};

const cases: Record<string, () => Promise<Answer>> = {
  token_missing: () => balance({ 'x-platform-token': undefined }),
  token_expired: async () => {
    const expired = await api.tokens.issue(platformId(A), 1, -10);
    return balance({ 'x-platform-token': expired });
  },
  token_invalid: async () => balance({ 'x-platform-token': await token({}) }),
  token_revoked: async () =>
    balance({ 'x-platform-token': await api.tokens.issue(platformId(A), 0) }),
  signature_missing: () => balance({ 'x-signature': undefined }),
  platform_mismatch: () => balance({ 'x-platform-id': 'platform_b' }),
  signature_malformed: () => balance({ 'x-signature': 'no' }),
  signature_incomplete: () => callSigned(api, ann, ['@method', 'content-digest']),
  signature_stale: () =>
    api.call(A, 'GET', `${BALANCE}?user_id=${ann}`, undefined, {
      timestamp: String(Math.floor(api.clock.now() / 1000) - 301),
    }),
  digest_mismatch: () => callDigestMismatch(api),
  signature_invalid: () => balance({ 'x-signature': 'a'.repeat(64) }),

  quote_not_found: () => transfer({ quote_id: 'quote_nonsense.aaaa' }),
  quote_mismatch: async () => transfer({ amount: 2, quote_id: await quote() }),
  quote_expired: async () => {
    const quoteId = await quote();
    api.clock.advance(61_000);
    return transfer({ quote_id: quoteId });
  },
  quote_used: async () => {
    const quoteId = await quote();
    await transfer({ quote_id: quoteId }, { 'idempotency-key': randomUUID() });
    return transfer({ quote_id: quoteId }, { 'idempotency-key': randomUUID() });
  },
  reward_not_offered: async () => {
    await api.reward(A, 'early', { points_required: '1', from: '2999-01-01T00:00:00Z' });
    return post('redeem', { user_id: ann, amount: 1, reward_id: 'early' });
  },
  reward_not_eligible: async () => {
    await api.reward(A, 'for_vip', { points_required: '1', eligible: '"vip" in tags' });
    return post('redeem', { user_id: ann, amount: 1, reward_id: 'for_vip' });
  },
  rule_failed: () =>
    underRule({ kind: 'deny', when: 'tags[5] == "x"', reason: 'x' }, () =>
      transfer({}, { 'idempotency-key': randomUUID() }),
    ),
  operation_denied: () =>
    underRule({ kind: 'deny', when: 'category == "forbidden"', reason: 'Not this' }, () =>
      transfer({ category: 'forbidden' }),
    ),
  limit_exceeded: () =>
    underRule(
      { kind: 'limit', limit: { maximum: '0.5', measure: 'points', per: 'day', of: 'member' } },
      () => transfer({ reference: 'limited' }),
    ),
  no_earn_rule: () => post('earn', { user_id: ann, purchase_amount: 10 }),

  unknown_platform: async () =>
    balance({ 'x-platform-token': await api.tokens.issue(platformId('platform_z'), 1) }),
  platform_suspended: async () => {
    await api.parts.identity.setPlatformState('platform_c', 'suspended');
    const answer = await api.call('platform_c', 'GET', `${BALANCE}?user_id=x`);
    await api.parts.identity.setPlatformState('platform_c', 'active');
    return answer;
  },
  operator_token_missing: () => api.operate(undefined, 'GET', WHOAMI),
  operator_token_invalid: () => api.operate('op_nobody', 'GET', WHOAMI),
  operator_suspended: async () => {
    const suspended = await api.operator('suspended');
    await api.parts.identity.setOperatorState('suspended', 'suspended');
    return api.operate(suspended, 'GET', WHOAMI);
  },
  platform_not_found: () => transfer({ target_platform: 'platform_z' }),
  too_many_unknown_users: async () => {
    await api.amend((document) => ({
      ...document,
      settings: { ...document.settings, unknown_users_per_hour: 1 },
    }));
    await transfer({ to_user_id: 'nobody' });
    const answer = await transfer({ to_user_id: bob });
    await api.amend((document) => ({
      ...document,
      settings: { ...document.settings, unknown_users_per_hour: 600 },
    }));
    return answer;
  },
  user_not_found: () => balance({}, '?user_id=nobody'),
  invalid_user_id: () => api.call(A, 'POST', '/api/users', { platform_user_id: '\u200B' }),
  link_conflict: async () => {
    const other = await api.call('platform_b', 'GET', `/api/users/${bob}`);
    return api.call(A, 'POST', '/api/users', {
      platform_user_id: randomUUID(),
      member_id: other.body['member_id'],
    });
  },

  malformed_request: () => rawBroken('NONSENSE\r\n\r\n'),
  expectation_failed: () => balance({ expect: 'a-miracle' }),
  request_timeout: () => rawBroken('GET / HTTP/1.1\r\nhost: x\r\n'),
  headers_too_large: () =>
    rawBroken(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`),
  malformed_url: () => api.call(A, 'GET', '/api/users/%E0%A4%A'),
  not_found: () => api.call(A, 'GET', '/api/nothing'),
  method_not_allowed: () => api.call(A, 'DELETE', BALANCE),
  body_too_large: () => post('earn', ' '.repeat(1024 * 1024 + 1)),
  unsupported_media_type: () =>
    post('earn', 'user_id=1', { 'content-type': 'application/x-www-form-urlencoded' }),
  invalid_json: () => post('earn', '{"user_id":'),
  duplicate_name: () => post('earn', `{"user_id":"${ann}","amount":1,"amount":2}`),
  inexact_number: () => post('earn', `{"user_id":"${ann}","amount":1.00000000000000001}`),
  missing_user_id: () => balance({}, ''),
  missing_field: () => transfer({ to_user_id: undefined }),
  missing_fields: () => post('redeem', { user_id: ann }),
  unknown_field: () => earn({ colour: 'red' }),
  invalid_field: () => earn({ user_id: 7 }),
  amount_not_a_number: () => earn({ amount: 'NaN' }),
  amount_not_positive: () => earn({ amount: -1 }),
  amount_too_precise: () => earn({ amount: 1.001 }),
  amount_too_large: () => earn({ amount: 1e15 }),
  not_reversible_by_you: async () => {
    const moved = await transfer();
    return api.call('platform_b', 'POST', '/api/points/reverse', {
      transaction_id: moved.body['transaction_id'],
      reason: 'x',
    });
  },
  internal_error: () =>
    withLedger({ getBalance: () => Promise.reject(new TypeError('a defect')) }, (server) =>
      api.call(A, 'GET', `${BALANCE}?user_id=${ann}`, undefined, { server }),
    ),

  reward_not_found: () => post('redeem', { user_id: ann, amount: 1, reward_id: 'unicorn' }),
  reward_price_mismatch: () => post('redeem', { user_id: ann, amount: 11, reward_id: 'mug' }),

  platform_not_sending: () => inMode(A, 'receive_only', () => transfer()),
  platform_not_receiving: () => inMode('platform_b', 'suspended', () => transfer()),

  unavailable: () =>
    withLedger(
      { submit: () => Promise.resolve({ ok: false, problem: ledgerProblems.unavailable() }) },
      (server) => api.call(A, 'POST', '/api/points/earn', { user_id: ann, amount: 1 }, { server }),
    ),
  overloaded: () =>
    withLedger(
      { submit: () => Promise.resolve({ ok: false, problem: ledgerProblems.overloaded() }) },
      (server) => api.call(A, 'POST', '/api/points/earn', { user_id: ann, amount: 1 }, { server }),
    ),
  idempotency_key_reused: async () => {
    const headers = { 'idempotency-key': randomUUID() };
    await post('earn', { user_id: ann, amount: 1 }, headers);
    return post('earn', { user_id: ann, amount: 2 }, headers);
  },
  transaction_not_found: () =>
    post('reverse', { transaction_id: `txn_0000${'a'.repeat(28)}`, reason: 'x' }),
  not_reversible: async () =>
    post('reverse', { transaction_id: (await hold()).replace('hold_', 'txn_'), reason: 'x' }),
  already_reversed: async () => {
    const { id } = await earned(5);
    await post('reverse', { transaction_id: id, reason: 'x' });
    return post('reverse', { transaction_id: id, reason: 'again' });
  },
  hold_not_found: () => post(`holds/hold_0000${'a'.repeat(28)}/release`, undefined),
  hold_resolved: async () => {
    const id = await hold();
    await post(`holds/${id}/release`, {});
    return post(`holds/${id}/capture`, {});
  },
  hold_expired: async () => {
    const id = await hold({ expires_in: 1 });
    api.clock.advance(1_500);
    return post(`holds/${id}/capture`, {});
  },
  capture_exceeds_hold: async () => post(`holds/${await hold()}/capture`, { amount: 2 }),
  invalid_expiry: () => earn({ expires_on: '2020-01-01' }),
  same_account: () => transfer({ to_user_id: ann, target_platform: A }),
  amount_too_small: () => transfer({ amount: 0.01 }),
  insufficient_balance: () => transfer({ amount: 1_000_000 }),
  balance_limit: async () => {
    const user = await api.user(A, 1e13);
    return earn({ user_id: user });
  },
  counter_limit: async () => {
    await api.join('platform_full', '1');
    const user = await api.user('platform_full');
    const home = String(
      await api.parts.identity.resolveMember(platformId('platform_full'), user),
    ).slice(0, 8);
    // Posts the largest amount as often as a counter can take it, in the user's bucket.
    await Promise.all(
      Array.from({ length: 4_612 }, (_, index) =>
        api.parts.ledger.submit({
          kind: 'earn',
          platformId: platformId('platform_full'),
          memberId: `${home}-0000-4000-8000-${String(index).padStart(12, '0')}` as MemberId,
          key: 'fill',
          amount: 10n ** 15n,
        }),
      ),
    );
    return api.call('platform_full', 'POST', '/api/points/earn', { user_id: user, amount: 1e13 });
  },
  clawback_refused: async () => {
    const { user, id } = await earned(5);
    await post('transfer', {
      from_user_id: user,
      to_user_id: bob,
      amount: 5,
      target_platform: 'platform_b',
    });
    const points = api.parts.ledger.pointsOf(platformId(A));
    await api.parts.ledger.setClawback(points?.assetId ?? 0, 'refuse');
    const answer = await post('reverse', { transaction_id: id, reason: 'x' });
    await api.parts.ledger.setClawback(points?.assetId ?? 0, 'debt');
    return answer;
  },
  reward_not_available: () =>
    post('redeem', { user_id: ann, amount: 20, reward_id: 'mug', quantity: 2 }),
  insufficient_reserve: async () => {
    const user = await api.user('platform_c', 1e13);
    return api.call('platform_c', 'POST', '/api/points/transfer', {
      from_user_id: user,
      to_user_id: bob,
      amount: 1e13,
      target_platform: 'platform_b',
    });
  },

  ...operatorCases(() => ({ api, maker, checker, ann, bob })),
  ...redemptionCases(() => ({ api, database })),
  ...clearingCases(() => ({ api, database, maker, checker })),
  ...actCases(() => ({ api, database, maker, checker })),
  ...disputeCases(() => ({ api, maker, checker })),
  ...signatureCases(() => ({ api, ann })),
};

/**
 * Problems that only operators can meet and no request can provoke; the tests of their modules
 * provoke them.
 */
const notOverHttp = [
  'invalid_platform_id',
  'platform_exists',
  'invalid_operator_id',
  'operator_exists',
  'operator_not_found',
  'version_scheduled',
];

describe('every problem', () => {
  it('has a case here, and there is no case without a problem', () => {
    expect([...Object.keys(cases), ...notOverHttp].sort()).toEqual(
      problemCatalogue.map(({ code }) => code).sort(),
    );
  });

  it('has a code of its own and a sentence', () => {
    expect(new Set(problemCatalogue.map(({ code }) => code)).size).toBe(problemCatalogue.length);
    for (const { advice } of problemCatalogue) expect(advice).toMatch(/^[A-Z"/].*\.$/s);
  });

  it.each(problemCatalogue.filter(({ code }) => !notOverHttp.includes(code)))(
    '$code is answered with $status "$error"',
    async ({ code, status, error, retryable }) => {
      const answer = await (cases[code] as () => Promise<Answer>)();
      expect(answer).toMatchObject({
        status,
        body: {
          type: `/problems/${code}`,
          code,
          status,
          error: expect.stringContaining(error),
          title: expect.any(String),
          detail: expect.stringMatching(/\.$/),
          request_id: expect.any(String),
          instance: expect.any(String),
        },
        headers: { 'content-type': 'application/problem+json' },
      });
      if (status === 503) expect(answer.headers['retry-after']).toBe('1');
      if (retryable !== true) expect(status).not.toBe(503);
      if (status === 405) expect(answer.headers['allow']).toBe('GET, HEAD');
    },
  );

  it('is documented where its type leads', async () => {
    const index = await api.server.inject('/problems');
    for (const { code, advice } of problemCatalogue) {
      const page = await api.server.inject(`/problems/${code}`);
      expect(page.statusCode).toBe(200);
      expect(page.headers['content-security-policy']).toContain("default-src 'none'");
      expect(index.body).toContain(`/problems/${code}`);
      expect(page.body).toContain(advice.slice(0, 20).replaceAll('"', '&quot;'));
    }
    expect((await api.server.inject('/problems/nothing')).statusCode).toBe(404);
  });
});

describe('the words of the source requirement', () => {
  it.each([
    ['Missing platform token', 401, () => balance({ 'x-platform-token': '' })],
    ['Missing user_id', 400, () => balance({}, '?user_id=')],
    ['Missing required field: from_user_id', 400, () => post('transfer', {})],
    ['Missing required field: amount', 400, () => transfer({ amount: undefined })],
    [
      'Missing required fields',
      400,
      () => post('redeem', { user_id: '', amount: 1, reward_id: 'mug' }),
    ],
    [
      'Missing required fields',
      400,
      () => post('redeem', { user_id: ann, amount: 0, reward_id: 'mug' }),
    ],
    ['Insufficient balance', 400, () => transfer({ amount: 999_999 })],
    [
      'Insufficient balance',
      400,
      () => post('redeem', { user_id: ann, amount: 999_999, reward_id: 'unicorn' }),
    ],
    [
      'Insufficient platform reserve',
      400,
      () => cases['insufficient_reserve']?.() as Promise<Answer>,
    ],
  ] as const)('%s', async (error, status, provoke) => {
    expect(await provoke()).toMatchObject({ status, body: { error } });
  });
});
