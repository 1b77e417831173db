// Calls to addresses that others have given: which addresses are refused, also when a name leads to
// them, and which limits apply.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createEgress,
  EVERY_RANGE,
  LOOPBACK_RANGES,
  NO_PRIVATE_RANGES,
  type AllowedRanges,
  type Egress,
  type EgressReply,
} from './egress.ts';
import { createTargetGuard, parseRange } from './target-guard.ts';

const PRIVATE = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.127.255.255',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.8',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.7',
  '203.0.113.7',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:0:8.8.8.8',
  '64:ff9b::7f00:1',
  '64:ff9b::8.8.8.8',
  '64:ff9b:1::1',
  '100::1',
  '2001::1',
  '2001:0:7f00:1::',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a00:1::1',
  '3fff::1',
  '4000::1',
  '5f00::1',
  'fc00::1',
  'fd12:3456::1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
];
const PUBLIC = [
  '8.8.8.8',
  '1.1.1.1',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.167.1.1',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80b::200e',
  '2001:4860:4860::8888',
];

describe('an address', () => {
  const guard = createTargetGuard(NO_PRIVATE_RANGES);
  it.each(PRIVATE)('%s is never called', (address) => {
    expect([guard.mayConnect(address, 'https:'), guard.mayConnect(address, 'http:')]).toEqual([
      false,
      false,
    ]);
  });
  it.each(PUBLIC)('%s is called over TLS only', (address) => {
    expect([guard.mayConnect(address, 'https:'), guard.mayConnect(address, 'http:')]).toEqual([
      true,
      false,
    ]);
  });
  it('that is private is called when its range is allowed, and no other one is', () => {
    const some = createTargetGuard(['10.1.0.0/16', 'fd00::/8']);
    const called = [...PRIVATE, '10.1.2.3', 'fd00::1'].filter(
      (address) => some.mayConnect(address, 'http:') && some.mayConnect(address, 'https:'),
    );
    expect(called).toEqual(['fd12:3456::1', '10.1.2.3', 'fd00::1']);
  });
  it.each(['', 'localhost', '127.1', '0x7f.0.0.1', '8.8.8.8:80', '8.8.8'])(
    'that is written as %j is none',
    (text) => {
      expect(guard.mayConnect(text, 'https:')).toBe(false);
    },
  );
  it.each([
    ['10.0.0.0/8', true],
    ['::1/128', true],
    ['0.0.0.0/0', true],
    ['10.0.0.0/33', false],
    ['10.0.0.0', false],
    ['10.0.0.0/', false],
    ['a/8', false],
    ['10.0.0.0/8/8', false],
    ['::/129', false],
    ['10.0.0.0/-1', false],
  ])('range %s is %s', (text, is) => {
    expect(parseRange(text) !== undefined).toBe(is);
  });
});

describe('a URL', () => {
  const guard = createTargetGuard(NO_PRIVATE_RANGES);
  it.each([
    'https://example.com',
    'https://example.com:8443/hooks?x=1',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/x',
  ])('%s is good', (url) => {
    expect(guard.findUrlFault(url)).toBeUndefined();
  });
  it.each([
    '',
    'example.com',
    '/hooks',
    'https://',
    'http://example.com',
    'ftp://example.com',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://user@example.com',
    'https://user:pw@example.com',
    'https://example.com/#a',
    'https://example.com/#',
    'https://example.com:0/',
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://127。0。0。1/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://[fe80::1]/',
  ])('%s is not', (url) => {
    expect(guard.findUrlFault(url)).toMatch(/^(is|must)/);
  });
});

const servers: Server[] = [];
const opened: Egress[] = [];
afterEach(async () => {
  for (const egress of opened.splice(0)) egress.close();
  await Promise.all(
    servers
      .splice(0)
      .map(
        (server) => new Promise((closed) => (server.close(closed), server.closeAllConnections())),
      ),
  );
});

function egressWith(allowedRanges: AllowedRanges, maxSockets?: number): Egress {
  const egress = createEgress({
    allowedRanges,
    ...(maxSockets === undefined ? {} : { maxSockets }),
  });
  opened.push(egress);
  return egress;
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ port: number; calls: () => number; connections: () => number }> {
  let [calls, connections] = [0, 0];
  const server = createServer((request, response) => {
    calls += 1;
    request.resume().on('end', () => answer(request, response));
  }).on('connection', () => (connections += 1));
  servers.push(server);
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    calls: () => calls,
    connections: () => connections,
  };
}

function call(
  egress: Egress,
  url: string,
  more: { timeoutMs?: number; maxAnswerBytes?: number } = {},
): Promise<EgressReply> {
  return egress.send({
    method: 'POST',
    url: new URL(url),
    headers: { 'Content-Type': 'text/plain' },
    body: 'Grüß Gott',
    timeoutMs: 5_000,
    maxAnswerBytes: 100,
    ...more,
  });
}

