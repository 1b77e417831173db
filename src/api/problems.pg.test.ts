// Every row of every problem table, provoked through HTTP: an enumeration of the tables fails while
// a row has no case.

import { randomBytes, randomUUID } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { httpbis, createSigner } from 'http-message-signatures';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, platformId, type Answer, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { actCases } from '../../test/fixtures/act-problems.ts';
import { clearingCases } from '../../test/fixtures/clearing-problems.ts';
import { disputeCases } from '../../test/fixtures/dispute-problems.ts';
import { signatureCases } from '../../test/fixtures/signature-problems.ts';
import type { MemberId } from '../kernel/ids.ts';
import { refuse, type Problem } from '../kernel/problem.ts';
import { valuationProblems, type RuleTerms } from '../valuation/valuation.ts';
import { ledgerProblems, type Ledger } from '../ledger/ledger.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { formatContentDigest } from '../security/security.ts';
import { answerClientError } from './http/client-error.ts';
import { createServer, problemCatalogue } from './server.ts';

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
  // Nobody answers there.
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
/** With one more rule in force meanwhile. */
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

/** Asks for a change of platform_a's reserve. */
async function requested(what: string, body: object): Promise<string> {
  return String(
    (
      await api.operate(maker, 'POST', `/operator/reserves/${A}/${what}`, {
        reason: 'test',
        ...body,
      })
    ).body['request_id'],
  );
}
const onRequest = (token: string, id: string, word: string): Promise<Answer> =>
  api.operate(token, 'POST', `/operator/reserve-requests/${id}/${word}`, {});

/** With a platform in that mode meanwhile. */
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

/** A server whose ledger misbehaves as told. */
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

/** A proposal whose check ends in that; `checker.test.ts` has how it comes to it. */
async function checkedAs(problem: Problem): Promise<Answer> {
  const proposals = {
    ...api.parts.valuation.proposals,
    make: () => Promise.resolve(refuse(problem)),
  };
  const server = await createServer({
    ...api.parts,
    metrics: createMetrics({ processMetrics: false }),
    valuation: { ...api.parts.valuation, proposals },
  });
  try {
    const answer = await server.inject({
      method: 'POST',
      url: '/operator/proposals',
      payload: { reason: 'test', patch: {} },
      headers: { authorization: `Bearer ${maker}` },
    });
    return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
  } finally {
    await server.close();
  }
}

/** Sends bytes as they are and reads the answer to its end. */
async function raw(bytes: string, port: number): Promise<Answer> {
  const chunks: Buffer[] = [];
  const socket = connect(port, '127.0.0.1');
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(bytes);
  await new Promise((resolve) => socket.on('close', resolve).on('error', resolve));
  const text = Buffer.concat(chunks).toString();
  return {
    status: Number(text.split(' ')[1]),
    body: JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as Answer['body'],
    headers: { 'content-type': /content-type: ([^\r]+)/i.exec(text)?.[1] },
  };
}

/**
 * A bare server of Node's with our answer to broken clients, impatient so that the test need not
 * wait.
 */
