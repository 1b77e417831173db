// The connector's client on a server that answers like platforms, proxies and networks: only the
// platform's clear answer is a yes or a no.

import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { createSecretKey } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';

import { verifyRequestSignature } from '../security/security.ts';
import { TLS_CERTIFICATE, TLS_KEY } from '../../test/fixtures/certificate.ts';
import { createConnectorClient, type ConnectorClient } from './connector-client.ts';
import type { StepKind, UnknownReason } from './types.ts';

const TIMEOUT_MS = 300;
const STEP = { userId: 'ann', amountMinor: 1_050n, transactionId: 'txn_1' };
const KINDS: readonly StepKind[] = ['deduct', 'add', 'reverse'];

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(
    servers.splice(0).map(
      (server) =>
        new Promise((closed) => {
          server.close(closed);
          if ('closeAllConnections' in server)
            (server as ReturnType<typeof createHttpServer>).closeAllConnections();
        }),
    ),
  );
});

async function clientOf(server: Server, path = ''): Promise<ConnectorClient> {
  servers.push(server);
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return createConnectorClient(
    { url, platformId: 'platform_c', token: 't0ken', secret: 's3cret' },
    { timeoutMs: TIMEOUT_MS },
  );
}

type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

function answering(behaviour: Behaviour, path = ''): Promise<ConnectorClient> {
  return clientOf(
    createHttpServer((request, response) => {
      request.resume().on('end', () => behaviour(response, request));
    }),
    path,
  );
}