describe('a call', () => {
  it('reaches nobody here unless that is allowed: neither by address nor by name', async () => {
    const { port, calls } = await listen((_request, response) => void response.end('ok'));
    const strict = egressWith(NO_PRIVATE_RANGES);
    for (const host of [
      '127.0.0.1',
      'localhost',
      '[::ffff:127.0.0.1]',
      '[::1]',
      '0.0.0.0',
      '2130706433',
    ]) {
      for (const scheme of ['http', 'https'])
        expect(await call(strict, `${scheme}://${host}:${port}/`)).toMatchObject({
          arrived: false,
          reason: 'refused',
        });
    }
    expect(calls()).toBe(0);
    const loose = egressWith(LOOPBACK_RANGES);
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await call(loose, `http://${host}:${port}/`)).toMatchObject({
        arrived: true,
        status: 200,
        text: 'ok',
      });
    expect(calls()).toBe(2);
    expect(await call(loose, `ftp://127.0.0.1:${port}/`)).toMatchObject({ reason: 'refused' });
  });

  it('finds fault with a name that leads to this machine before anything is sent', async () => {
    const [strict, loose] = [egressWith(NO_PRIVATE_RANGES), egressWith(LOOPBACK_RANGES)];
    expect(await strict.findTargetFault('https://localhost/x')).toContain(
      'does not lead to a public address',
    );
    expect(await strict.findTargetFault('https://10.0.0.1/x')).toContain('public');
    expect(await strict.findTargetFault('https://8.8.8.8/x')).toBeUndefined();
    expect([
      await loose.findTargetFault('https://localhost/x'),
      await loose.findTargetFault('http://localhost/x'),
      await loose.findTargetFault('http://127.0.0.1:1/x'),
    ]).toEqual([undefined, undefined, undefined]);
    expect(await loose.findTargetFault('http://8.8.8.8/x')).toContain('https://');
    expect(await loose.findTargetFault('http://10.0.0.1/x')).toBeDefined();
  });

  it('goes to an address that was checked, whatever the name led to when it was given', async () => {
    const { port, calls } = await listen((_request, response) => void response.end('ok'));
    const answers = [['8.8.8.8'], ['127.0.0.1'], ['10.0.0.1', '127.0.0.1', '::1']];
    const egress = createEgress({
      allowedRanges: NO_PRIVATE_RANGES,
      resolveName: async () => answers.shift() ?? ['127.0.0.1'],
    });
    opened.push(egress);
    expect(await egress.findTargetFault(`https://rebound.example:${port}/`)).toBeUndefined();
    for (let time = 0; time < 3; time += 1)
      expect(await call(egress, `https://rebound.example:${port}/`)).toMatchObject({
        arrived: false,
        reason: 'refused',
      });
    // For a name with both kinds of addresses, only the allowed ones are used.
    const mixed = createEgress({
      allowedRanges: ['127.0.0.1/32'],
      resolveName: async () => ['10.0.0.1', '127.0.0.2', '127.0.0.1'],
    });
    opened.push(mixed);
    expect(await call(mixed, `http://mixed.example:${port}/`)).toMatchObject({
      arrived: true,
      text: 'ok',
    });
    expect(calls()).toBe(1);
  });

  it('does not follow a redirect', async () => {
    const { port, calls } = await listen(
      (_request, response) =>
        void response.writeHead(302, { location: '/elsewhere', 'retry-after': '7' }).end(),
    );
    expect(await call(egressWith(EVERY_RANGE), `http://127.0.0.1:${port}/`)).toMatchObject({
      arrived: true,
      status: 302,
      headers: { 'retry-after': '7' },
    });
    expect(calls()).toBe(1);
  });

  it('ends in time, and takes no more than it was told to', async () => {
    const hanging = await listen(() => undefined);
    const dripping = await listen((_request, response) => {
      const timer = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(timer));
    });
    const endless = await listen(
      (_request, response) => void response.writeHead(200).end(Buffer.alloc(1_000_000, '.')),
    );
    const egress = egressWith(EVERY_RANGE);
    expect(
      await call(egress, `http://127.0.0.1:${hanging.port}/`, { timeoutMs: 50 }),
    ).toMatchObject({ arrived: false, reason: 'timeout' });
    expect(
      await call(egress, `http://127.0.0.1:${dripping.port}/`, {
        timeoutMs: 100,
        maxAnswerBytes: 1_000_000,
      }),
    ).toMatchObject({ arrived: false, reason: 'timeout' });
    expect(await call(egress, `http://127.0.0.1:${endless.port}/`)).toMatchObject({
      arrived: true,
      status: 200,
      text: undefined,
    });
  });

  it('keeps connections, and makes no more to one place than allowed', async () => {
    const { port, calls, connections } = await listen(
      (_request, response) => void setTimeout(() => response.end('ok'), 1),
    );
    const egress = egressWith(LOOPBACK_RANGES, 4);
    const replies = await Promise.all(
      Array.from({ length: 200 }, () => call(egress, `http://127.0.0.1:${port}/`)),
    );
    expect(replies.every((reply) => reply.arrived && reply.text === 'ok')).toBe(true);
    expect([calls(), connections()]).toEqual([200, 4]);
  });
});
