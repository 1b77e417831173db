// Tests that one X-Signature belongs to one operation: whoever captures a request can get its first
// result again and nothing else; in any process, after a restart, in a batch, and for every
// operation.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createLedger, type Ledger } from '../ledger/ledger.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { operations } from './points/operations.ts';
import { createServer } from './server.ts';

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

function operationsOf(...more: object[]): object {
  return { operations: more.map((one) => ({ kind: 'earn', user_id: ann, amount: 1, ...one })) };
}

interface BatchResult {
  readonly status: number;
  readonly body: { readonly code?: string };
}

/** The status of each operation of a batch, or the code of its problem. */
function codesOf({ body }: Answer): unknown[] {
  const results = body['results'] as unknown as readonly BatchResult[];
  return results.map((result) => result.body.code ?? result.status);
}

/** Posts, and returns one field of the answer. */
async function fieldOf(url: string, body: object, field: string): Promise<string> {
  const { body: answer } = await api.call(A, 'POST', url, {
    ...body,
    idempotency_key: randomUUID(),
  });
  return String(answer[field]);
}

function newHold(): Promise<string> {
  return fieldOf('/api/points/holds', { user_id: ann, amount: 2 }, 'hold_id');
}

describe('a captured request', () => {
  it('with a key gives its first result again, and nothing under another key or without', async () => {
    const send = captured(EARN, earning(), 'mine');
    expect(
      await change(async () => {
        const first = await send();
        expect(first).toMatchObject({ status: 200 });
        expect(await send()).toMatchObject({ ...REPLAYED, body: first.body });
        expect(await send(withKey('other'))).toMatchObject(USED);
        expect(await send({})).toMatchObject(USED);
        expect(await send()).toMatchObject(REPLAYED);
      }),
    ).toBe(1);
  });

  it('without a key gives its first result again, and nothing under one', async () => {
    const send = captured(EARN, earning());
    expect(
      await change(async () => {
        expect(await send()).toMatchObject({ status: 200 });
        expect(await send()).toMatchObject(REPLAYED);
        expect(await send(withKey('one'))).toMatchObject(USED);
      }),
    ).toBe(1);
  });

  it('is the same however its signature is spelled', async () => {
    const body = earning();
    const send = captured(EARN, body);
    const { 'x-signature': signature = '' } = api.sign(A, 'POST', EARN, JSON.stringify(body));
    const shouted = { 'x-signature': signature.toUpperCase() };
    expect(
      await change(async () => {
        expect(await send()).toMatchObject({ status: 200 });
        expect(await send({ ...withKey('loud'), ...shouted })).toMatchObject(USED);
        expect(await send(shouted)).toMatchObject(REPLAYED);
      }),
    ).toBe(1);
  });

  it('of a repetition that was signed anew is not free either', async () => {
    const key = randomUUID();
    const body = earning();
    expect(
      await change(async () => {
        expect(await captured(EARN, body, key)()).toMatchObject({ status: 200 });
        api.clock.advance(1_000);
        const repeated = captured(EARN, body, key);
        expect(await repeated()).toMatchObject(REPLAYED);
        expect(await repeated(withKey('thief'))).toMatchObject(USED);
        expect(await repeated({})).toMatchObject(USED);
        expect(await repeated()).toMatchObject(REPLAYED);
      }),
    ).toBe(1);
  });

  it('of repetitions at the same time are not free either', async () => {
    const key = randomUUID();
    const body = earning();
    expect(
      await change(async () => {
        const copies = Array.from({ length: 8 }, () => {
          api.clock.advance(1_000);
          return captured(EARN, body, key);
        });
        const answers = await Promise.all(copies.map((send) => send()));
        expect(new Set(answers.map((answer) => answer.body['transaction_id'])).size).toBe(1);
        for (const send of copies) expect(await send(withKey('thief'))).toMatchObject(USED);
      }),
    ).toBe(1);
  });

  it('that was refused leaves no mark', async () => {
    const poor = await api.user(A);
    const to = await api.user('platform_b');
    const body = { from_user_id: poor, to_user_id: to, amount: 10, target_platform: 'platform_b' };
    const send = captured('/api/points/transfer', body, 'first');
    expect(await send()).toMatchObject({ status: 400, body: { code: 'insufficient_balance' } });
    await api.call(A, 'POST', EARN, { user_id: poor, amount: 30 });
    expect(await send(withKey('second'))).toMatchObject({ status: 200 });
    expect(await send()).toMatchObject(USED);
    expect(await api.balance(A, poor)).toBe(20);
  });

  it('is known as used although its points are gone', async () => {
    const from = await api.user(A, 10);
    const to = await api.user('platform_b');
    const body = { from_user_id: from, to_user_id: to, amount: 10, target_platform: 'platform_b' };
    const send = captured('/api/points/transfer', body, 'all');
    expect(await send()).toMatchObject({ status: 200 });
    expect(await send(withKey('again'))).toMatchObject(USED);
  });

  it('posts once at all processes together, whatever its keys', async () => {
    const { clock, parts } = api;
    const { pool, url, log } = database;
    const elsewhere: Ledger[] = await Promise.all(
      Array.from({ length: 2 }, () =>
        createLedger({ pool, url, log, clock, valuation: parts.valuation }),
      ),
    );
    const servers = await Promise.all(
      elsewhere.map((ledger) =>
        createServer({ ...parts, ledger, metrics: createMetrics({ processMetrics: false }) }),
      ),
    );
    try {
      for (let round = 0; round < 10; round += 1) {
        const send = captured(EARN, earning());
        expect(
          await change(async () => {
            const answers = await Promise.all(
              [api.server, ...servers].flatMap((server) =>
                Array.from({ length: 4 }, () => send(withKey(randomUUID()), server)),
              ),
            );
            const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
            expect(statuses).toEqual([200, ...Array.from({ length: 11 }, () => 409)]);
          }),
        ).toBe(1);
      }
    } finally {
      await Promise.all(servers.map((server) => server.close()));
      await Promise.all(elsewhere.map((ledger) => ledger.close()));
    }
  });

  it('is refused after a restart', async () => {
    const send = captured(EARN, earning(), 'before');
    expect(await send()).toMatchObject({ status: 200 });
    const {
      clock,
      parts: { valuation },
    } = api;
    const { pool, url, log } = database;
    const ledger = await createLedger({ pool, url, log, clock, valuation });
    const server = await createServer({
      ...api.parts,
      ledger,
      metrics: createMetrics({ processMetrics: false }),
    });
    try {
      expect(
        await change(async () => {
          expect(await send(withKey('after'), server)).toMatchObject(USED);
          expect(await send({}, server)).toMatchObject(USED);
          expect(await send(withKey('before'), server)).toMatchObject(REPLAYED);
        }),
      ).toBe(0);
    } finally {
      await server.close();
      await ledger.close();
    }
  });
});

