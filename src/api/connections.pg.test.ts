// Tests real connections: draining, pipelining, broken requests, and a database that becomes
// unreachable.

import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApi, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createPool } from '../runtime/database.ts';
import { createLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createServer, type ApiParts, type ServerOptions } from './server.ts';

let database: TestDatabase;
let api: TestApi;
let ann: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  ann = await api.user('platform_a', 100);
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

async function listen(
  change: Partial<ApiParts> = {},
  options: ServerOptions = {},
): Promise<{ port: number; close(): Promise<void> }> {
  const server = await createServer(
    { ...api.parts, metrics: createMetrics({ processMetrics: false }), ...change },
    options,
  );
  await server.listen({ port: 0, host: '127.0.0.1' });
  return { port: (server.server.address() as AddressInfo).port, close: () => server.close() };
}

/** Sends bytes as they are and reads until the server closes. */
async function send(port: number, bytes: string): Promise<string> {
  const chunks: Buffer[] = [];
  const socket = connect(port, '127.0.0.1')
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('error', () => undefined);
  socket.write(bytes);
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(chunks).toString();
}

const balanceRequest = (connection: string): string => {
  const headers = Object.entries(api.sign('platform_a', 'GET', '/api/points/balance'))
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  return (
    `GET /api/points/balance?user_id=${ann} HTTP/1.1\r\nhost: x\r\nconnection: ` +
    `${connection}\r\n${headers}\r\n`
  );
};

test('draining: not ready first, what is in flight finishes, then connections end', async () => {
  const slow = Promise.withResolvers<void>();
  const { ledger } = api.parts;
  const { port, close } = await listen(
    {
      ledger: {
        ...ledger,
        getBalance: async (...args) => slow.promise.then(() => ledger.getBalance(...args)),
      },
    },
    { drainNoticeMs: 300 },
  );
  const answer = send(port, balanceRequest('keep-alive'));
  await sleep(50);
  const closed = close();
  await sleep(50);
  const ask = (path: string): Promise<string> =>
    send(port, `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
  expect(await ask('/health/ready')).toMatch(
    /^HTTP\/1\.1 503 [^]*connection: close[^]*"draining"/i,
  );
  expect(await ask('/health/live')).toMatch(/^HTTP\/1\.1 200/);
  await sleep(400);
  expect(await ask('/health/live')).toBe('');
  slow.resolve();
  expect(await answer).toMatch(/^HTTP\/1\.1 200[^]*"balance":100/);
  await closed;
});

test('pipelined requests are answered in order', async () => {
  const { port, close } = await listen();
  const text = await send(
    port,
    balanceRequest('keep-alive') + balanceRequest('keep-alive') + balanceRequest('close'),
  );
  expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
  await close();
});

test('requests that are not HTTP get a problem, and the server lives on', async () => {
  const { port, close } = await listen();
  const broken = [
    'NONSENSE\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    'GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n',
    'POST /api/ping HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n',
    'POST /api/ping HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: ' +
      'chunked\r\n\r\n0\r\n\r\n',
    '\u0000\u0001\u0002',
    '\u0016\u0003\u0001',
  ];
  for (const bytes of broken) {
    const text = await send(port, bytes);
    expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(text).toContain('application/problem+json');
  }
  expect(await send(port, balanceRequest('close'))).toMatch(/^HTTP\/1\.1 200/);
  await close();
});

test('an unknown method and a HEAD are answered in kind', async () => {
  const { port, close } = await listen();
  expect(
    await send(port, 'PROPFIND /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'),
  ).toMatch(/^HTTP\/1\.1 40[45] [^]*problem\+json/);
  expect(
    await send(port, 'HEAD /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'),
  ).toMatch(/^HTTP\/1\.1 200/);
  await close();
});

test('paths that climb out of the pages lead nowhere', async () => {
  const { port, close } = await listen();
  for (const path of [
    '/docs/static/../../../package.json',
    '/docs/static/%2e%2e/%2e%2e/package.json',
    '/docs/static/..%2f..%2fpackage.json',
    '/docs/static/%00',
    '/docs/static/\\..\\x',
  ]) {
    expect(
      await send(
        port,
        `GET ${path} HTTP/1.1\r\nhost: x\r\nrange: bytes=9-1\r\nconnection: close\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1\.1 404 /);
  }
  expect(
    await send(
      port,
      'GET /docs/static/index.css HTTP/1.1\r\nhost: x\r\nrange: ' +
        'bytes=99999999-\r\nconnection: close\r\n\r\n',
    ),
  ).toMatch(/^HTTP\/1\.1 4/);
  await close();
});

