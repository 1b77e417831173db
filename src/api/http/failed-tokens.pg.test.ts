// Tests that answers to invalid tokens and signatures are delayed on every side, and that valid
// calls are not.

import { once } from 'node:events';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestApi, platformId, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { createMetrics, type Metrics } from '../../runtime/metrics.ts';
import { createServer, type ServerOptions } from '../server.ts';
import { FREE_A_MINUTE, MOST_WAITING } from './failed-tokens.ts';

const A = 'platform_a';
const PING = '/api/ping';
const OF_OPERATORS = 'operator_token_invalid';

let database: TestDatabase;
let api: TestApi;
let operator: string;
let monitor: string;
let server: FastifyInstance;
let metrics: Metrics;
/** A clock that stands still, so that on a slow machine no failure is forgotten. */
let nowMs = Date.now();
/** The waiting answers, by their delay. */
let waiting: { readonly ms: number; readonly end: () => void }[] = [];

const pause: ServerOptions['pause'] = (ms, signal) =>
  new Promise((resolve) => {
    const one = {
      ms,
      end: () => {
        waiting = waiting.filter((other) => other !== one);
        resolve();
      },
    };
    waiting.push(one);
    signal.addEventListener('abort', one.end, { once: true });
  });

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  operator = await api.operator('olga');
  monitor = await api.parts.identity.renewScrapeToken();
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});
beforeEach(() => start());
afterEach(() => server?.close());

async function start(options: ServerOptions = {}): Promise<void> {
  await server?.close();
  metrics = createMetrics({ processMetrics: false });
  const parts = { ...api.parts, metrics, clock: { now: () => nowMs } };
  server = await createServer(parts, { pause, ...options });
}

type Headers = Readonly<Record<string, string>>;