describe('a batch', () => {
  it('stands for one operation at each place', async () => {
    const send = captured(
      '/api/points/batch',
      operationsOf({}, {}, { idempotency_key: randomUUID() }),
      'mine',
    );
    expect(
      await change(async () => {
        expect(codesOf(await send())).toEqual([200, 200, 200]);
        expect(codesOf(await send())).toEqual([200, 200, 200]);
        // A request with its key in the body gets its first result again.
        expect(codesOf(await send(withKey('other')))).toEqual([
          'signature_used',
          'signature_used',
          200,
        ]);
        expect(codesOf(await send({}))).toEqual(['signature_used', 'signature_used', 200]);
      }),
    ).toBe(3);
  });

  it('takes a key for all of it in its body', async () => {
    const key = randomUUID();
    const body = { ...operationsOf({}, {}), idempotency_key: key };
    expect(
      await change(async () => {
        expect(codesOf(await captured('/api/points/batch', body)())).toEqual([200, 200]);
        api.clock.advance(1_000);
        expect(codesOf(await captured('/api/points/batch', body)())).toEqual([200, 200]);
      }),
    ).toBe(2);
  });

  it('of which a part was refused leaves marks of the others alone', async () => {
    const send = captured('/api/points/batch', operationsOf({}, { user_id: 'nobody' }), 'mine');
    expect(codesOf(await send())).toEqual([200, 'user_not_found']);
    expect(codesOf(await send(withKey('other')))).toEqual(['signature_used', 'user_not_found']);
  });
});

describe('every posting operation', () => {
  const requests: Readonly<Record<string, () => Promise<readonly [url: string, body: object]>>> = {
    earn: async () => [EARN, earning()],
    transfer: async () => [
      '/api/points/transfer',
      {
        from_user_id: ann,
        to_user_id: await api.user('platform_b'),
        amount: 2,
        target_platform: 'platform_b',
      },
    ],
    redeem: async () => ['/api/points/redeem', { user_id: ann, amount: 2, reward_id: 'mug' }],
    hold: async () => ['/api/points/holds', { user_id: ann, amount: 2 }],
    capture: async () => [`/api/points/holds/${await newHold()}/capture`, { amount: 1 }],
    release: async () => [`/api/points/holds/${await newHold()}/release`, {}],
    reverse: async () => [
      '/api/points/reverse',
      {
        transaction_id: await fieldOf(EARN, earning(), 'transaction_id'),
        amount: 0.5,
        reason: 'x',
      },
    ],
    'reverse of a redemption': async () => {
      const redeemed = await fieldOf(
        '/api/points/redeem',
        { user_id: ann, amount: 4, quantity: 2, reward_id: 'mug' },
        'redemption_id',
      );
      return ['/api/points/reverse', { transaction_id: redeemed, amount: 2, reason: 'x' }];
    },
  };

  it('is tried here', () => {
    expect(Object.keys(requests)).toEqual(
      expect.arrayContaining(operations.map(({ kind }) => kind)),
    );
  });

  it.each(Object.keys(requests))('%s: one signature, one operation', async (kind) => {
    await api.reward(A, 'mug', { points_required: '2', stock: 100 });
    const [url, body] = await (requests[kind] as () => Promise<readonly [string, object]>)();
    api.clock.advance(1_000);
    const send = captured(url, body, `mine ${kind}`.replaceAll(' ', '-'));
    const first = await send();
    expect(first).toMatchObject({ status: 200 });
    expect(await send()).toMatchObject(REPLAYED);
    const before = await api.balance(A, ann);
    expect(await send(withKey('thief'))).toMatchObject(USED);
    expect(await send({})).toMatchObject(USED);
    expect(await api.balance(A, ann)).toBe(before);
  });

  it.each(Object.keys(requests))('%s takes its key in the body', async (kind) => {
    const [url, body] = await (requests[kind] as () => Promise<readonly [string, object]>)();
    const key = randomUUID();
    const send = (more: object = {}): Promise<Answer> =>
      captured(url, { ...body, idempotency_key: key, ...more })();
    const first = await send();
    expect(first).toMatchObject({ status: 200 });
    api.clock.advance(1_000);
    expect(await send()).toMatchObject({ ...REPLAYED, body: first.body });
    const other = captured(url, { ...body, idempotency_key: key });
    expect(await other(withKey(key))).toMatchObject(REPLAYED);
    expect(await other(withKey('another'))).toMatchObject({
      status: 400,
      body: { code: 'idempotency_keys_differ' },
    });
  });
});