test('without its database the API says 503, not 500, and is not ready', async () => {
  const pool = createPool({
    url: 'postgres://nobody@127.0.0.1:1/none',
    log: database.log,
    applicationName: 'gone',
  });
  const unreachable = async (): Promise<never> => pool.query('select 1') as Promise<never>;
  const { port, close } = await listen({
    pool,
    ledger: { ...api.parts.ledger, getBalance: unreachable },
  });
  expect(await send(port, balanceRequest('close'))).toMatch(
    /^HTTP\/1\.1 503 [^]*retry-after: 1[^]*"code":"unavailable"/i,
  );
  const health = await fetch(`http://127.0.0.1:${port}/health`);
  expect([health.status, await health.json()]).toMatchObject([
    503,
    { status: 'unhealthy', checks: { database: { status: 'unhealthy' } } },
  ]);
  expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(503);
  expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
  await close();
  await pool.end();
});

test('many pending transactions and a suspended platform degrade health, and the server stays ready', async () => {
  const { port, close } = await listen({ ledger: { ...api.parts.ledger, pending: () => 1001 } });
  await api.parts.identity.setPlatformState('platform_c', 'suspended');
  const health = await fetch(`http://127.0.0.1:${port}/health`);
  expect([health.status, await health.json()]).toMatchObject([
    200,
    {
      status: 'degraded',
      checks: {
        clearing_center: { status: 'degraded', message: 'High pending transactions: 1001' },
        platform_connections: {
          platform_a: { status: 'healthy' },
          platform_c: { status: 'degraded' },
        },
      },
    },
  ]);
  expect((await fetch(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);
  expect(
    await (
      await fetch(`http://127.0.0.1:${port}/metrics`, {
        headers: { authorization: `Bearer ${await api.parts.identity.renewScrapeToken()}` },
      })
    ).text(),
  ).toContain('pontis_ledger_pending 1001');
  await api.parts.identity.setPlatformState('platform_c', 'active');
  await close();
});

test('nothing of a request but its route reaches the log', async () => {
  const lines: string[] = [];
  const log = createLog('debug', { write: (line: string) => void lines.push(line) });
  const server = await createServer({
    ...api.parts,
    metrics: createMetrics({ processMetrics: false }),
    log,
  });
  await api.call('platform_a', 'GET', `/api/points/balance?user_id=${ann}`, undefined, { server });
  await api.call(
    'platform_a',
    'POST',
    '/api/points/transfer',
    { from_user_id: ann, to_user_id: 'secret-user', amount: 1e6, target_platform: 'platform_b' },
    { server },
  );
  await server.close();
  const text = lines.join('');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    {
      level: 'debug',
      msg: 'request',
      route: '/api/points/balance',
      status: 200,
      platform_id: 'platform_a',
      request_id: expect.any(String),
      ms: expect.any(Number),
    },
    {
      level: 'info',
      msg: 'request',
      route: '/api/points/transfer',
      status: 404,
      problem: 'user_not_found',
    },
  ]);
  for (const secret of [
    ann,
    'secret-user',
    api.secrets['platform_a']?.token ?? '',
    api.secrets['platform_a']?.secret ?? '',
    'x-signature',
  ])
    expect(text).not.toContain(secret);
});
