// Tests calls that are refused before any operation: by method, expectation, URL or token. Their
// answers are problems like all others, are logged and counted, and end a connection whose body was
// not read.

import { once } from 'node:events';
import { METHODS } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { createTestApi, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createServer } from './server.ts';

let database: TestDatabase;
let api: TestApi;
let server: FastifyInstance;
let ann: string;
const lines: string[] = [];
const metrics = createMetrics({ processMetrics: false });

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  ann = await api.user('platform_a', 100);
  const log = createLog('info', { write: (line: string) => void lines.push(line) });
  server = await createServer({ ...api.parts, metrics, log });
  await server.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await server?.close();
  await api?.close();
  await database?.drop();
});

function open(): {
  readonly socket: Socket;
  readonly said: () => string;
  readonly ended: Promise<unknown>;
} {
  let text = '';
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('data', (chunk) => void (text += String(chunk))).on('error', () => undefined);
  return { socket, said: () => text, ended: once(socket, 'close') };
}

/** Sends bytes and reads until the server closes. */
async function send(bytes: string): Promise<string> {
  const { socket, said, ended } = open();
  socket.write(bytes);
  await ended;
  return said();
}

const request = (line: string, ...headers: string[]): string =>
  [`${line} HTTP/1.1`, 'host: x', 'connection: close', ...headers, '', ''].join('\r\n');