interface Got {
  readonly status: number;
  readonly code: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

async function get(url: string, headers: Headers, remoteAddress = '192.0.2.1'): Promise<Got> {
  const answer = await server.inject({ url, headers, remoteAddress });
  const isProblem = String(answer.headers['content-type']).includes('problem');
  const code = isProblem ? answer.json<Record<string, unknown>>()['code'] : undefined;
  return { status: answer.statusCode, code, headers: answer.headers };
}
const guess = (headers: Headers = {}, remoteAddress?: string): Promise<Got> =>
  get('/metrics', { authorization: 'Bearer guess', ...headers }, remoteAddress);

async function useUp(remoteAddress?: string, headers?: Headers): Promise<void> {
  for (let one = 0; one < FREE_A_MINUTE; one += 1) {
    expect((await guess(headers, remoteAddress)).status).toBe(401);
  }
}

/** The answer of a delayed call, with its delay. */
async function late<T>(call: Promise<T>): Promise<{ readonly ms: number; readonly answer: T }> {
  await expect.poll(() => waiting.length).toBe(1);
  const [one] = waiting;
  one?.end();
  return { ms: one?.ms ?? 0, answer: await call };
}

const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
const forwarded = (text: string): Headers => ({ 'x-forwarded-for': text });

type Door = readonly [
  name: string,
  url: string,
  bad: Headers,
  status: number,
  code: string,
  good: Headers,
];

/** The calls that each side refuses, and those that it accepts. */
async function doors(): Promise<readonly Door[]> {
  const url = '/api/points/balance?user_id=nobody';
  const own = api.sign(A, 'GET', url);
  const ofAnother = await api.tokens.issue(platformId('platform_z'), 1);
  const expired = await api.tokens.issue(platformId(A), 1, -10);
  const withToken = (token: string): Headers => ({ ...own, 'x-platform-token': token });
  return [
    ['a platform token', url, withToken('guess'), 401, 'token_invalid', own],
    ['a token that has expired', url, withToken(expired), 401, 'token_expired', own],
    ['a token of nobody', url, withToken(ofAnother), 401, 'unknown_platform', own],
    ['a signature', url, { ...own, 'x-signature': 'a'.repeat(64) }, 403, 'signature_invalid', own],
    [
      'an operator token',
      '/operator/whoami',
      bearer('op_guess'),
      401,
      OF_OPERATORS,
      bearer(operator),
    ],
    [
      'a scrape token',
      '/metrics',
      bearer(`scrape_${'a'.repeat(43)}`),
      401,
      OF_OPERATORS,
      bearer(monitor),
    ],
    ['a token for reasons', '/health', bearer('guess'), 401, OF_OPERATORS, bearer(monitor)],
  ];
}

it('past what is free, a failure at any door waits longer than the one before', async () => {
  await useUp();
  let before = 0;
  for (const [, url, bad, status, code] of await doors()) {
    const { ms, answer } = await late(get(url, bad));
    expect(answer).toMatchObject({ status, code });
    expect(ms).toBeGreaterThan(before);
    before = ms;
  }
});

it('good calls of the same address are answered while as many failed ones wait as may', async () => {
  await useUp();
  const held = Array.from({ length: MOST_WAITING }, () => guess());
  await expect.poll(() => waiting.length).toBe(MOST_WAITING);
  for (const [, url, bad, , , good] of await doors()) {
    expect([429, 401, 403]).not.toContain((await get(url, good)).status);
    const refused = {
      status: 429,
      code: 'too_many_failed_tokens',
      headers: { 'retry-after': '60' },
    };
    expect(await get(url, bad)).toMatchObject(refused);
  }
  expect(waiting).toHaveLength(MOST_WAITING);
  for (const { end } of waiting) end();
  expect(new Set((await Promise.all(held)).map(({ status }) => status))).toEqual(new Set([401]));
});

it('what is missing, malformed or late is no failed token', async () => {
  const url = '/api/points/balance?user_id=nobody';
  const own = api.sign(A, 'GET', url);
  for (let one = 0; one <= FREE_A_MINUTE; one += 1) {
    const { 'x-platform-token': _token, ...without } = own;
    expect((await get(url, without)).code).toBe('token_missing');
    expect((await get(url, { ...own, 'x-signature': 'no' })).code).toBe('signature_malformed');
    expect((await get(url, api.sign(A, 'GET', url, undefined, '1'))).code).toBe('signature_stale');
    expect((await get('/metrics', {})).code).toBe('operator_token_missing');
  }
  expect(await guess()).toMatchObject({ status: 401 });
});

describe('by address', () => {
  const hosts = Array.from({ length: FREE_A_MINUTE }, (_, index) => index);

  it('others are not slowed; all of an IPv6 network are, and IPv4 in both notations', async () => {
    await useUp('2001:db8:0:1::1');
    await useUp('192.0.2.1');
    for (const free of ['2001:db8:0:2::1', '192.0.2.2']) {
      expect((await guess({}, free)).status).toBe(401);
    }
    for (const slowed of ['2001:db8:0:1:ffff::9', '::ffff:192.0.2.1']) {
      expect((await late(guess({}, slowed))).answer.status).toBe(401);
    }
  });

  it('X-Forwarded-For of nobody is believed', async () => {
    for (const host of hosts) await guess(forwarded(`198.51.100.${host}`));
    expect((await late(guess(forwarded('198.51.100.99')))).answer.status).toBe(401);
  });

  it('X-Forwarded-For of a trusted proxy is, as far as the proxy wrote it', async () => {
    await start({ trustedProxies: ['10.0.0.0/8', '192.0.2.77'] });
    for (const host of hosts) await guess(forwarded(`203.0.113.${host}, 198.51.100.1`), '10.1.2.3');
    expect((await guess(forwarded('198.51.100.2'), '10.1.2.3')).status).toBe(401);
    const through = forwarded('1.1.1.1, 198.51.100.1, 10.9.9.9');
    expect((await late(guess(through, '192.0.2.77'))).answer.status).toBe(401);
    // The header has no valid address, so the proxy's own address counts.
    for (const host of hosts) await guess(forwarded(`word-${host}`), '10.1.2.4');
    expect((await late(guess(forwarded('another'), '10.1.2.4'))).answer.status).toBe(401);
  });
});

it('a minute later it is free again', async () => {
  await useUp();
  await late(guess());
  nowMs += 60_000;
  expect((await guess()).status).toBe(401);
});

it('whoever leaves is not waited for; whoever waits is answered when the server closes', async () => {
  await server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = server.server.address() as AddressInfo;
  const headers = { 'x-platform-token': 'guess', 'content-length': '2' };
  const call = () => requestHttp({ port, host: '127.0.0.1', path: PING, method: 'POST', headers });
  await useUp('127.0.0.1');
  const leaving = call().on('error', () => undefined);
  leaving.write('{}');
  await expect.poll(() => waiting.length).toBe(1);
  leaving.destroy();
  await expect.poll(() => waiting.length).toBe(0);

  const staying = call();
  staying.write('{}');
  const answered = once(staying, 'response') as Promise<[IncomingMessage]>;
  await expect.poll(() => waiting.length).toBe(1);
  const closed = server.close();
  const [answer] = await answered;
  answer.resume();
  expect(answer.statusCode).toBe(401);
  await closed;
});

it('the metrics count them without addresses', async () => {
  await useUp();
  await late(guess());
  const text = await metrics.render();
  expect(text).toContain(`pontis_failed_tokens_total{answer="at_once"} ${FREE_A_MINUTE}`);
  expect(text).toContain('pontis_failed_tokens_total{answer="delayed"} 1');
  expect(text).not.toContain('192.0.2.1');
});