function body(status: number, value: unknown): Behaviour {
  return (response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(typeof value === 'string' ? value : JSON.stringify(value));
}

const DONE = { success: true, transaction_id: 'txn_1', balance: 12.5 };

const UNCLEAR: readonly (readonly [what: string, reason: UnknownReason, behaviour: Behaviour])[] = [
  ['no answer', 'timeout', () => undefined],
  [
    'an answer that begins and never ends',
    'timeout',
    (response) => void response.writeHead(200).write('{"success":'),
  ],
  [
    'a reset before the answer',
    'reset',
    (_response, request) => void request.socket.resetAndDestroy(),
  ],
  [
    'a connection closed before the answer',
    'reset',
    (_response, request) => void request.socket.destroy(),
  ],
  [
    'a reset within the answer',
    'reset',
    (response, request) => {
      response.writeHead(200, { 'content-length': '500' });
      response.write('{"success":true', () => request.socket.resetAndDestroy());
    },
  ],
  [
    'what is not HTTP',
    'malformed',
    (_response, request) => void request.socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
  ],
  ...[500, 502, 503, 504, 401, 403, 408, 425, 429, 201, 202, 301, 410].map(
    (status) =>
      [
        `status ${status}`,
        'status',
        body(status, { error: 'Insufficient balance', ...DONE }),
      ] as const,
  ),
  ['204', 'status', (response) => void response.writeHead(204).end()],
  [
    'a redirect',
    'status',
    (response) => void response.writeHead(307, { location: '/elsewhere' }).end(),
  ],
  ['200 with a page of HTML', 'malformed', body(200, '<html>Please log in</html>')],
  ['200 without a body', 'malformed', body(200, '')],
  ['200 with half a body', 'malformed', body(200, '{"success":true,"transaction_id":"txn_1"')],
  ['200 with success false', 'malformed', body(200, { ...DONE, success: false })],
  ['200 for another transaction', 'malformed', body(200, { ...DONE, transaction_id: 'txn_2' })],
  ['200 without transaction_id', 'malformed', body(200, { success: true })],
  ['200 with a balance of three decimals', 'malformed', body(200, { ...DONE, balance: 1.005 })],
  ['400 with a page of HTML', 'malformed', body(400, '<html>Bad Request</html>')],
  ['404 without a body', 'malformed', body(404, '')],
  ['409 without error', 'malformed', body(409, { message: 'Conflict' })],
];

describe('a step', () => {
  it.each(UNCLEAR)('is unknown, and never no, after %s', async (_what, reason, behaviour) => {
    const client = await answering(behaviour);
    for (const kind of KINDS)
      expect(await client[kind](STEP)).toEqual({
        outcome: 'unknown',
        reason,
        detail: expect.stringMatching(/./),
      });
  });

  it('is unknown when nobody listens', async () => {
    const server = createTcpServer();
    const client = await clientOf(server);
    await new Promise((closed) => void servers.pop()?.close(closed));
    for (const kind of KINDS)
      expect(await client[kind](STEP)).toMatchObject({ outcome: 'unknown', reason: 'unreachable' });
  });

  it('is unknown when the answer is longer than anything that could be one', async () => {
    const client = await answering(
      (response) => void response.writeHead(200).end(Buffer.alloc(17 * 1024 * 1024, ' ')),
    );
    expect(await client.deduct(STEP)).toMatchObject({ outcome: 'unknown' });
  });

  it('is yes at 200 with the transaction named', async () => {
    const client = await answering(body(200, DONE));
    for (const kind of KINDS)
      expect(await client[kind](STEP)).toEqual({
        outcome: 'yes',
        value: { transactionId: 'txn_1', balanceMinor: 1_250n },
      });
  });

  it('is yes to another step than was asked when the answer names another user or amount', async () => {
    for (const other of [
      { user_id: 'bob' },
      { amount: 10.51 },
      { amount: '-10.50' },
      { user_id: 'ann', amount: 1_050 },
    ]) {
      const client = await answering(body(200, { ...DONE, ...other }));
      for (const kind of KINDS)
        expect(await client[kind](STEP)).toMatchObject({
          outcome: 'yes',
          value: { isOfAnother: true },
        });
    }
    const client = await answering(body(200, { ...DONE, user_id: 'ann', amount: '10.50' }));
    expect(await client.add(STEP)).toEqual({
      outcome: 'yes',
      value: { transactionId: 'txn_1', balanceMinor: 1_250n },
    });
  });

  it.each([
    [429, () => '7'],
    [503, () => '7'],
    [503, () => new Date(Date.now() + 7_900).toUTCString()],
  ])(
    'at %i with Retry-After is not sent again before then, nor is any other call',
    async (status, retryAfter) => {
      let calls = 0;
      let clock = 0;
      const server = createHttpServer((request, response) => {
        calls += 1;
        request
          .resume()
          .on('end', () =>
            calls === 1
              ? response.writeHead(status, { 'retry-after': retryAfter() }).end('{"error":"busy"}')
              : body(200, { ...DONE, total_points: 1, status: 'healthy' })(response, request),
          );
      });
      servers.push(server);
      await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
      const target = {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        platformId: 'platform_c',
        token: 't0ken',
        secret: 's3cret',
      };
      const client = createConnectorClient(target, {
        timeoutMs: TIMEOUT_MS,
        now: () => Date.now() + clock,
      });
      expect(await client.add(STEP)).toMatchObject({
        outcome: 'unknown',
        reason: 'status',
        retryAfterMs: expect.any(Number),
      });
      const resting = {
        outcome: 'unknown',
        reason: 'resting',
        detail: expect.stringMatching(/a pause of [678] s more/),
      };
      expect([await client.add(STEP), await client.getTotalPoints()]).toMatchObject([
        resting,
        resting,
      ]);
      expect([calls, (await client.checkHealth()).outcome]).toEqual([1, 'yes']);
      clock = 8_000;
      expect(await client.add(STEP)).toMatchObject({ outcome: 'yes' });
    },
  );

  it('is asked for again soon at a Retry-After that is nonsense, and never later than a quarter of an hour', async () => {
    for (const [header, expected] of [
      ['soon', undefined],
      ['-5', undefined],
      ['0', undefined],
      ['999999999', 900_000],
    ] as const) {
      const client = await answering(
        (response) => void response.writeHead(503, { 'retry-after': header }).end(),
      );
      const answer = await client.add(STEP);
      expect(answer.outcome === 'unknown' && answer.retryAfterMs).toBe(expected);
    }
  });

  it('whose certificate nobody can trust is unknown, and says so', async () => {
    const server = createHttpsServer({ key: TLS_KEY, cert: TLS_CERTIFICATE });
    servers.push(server);
    await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
    const client = createConnectorClient(
      {
        url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        platformId: 'platform_c',
        token: 't0ken',
        secret: 's3cret',
      },
      { timeoutMs: TIMEOUT_MS * 10 },
    );
    expect(await client.deduct(STEP)).toEqual({
      outcome: 'unknown',
      reason: 'certificate',
      detail:
        "the server's certificate is not valid: it is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)",
    });
  });

  it.each([400, 404, 409, 422])('is no at %i with an error of the platform', async (status) => {
    const client = await answering(body(status, { error: 'Insufficient balance' }));
    for (const kind of KINDS)
      expect(await client[kind](STEP)).toEqual({
        outcome: 'no',
        status,
        error: 'Insufficient balance',
      });
  });

  it('carries token and signature over exactly the path and body sent, and the same step is the same bytes', async () => {
    const bodies: string[] = [];
    const key = createSecretKey(Buffer.from('s3cret'));
    const client = await clientOf(
      createHttpServer((request, response) => {
        const chunks: Buffer[] = [];
        request
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('end', () => {
            const bytes = Buffer.concat(chunks);
            bodies.push(bytes.toString());
            const parts = {
              timestamp: String(request.headers['x-timestamp']),
              method: 'POST',
              path: request.url ?? '',
              body: bytes,
            };
            const proper = verifyRequestSignature(
              key,
              parts,
              String(request.headers['x-signature']),
              Date.now(),
            ).ok;
            const named =
              request.headers['x-platform-id'] === 'platform_c' &&
              request.headers.authorization === 'Bearer t0ken' &&
              request.url === '/loyalty/api/internal/add';
            body(proper && named ? 200 : 403, DONE)(response, request);
          });
      }),
      '/loyalty/',
    );
    expect([(await client.add(STEP)).outcome, (await client.add(STEP)).outcome]).toEqual([
      'yes',
      'yes',
    ]);
    expect(bodies).toEqual(
      Array(2).fill('{"user_id":"ann","amount":10.5,"transaction_id":"txn_1"}'),
    );
  });

  it('does not follow a redirect with its token', async () => {
    const paths: string[] = [];
    const client = await answering((response, request) => {
      paths.push(request.url ?? '');
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await client.deduct(STEP);
    expect(paths).toEqual(['/api/internal/deduct']);
  });
});

describe('a signed call that is refused', () => {
  it.each([
    [401, 0, 'token'],
    [403, 0, 'its secret differs'],
    [403, 400_000, 'its clock is 400 s ahead'],
    [403, -3_600_000, 'its clock is 3600 s behind'],
  ])('at %i with a clock %i ms ahead says why', async (status, aheadMs, why) => {
    const client = await answering(
      (response) =>
        void response
          .writeHead(status, { date: new Date(Date.now() + aheadMs).toUTCString() })
          .end('{"error":"no"}'),
    );
    expect(await client.findRefusal()).toMatch(new RegExp(why.replace(/4000*|3600/, '\\d+')));
    expect(await client.findTransaction('txn_1')).toMatchObject({
      outcome: 'unknown',
      reason: 'status',
    });
  });

  it('is none where the call is taken, or nobody answers', async () => {
    expect(
      await (await answering(body(404, { error: 'x', state: 'unknown' }))).findRefusal(),
    ).toBeUndefined();
    expect(
      await (await answering((_response, request) => void request.socket.destroy())).findRefusal(),
    ).toBeUndefined();
  });
});

describe('a look-up', () => {
  it.each([
    [400, { error: 'x' }],
    [401, { error: 'x' }],
    [404, { error: 'Not Found' }],
    [404, '<html>'],
    [409, { error: 'x' }],
    [500, {}],
    [200, {}],
    [
      200,
      {
        transaction_id: 'txn_2',
        state: 'applied',
        operation: 'add',
        user_id: 'ann',
        amount: 1,
        effect: 1,
      },
    ],
  ])('is unknown at %i %j', async (status, value) => {
    expect(await (await answering(body(status, value))).findTransaction('txn_1')).toMatchObject({
      outcome: 'unknown',
    });
  });

  it('is yes of state unknown only when the platform says so itself', async () => {
    const client = await answering(body(404, { error: 'Unknown transaction', state: 'unknown' }));
    expect(await client.findTransaction('txn_1')).toEqual({
      outcome: 'yes',
      value: { state: 'unknown' },
    });
  });

  it('reads what was applied', async () => {
    const client = await answering(
      body(200, {
        transaction_id: 'txn_1',
        state: 'applied',
        operation: 'deduct',
        user_id: 'ann',
        amount: 10.5,
        effect: '-10.50',
      }),
    );
    expect(await client.findTransaction('txn_1')).toEqual({
      outcome: 'yes',
      value: {
        state: 'applied',
        operation: 'deduct',
        userId: 'ann',
        amountMinor: 1_050n,
        effectMinor: -1_050n,
      },
    });
  });
});

describe('a total', () => {
  it.each([
    ['90071992547409931.23', 9_007_199_254_740_993_123n],
    ['"12.5"', 1_250n],
    ['0', 0n],
    ['-3.01', -301n],
  ])('of %s is read exactly', async (literal, minor) => {
    expect(
      await (await answering(body(200, `{"total_points":${literal}}`))).getTotalPoints(),
    ).toEqual({ outcome: 'yes', value: minor });
  });

  it.each(['1.005', '1e3', 'null', '"abc"'])('of %s is unknown', async (literal) => {
    expect(
      await (await answering(body(200, `{"total_points":${literal}}`))).getTotalPoints(),
    ).toMatchObject({ outcome: 'unknown', reason: 'malformed' });
  });
});