async function rawBroken(bytes: string): Promise<Answer> {
  const server = createHttpServer({
    requestTimeout: 50,
    headersTimeout: 50,
    connectionsCheckingInterval: 20,
  })
    .on('clientError', answerClientError)
    .listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.on('listening', resolve));
    return await raw(bytes, (server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

/** RFC 9421 by an independent library. */
async function callSigned(fields: string[], change: Record<string, string> = {}): Promise<Answer> {
  const body = JSON.stringify({ user_id: ann, amount: 1 });
  const { secret = '', token = '' } = api.secrets[A] ?? {};
  const url = '/api/points/earn?source=test';
  const headers: Record<string, string> = {
    host: 'pontis.test',
    'x-platform-token': token,
    'content-type': 'application/json',
    'content-digest': formatContentDigest(Buffer.from(body)),
  };
  const key = createSigner(Buffer.from(secret), 'hmac-sha256', A);
  const signed = await httpbis.signMessage(
    {
      key,
      fields,
      params: ['created', 'keyid', 'alg'],
      paramValues: { created: new Date(api.clock.now()) },
    },
    { method: 'POST', url: `http://pontis.test${url}`, headers },
  );
  const sent = { ...(signed.headers as Record<string, string>), ...change };
  const answer = await api.server.inject({ method: 'POST', url, headers: sent, payload: body });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}
const COVERED = ['@method', '@target-uri', 'content-digest'];

/** Makes a token that platform_a's is not. */
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

const propose = (patch: object, more: object = {}): Promise<Answer> =>
  api.operate(maker, 'POST', '/operator/proposals', { reason: 'test', patch, ...more });
const proposed = async (patch: object, more?: object): Promise<string> =>
  String((await propose(patch, more)).body['proposal_id']);
/** A redemption by a user of platform_a. */
const redeemed = async (): Promise<string> => {
  const user = await api.user(A, 5);
  return String(
    (await post('redeem', { user_id: user, amount: 1, reward_id: 'pin' })).body['redemption_id'],
  );
};
const memberOf = async (platform: string, user: string): Promise<string> =>
  String((await api.call(platform, 'GET', `/api/users/${user}`)).body['member_id']);
const linked = (platform: string, user: string, member: string): Promise<Answer> =>
  api.operate(maker, 'POST', '/operator/member-links', {
    reason: 'test',
    links: [{ platform_id: platform, platform_user_id: user, member_id: member }],
  });
/** Two units of it, with their codes. */
const redeemedTwo = async (): Promise<{ id: string; codes: readonly string[] }> => {
  const user = await api.user(A, 5);
  const { body } = await post('redeem', {
    user_id: user,
    amount: 2,
    reward_id: 'pin',
    quantity: 2,
  });
  return {
    id: String(body['redemption_id']),
    codes: body['vouchers'] as unknown as readonly string[],
  };
};
/** Under a key of its own each time. */
const ofRedemption = (id: string, what: 'fulfil' | 'cancel'): Promise<Answer> =>
  api.call(A, 'POST', `/api/redemptions/${id}/${what}`, what === 'cancel' ? { reason: 'x' } : {}, {
    headers: { 'idempotency-key': randomUUID() },
  });

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
  signature_incomplete: () => callSigned(['@method', 'content-digest']),
  signature_stale: () =>
    api.call(A, 'GET', `${BALANCE}?user_id=${ann}`, undefined, {
      timestamp: String(Math.floor(api.clock.now() / 1000) - 301),
    }),
  digest_mismatch: () => callDigestMismatch(),
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
  member_not_found: () => linked('platform_b', randomUUID(), randomUUID()),
  user_already_linked: async () => linked('platform_b', bob, await memberOf(A, ann)),
  member_already_linked: async () => linked(A, randomUUID(), await memberOf(A, ann)),

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

  platforms_not_registered: () => propose({ platforms: { invented: { multiplier: '1' } } }),
  rulebook_too_costly: () => checkedAs(valuationProblems.rulebook_too_costly()),
  checks_busy: () => checkedAs(valuationProblems.checks_busy()),
  invalid_rulebook: () => propose({ values: { base_value: '0' } }),
  arbitrage: () =>
    propose({
      rules: {
        generous: {
          kind: 'rate',
          factor: '1.01',
          when: "source == 'platform_a' && target == 'platform_b'",
        },
      },
    }),
  nothing_changes: () => propose({ platforms: { platform_b: { multiplier: '1.2' } } }),
  proposal_not_found: () =>
    api.operate(maker, 'POST', `/operator/proposals/${randomUUID()}/approve`, {}),
  proposal_decided: async () => {
    const id = await proposed({ settings: { quote_seconds: 61 } });
    await api.operate(maker, 'POST', `/operator/proposals/${id}/withdraw`, {});
    return api.operate(checker, 'POST', `/operator/proposals/${id}/approve`, {});
  },
  proposal_conflict: async () => {
    const [first, second] = [
      await proposed({ settings: { quote_seconds: 62 } }),
      await proposed({ settings: { quote_seconds: 63 } }),
    ];
    await api.operate(checker, 'POST', `/operator/proposals/${first}/approve`, {});
    return api.operate(checker, 'POST', `/operator/proposals/${second}/approve`, {});
  },
  same_operator: async () =>
    api.operate(
      maker,
      'POST',
      `/operator/proposals/${await proposed({ settings: { quote_seconds: 64 } })}/approve`,
      {},
    ),
  not_the_maker: async () =>
    api.operate(
      checker,
      'POST',
      `/operator/proposals/${await proposed({ settings: { quote_seconds: 64 } })}/withdraw`,
      {},
    ),
  effective_too_early: async () => {
    const id = await proposed(
      { settings: { quote_seconds: 65 } },
      { effective_at: '2020-01-01T00:00:00Z' },
    );
    return api.operate(checker, 'POST', `/operator/proposals/${id}/approve`, {});
  },
  version_not_found: () => api.operate(maker, 'GET', '/operator/rulebook?version=1000000'),

  reserve_request_not_found: () =>
    api.operate(checker, 'POST', `/operator/reserve-requests/${randomUUID()}/approve`, {}),
  reserve_request_decided: async () => {
    const id = await requested('deposits', { amount: 1, bank_reference: randomUUID() });
    await onRequest(checker, id, 'reject');
    return onRequest(checker, id, 'approve');
  },
  checker_is_maker: async () =>
    onRequest(
      maker,
      await requested('deposits', { amount: 1, bank_reference: randomUUID() }),
      'approve',
    ),
  not_your_request: async () =>
    onRequest(
      checker,
      await requested('deposits', { amount: 1, bank_reference: randomUUID() }),
      'withdraw',
    ),
  payment_already_booked: async () => {
    await requested('deposits', { amount: 1, bank_reference: 'B-1' });
    return api.operate(maker, 'POST', `/operator/reserves/${A}/deposits`, {
      amount: 1,
      bank_reference: 'B-1',
      reason: 'again',
    });
  },
  insufficient_prefund: async () =>
    onRequest(
      checker,
      await requested('withdrawals', { amount: 1_000_000, bank_reference: randomUUID() }),
      'approve',
    ),
  cap_below_use: async () => {
    await transfer();
    return api.operate(maker, 'POST', `/operator/reserves/${A}/cap`, {
      amount: 0,
      reason: 'overdue',
    });
  },
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
    // The largest amount, as often as a counter can take it, in the user's bucket.
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

  redemption_not_found: () => api.call(A, 'GET', `/api/redemptions/rdm_0000${'a'.repeat(28)}`),
  voucher_not_found: () => api.call(A, 'GET', '/api/vouchers/0000-0000-0000-0000'),
  voucher_used: async () => {
    const id = await redeemed();
    await ofRedemption(id, 'fulfil');
    return ofRedemption(id, 'cancel');
  },
  voucher_returned: async () => {
    const { id, codes } = await redeemedTwo();
    await post('reverse', { transaction_id: id, reason: 'x', vouchers: codes.slice(0, 1) });
    return post('reverse', { transaction_id: id, reason: 'y', vouchers: codes.slice(0, 1) });
  },
  vouchers_mismatch: async () => {
    const { id, codes } = await redeemedTwo();
    return post('reverse', { transaction_id: id, reason: 'x', quantity: 1, vouchers: codes });
  },
  not_whole_units: async () =>
    post('reverse', { transaction_id: (await redeemedTwo()).id, amount: 1.5, reason: 'x' }),
  redemption_cancelled: async () => {
    const id = await redeemed();
    await ofRedemption(id, 'cancel');
    return ofRedemption(id, 'fulfil');
  },
  redemption_expired: async () => {
    const id = await redeemed();
    await database.pool.query(
      `update rewards.redemption set expires_at = issued_at where redemption_id = $1::uuid`,
      [id.slice('rdm_'.length)],
    );
    return ofRedemption(id, 'fulfil');
  },

  ...clearingCases(() => ({ api, database, maker, checker })),
  ...actCases(() => ({ api, database, maker, checker })),
  ...disputeCases(() => ({ api, maker, checker })),
  ...signatureCases(() => ({ api, ann })),
};

/** Met by operators only; no request can provoke them, their own modules' tests do. */
const notOverHttp = [
  'invalid_platform_id',
  'platform_exists',
  'invalid_operator_id',
  'operator_exists',
  'operator_not_found',
  'version_scheduled',
];

async function callDigestMismatch(): Promise<Answer> {
  // The digest is signed, but is that of another body.
  const { secret = '', token: platformToken = '' } = api.secrets[A] ?? {};
  const headers = {
    host: 'pontis.test',
    'x-platform-token': platformToken,
    'content-type': 'application/json',
    'content-digest': formatContentDigest(Buffer.from('other')),
  };
  const key = createSigner(Buffer.from(secret), 'hmac-sha256', A);
  const signed = await httpbis.signMessage(
    {
      key,
      fields: COVERED,
      params: ['created', 'keyid'],
      paramValues: { created: new Date(api.clock.now()) },
    },
    { method: 'POST', url: 'http://pontis.test/api/ping', headers },
  );
  const answer = await api.server.inject({
    method: 'POST',
    url: '/api/ping',
    headers: signed.headers as Record<string, string>,
    payload: '{}',
  });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}

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

describe('HTTP message signatures (RFC 9421), signed by an independent library', () => {
  it('are accepted with target URI or with path and query', async () => {
    expect(await callSigned(COVERED)).toMatchObject({ status: 200 });
    expect(
      await callSigned(['@method', '@path', '@query', 'content-digest', '@authority']),
    ).toMatchObject({ status: 200 });
  });

  it('are refused when the query, the body or the idempotency key is not the signed one', async () => {
    expect(await callSigned(['@method', '@path', 'content-digest'])).toMatchObject({
      status: 403,
      body: { code: 'signature_incomplete' },
    });
    expect(await callSigned(['@method', '@target-uri'])).toMatchObject({
      status: 403,
      body: { code: 'signature_incomplete' },
    });
    expect(await callSigned(COVERED, { 'idempotency-key': 'x' })).toMatchObject({
      status: 403,
      body: { code: 'signature_incomplete' },
    });
    expect(await callSigned(COVERED, { host: 'elsewhere.test' })).toMatchObject({
      status: 403,
      body: { code: 'signature_invalid' },
    });
    expect(
      await callSigned(COVERED, { 'content-digest': formatContentDigest(Buffer.from('x')) }),
    ).toMatchObject({ status: 403, body: { code: 'signature_invalid' } });
    expect(await callSigned(COVERED, { 'signature-input': 'sig=("@method"' })).toMatchObject({
      status: 403,
      body: { code: 'signature_malformed' },
    });
    expect(
      await callSigned(COVERED, {
        'signature-input': 'sig=("@method");keyid="platform_b";created=1',
      }),
    ).toMatchObject({ status: 403, body: { code: 'platform_mismatch' } });
  });
});