function signed(method: string, path: string, body: string): string[] {
  const headers = api.sign('platform_a', method, path, body);
  return Object.entries({ ...headers, 'content-type': 'application/json' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
}

async function countOf(route: string, status: number): Promise<number> {
  const found = await metrics.registry.getSingleMetric('pontis_http_request_seconds')?.get();
  const { values = [] } = found ?? {};
  return values
    .filter(
      ({ labels, ...value }) =>
        labels.route === route &&
        labels.status === String(status) &&
        'metricName' in value &&
        value.metricName === 'pontis_http_request_seconds_count',
    )
    .reduce((sum, { value }) => sum + value, 0);
}

describe('methods', () => {
  it('that a path does not have are answered with those that it has', async () => {
    const others = METHODS.filter((method) => !['GET', 'HEAD', 'CONNECT'].includes(method));
    expect(others).toContain('TRACE');
    for (const method of others) {
      for (const path of [
        '/health',
        '/api/rates',
        `/api/users/${ann}`,
        '/operator/whoami',
        '/problems/unavailable',
      ]) {
        const answer = await send(request(`${method} ${path}`, 'content-length: 0'));
        expect(answer).toMatch(/^HTTP\/1\.1 405 /);
        expect(answer).toMatch(/^allow: GET, HEAD\r/m);
        expect(answer).toContain('content-type: application/problem+json');
        if (!answer.includes('"code":"method_not_allowed"'))
          throw new Error(`${method} ${path}: ${answer}`);
      }
      expect(await send(request(`${method} /nothing`, 'content-length: 0'))).toMatch(
        /^HTTP\/1\.1 404 [^]*"not_found"/,
      );
    }
  });

  it('that ask for a tunnel are refused', async () => {
    expect(await send('CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 [^]*"malformed_request"/,
    );
  });

  it('and spellings of a path do not hide it', async () => {
    expect(await send(request('DELETE /api/points/%65arn'))).toMatch(
      /^HTTP\/1\.1 405 [^]*allow: POST\r/,
    );
  });
});

describe('expectations', () => {
  it('that are not known are refused in words', async () => {
    const answer = await send(request('GET /health', 'expect: a-miracle'));
    expect(answer).toMatch(
      /^HTTP\/1\.1 417 [^]*application\/problem\+json[^]*"expectation_failed"/,
    );
  });

  it('of 100-continue are met for a caller who is let in only', async () => {
    const body = '{"hello":"world"}';
    const length = `content-length: ${body.length}`;
    const { socket, said, ended } = open();
    socket.write(
      request(
        'POST /api/ping',
        'expect: 100-continue',
        length,
        ...signed('POST', '/api/ping', body),
      ),
    );
    await once(socket, 'data');
    expect(said()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(body);
    await ended;
    expect(said()).toMatch(/HTTP\/1\.1 200 OK/);
    const refused = await send(request('POST /api/ping', 'expect: 100-continue', length));
    expect(refused).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('a request without Host is told so', async () => {
    expect(await send('GET /health HTTP/1.1\r\nconnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 [^]*The Host header is missing/,
    );
  });
});

describe('what cannot be read', () => {
  it.each([
    ['/%zz', '(none)'],
    ['/api/users/%ff', '(none)'],
    ['/health?%zz', '/health'],
    [`/problems/${'x'.repeat(2_000)}`, '(none)'],
  ])('%s is named, logged and counted as all else is', async (url, route) => {
    lines.length = 0;
    const before = await countOf(route, 400);
    const answer = await send(request(`GET ${url}`));
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*"malformed_url"/);
    expect(answer).toMatch(/^x-request-id: req_/m);
    expect(answer).toMatch(/^cache-control: no-store\r/m);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { route, status: 400, problem: 'malformed_url', request_id: expect.any(String) },
    ]);
    expect(await countOf(route, 400)).toBe(before + 1);
  });

  it('bytes that are no request are counted too', async () => {
    lines.length = 0;
    const before = await countOf('(none)', 400);
    expect(await send('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await countOf('(none)', 400)).toBe(before + 1);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { route: '(none)', status: 400, problem: 'malformed_request' },
    ]);
  });
});

describe('a refusal before the body is read', () => {
  const line = 'host: x\r\nconnection: keep-alive\r\n';

  it.each([
    ['without a token', 'POST /api/points/earn', 'token_missing'],
    ['with a wrong token', 'POST /api/points/earn', 'token_invalid', 'x-platform-token: x'],
    ['of an operator', 'POST /operator/proposals', 'operator_token_missing'],
    ['of a method', 'POST /health', 'method_not_allowed'],
    ['of a path', 'POST /nothing', 'not_found'],
    ['of a body that is too large', 'POST /api/points/earn', 'body_too_large', 'token'],
  ])('%s ends the connection', async (_what, target, code, header = '') => {
    const own =
      header === 'token' ? `x-platform-token: ${api.secrets['platform_a']?.token ?? ''}` : header;
    const { socket, said, ended } = open();
    socket.write(
      `${target} HTTP/1.1\r\n${line}${own === '' ? '' : `${own}\r\n`}content-length: ` +
        `3000000\r\n\r\n{`,
    );
    await ended;
    expect(said()).toMatch(/^HTTP\/1\.1 4\d\d [^]*connection: close\r/i);
    expect(said()).toContain(`"code":"${code}"`);
  });

  it('lets nothing behind it be taken for a request', async () => {
    const body = JSON.stringify({ user_id: ann, amount: 1 });
    const hidden =
      `POST /api/points/earn HTTP/1.1\r\n${line}content-length: ` +
      `${body.length}\r\n${signed('POST', '/api/points/earn', body).join('\r\n')}\r\n\r\n${body}`;
    const before = await api.balance('platform_a', ann);
    for (const length of [1, 5]) {
      const answer = await send(
        `POST /api/points/earn HTTP/1.1\r\n${line}content-length: ` +
          `${length}\r\n\r\n${'x'.repeat(length)}${hidden}`,
      );
      expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    }
    expect(await api.balance('platform_a', ann)).toBe(before);
  });

  it('reaches a client that goes on sending', async () => {
    const size = 900_000;
    const answer = await send(
      `POST /api/points/earn HTTP/1.1\r\n${line}content-length: ${size}\r\n\r\n${'x'.repeat(size)}`,
    );
    expect(answer).toContain('"code":"token_missing"');
  });

  it('leaves a connection alone whose body is complete or empty', async () => {
    const { socket, said, ended } = open();
    socket.write(
      `POST /nothing HTTP/1.1\r\n${line}content-length: 0\r\n\r\nGET /nothing ` +
        `HTTP/1.1\r\n${line}\r\n`,
    );
    socket.write(request('GET /health/live'));
    await ended;
    expect(said().match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 404',
      'HTTP/1.1 404',
      'HTTP/1.1 200',
    ]);
  });
});

describe('a client that leaves', () => {
  it.each([
    ['in the middle of its headers', 'POST /api/points/earn HTTP/1.1\r\nhost: x\r\nx-half'],
    ['in the middle of its body', '{"user_id"'],
    ['before it is answered', 'whole'],
  ])('%s is no error in the log', async (_what, bytes) => {
    lines.length = 0;
    const body = JSON.stringify({ user_id: ann, amount: 1 });
    const { socket, ended } = open();
    const head =
      `POST /api/points/earn HTTP/1.1\r\nhost: ` +
      `x\r\n${signed('POST', '/api/points/earn', body).join('\r\n')}\r\ncontent-length: ` +
      `${body.length}\r\n\r\n`;
    socket.write(bytes === 'whole' ? head + body : bytes.startsWith('{') ? head + bytes : bytes);
    await once(socket, 'connect');
    // When a later request is answered, the server has read this one.
    await send(request('GET /health/live'));
    socket.resetAndDestroy();
    await ended;
    await send(request('GET /health/live'));
    await send(request('GET /health/live'));
    expect(lines.filter((text) => /"level":"(warn|error|fatal)"/.test(text))).toEqual([]);
  });
});
