// Tests malformed input: each is refused with a sentence, never with a 500, and nothing is posted.

import * as fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';

let database: TestDatabase;
let api: TestApi;
let ann: string;
let bob: string;

const A = 'platform_a';

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  ann = await api.user(A, 100);
  bob = await api.user('platform_b');
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const earn = (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  api.call(A, 'POST', '/api/points/earn', body, { headers });
const get = (url: string): Promise<Answer> => api.call(A, 'GET', url);

/** The number of rows of the journal; no refused request may add one. */
async function countTransactions(): Promise<bigint> {
  const { rows } = await database.pool.query<{ count: bigint }>(
    'select count(*) from ledger.transaction',
  );
  return rows[0]?.count ?? 0n;
}

const amount = (literal: string): string => `{"user_id":"USER","amount":${literal}}`;
const user = (text: string): string => JSON.stringify({ user_id: text, amount: 1 });

describe('bodies', () => {
  it.each<[string, string | Buffer, number, string]>([
    ['nothing', '', 400, 'missing_field'],
    ['an array', '[]', 400, 'invalid_field'],
    ['null', 'null', 400, 'invalid_field'],
    ['a text', '"x"', 400, 'invalid_field'],
    ['broken JSON', '{"a":1', 400, 'invalid_json'],
    ['two values', '{}{}', 400, 'invalid_json'],
    ['an amount twice', '{"user_id":"USER","amount":1,"amount":1}', 400, 'duplicate_name'],
    ['NaN', amount('NaN'), 400, 'invalid_json'],
    ['Infinity', amount('Infinity'), 400, 'invalid_json'],
    ['a byte order mark', '\uFEFF{}', 400, 'invalid_json'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'invalid_json'],
    ['a number that overflows', amount('1e400'), 400, 'inexact_number'],
    ['a number that underflows', amount('1e-400'), 400, 'inexact_number'],
    ['a number that would be rounded', amount('10000000000000.001'), 400, 'inexact_number'],
    ['2^53 + 1', amount('9007199254740993'), 400, 'inexact_number'],
    ['a large number written exactly', amount('10000000000000.01'), 400, 'amount_too_large'],
    ['an exponent', amount('1e30'), 400, 'amount_too_large'],
    ['a small exponent', amount('1e-3'), 400, 'amount_too_precise'],
    ['minus zero', amount('-0'), 400, 'amount_not_positive'],
    ['zero', amount('0.00'), 400, 'amount_not_positive'],
    ['a negative amount', amount('-0.01'), 400, 'amount_not_positive'],
    ['a negative text', amount('"-1"'), 400, 'amount_not_positive'],
    ['three decimals', amount('"1.005"'), 400, 'amount_too_precise'],
    ['hexadecimal', amount('"0x10"'), 400, 'amount_not_a_number'],
    ['a text exponent', amount('"1e3"'), 400, 'amount_not_a_number'],
    ['an empty text', amount('""'), 400, 'amount_not_a_number'],
    ['blanks', amount('" 1"'), 400, 'amount_not_a_number'],
    ['other digits', amount('"１２"'), 400, 'amount_not_a_number'],
    ['very many digits', amount(`"${'1'.repeat(41)}"`), 400, 'invalid_field'],
    ['true', amount('true'), 400, 'amount_not_a_number'],
    ['null as amount', amount('null'), 400, 'amount_not_a_number'],
    ['a list as amount', amount('[1]'), 400, 'amount_not_a_number'],
    ['an unknown field', '{"user_id":"USER","amount":1,"Amount":2}', 400, 'unknown_field'],
    ['a prototype', '{"user_id":"USER","amount":1,"__proto__":{"x":1}}', 400, 'unknown_field'],
    [
      'a constructor',
      '{"user_id":"USER","amount":1,"constructor":{"prototype":{}}}',
      400,
      'unknown_field',
    ],
    [
      'a prototype in metadata',
      '{"user_id":"USER","amount":1,"metadata":{"__proto__":1}}',
      400,
      'invalid_field',
    ],
    ['nested metadata', '{"user_id":"USER","amount":1,"metadata":{"a":{}}}', 400, 'invalid_field'],
    [
      'NUL in metadata',
      '{"user_id":"USER","amount":1,"metadata":{"a":"\\u0000"}}',
      400,
      'invalid_field',
    ],
    ['a NUL', user('a\u0000b'), 400, 'invalid_field'],
    ['half a surrogate pair', '{"user_id":"\\ud800","amount":1}', 400, 'invalid_field'],
    ['a line break', user('a\nb'), 400, 'invalid_field'],
    ['a long user id', user('x'.repeat(129)), 400, 'invalid_field'],
    ['an empty user id', user(''), 400, 'invalid_field'],
    ['a user nobody linked', user('😀'), 404, 'user_not_found'],
    ['a user of another platform', user('BOB'), 404, 'user_not_found'],
    [
      'a long reference',
      `{"user_id":"USER","amount":1,"reference":"${'x'.repeat(129)}"}`,
      400,
      'invalid_field',
    ],
    [
      'NUL as reference',
      '{"user_id":"USER","amount":1,"reference":"\\u0000"}',
      400,
      'invalid_field',
    ],
    [
      '30 February',
      '{"user_id":"USER","amount":1,"expires_on":"2030-02-30"}',
      400,
      'invalid_field',
    ],
    [
      'month 13',
      '{"user_id":"USER","amount":1,"occurred_at":"2020-13-01T00:00:00Z"}',
      400,
      'invalid_field',
    ],
    [
      'a future event',
      '{"user_id":"USER","amount":1,"occurred_at":"2999-01-01T00:00:00Z"}',
      400,
      'invalid_field',
    ],
    ['deep nesting', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, 400, 'invalid_field'],
  ])('%s', async (_what, body, status, code) => {
    const before = await countTransactions();
    const sent =
      typeof body === 'string' ? body.replaceAll('USER', ann).replaceAll('BOB', bob) : body;
    expect(await earn(sent)).toMatchObject({
      status,
      body: { code, detail: expect.stringMatching(/\.$/) },
    });
    expect(await countTransactions()).toBe(before);
  });

  it.each([
    ['text/plain'],
    ['application/json; charset=latin1'],
    ['multipart/form-data; boundary=x'],
    ['application/json, text/plain'],
    ['x'],
  ])('as %s', async (type) => {
    expect(
      await earn(JSON.stringify({ user_id: ann, amount: 1 }), { 'content-type': type }),
    ).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
  });

  it('compressed', async () => {
    expect(
      await earn(JSON.stringify({ user_id: ann, amount: 1 }), { 'content-encoding': 'gzip' }),
    ).toMatchObject({ status: 415 });
  });

  it('over the limit are refused, and the batch endpoint takes twice as much', async () => {
    expect(await earn(`{"user_id":"${'x'.repeat(1024 * 1024)}"}`)).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
    const large = `{"operations":[{"kind":"earn","x":"${'x'.repeat(1024 * 1024)}"}]}`;
    expect(await api.call(A, 'POST', '/api/points/batch', large)).toMatchObject({
      status: 200,
      body: { refused: 1 },
    });
    expect(
      await api.call(
        A,
        'POST',
        '/api/points/batch',
        `{"operations":["${'x'.repeat(2 * 1024 * 1024)}"]}`,
      ),
    ).toMatchObject({ status: 413 });
  });

  it('with more precision than needed are fine as long as nothing is lost', async () => {
    expect(await earn(`{"user_id":"${ann}","amount":1.00000000000000000}`)).toMatchObject({
      status: 200,
    });
    expect(
      await earn(`{"user_id":"${ann}","amount":1e0,"reference":"1234567890123456789"}`),
    ).toMatchObject({ status: 200 });
    expect(await earn({ user_id: ann, amount: '9999999999.99' })).toMatchObject({ status: 200 });
  });
});

describe('URLs', () => {
  it.each([
    ['/api/points/balance?user_id=a&user_id=b', 400, 'invalid_field'],
    ['/api/points/balance?user_id=%E0%A4%A', 400, 'malformed_url'],
    ['/api/points/balance?user_id=%', 400, 'malformed_url'],
    ['/api/points/balance?user_id=%00', 400, 'invalid_field'],
    ['/api/points/balance?user_id=a&x=1', 400, 'unknown_field'],
    ['/api/points/balance?user_id[]=a', 400, 'missing_user_id'],
    ['/api/points/balance?__proto__=a', 400, 'missing_user_id'],
    ['/api/points/balance?user_id=%ED%A0%80', 400, 'malformed_url'],
    ['/api/points/history?user_id=ANN&page=0', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&page=-1', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&page=1.5', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&page=abc', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&page=', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&page=10001', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&page=99999999999999999999999999', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&per_page=101', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&per_page=0', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&cursor=abc', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&cursor=1&page=1', 400, 'invalid_field'],
    ['/api/points/history?user_id=ANN&page=1&page=2', 400, 'invalid_field'],
    ['/api/transactions/1', 404, 'transaction_not_found'],
    ['/api/transactions/txn_ffffffffffffffffffffffffffffffff', 404, 'transaction_not_found'],
    [`/api/transactions/${'x'.repeat(200)}`, 400, 'invalid_field'],
    ['/api/users/%00', 400, 'invalid_field'],
    [`/api/users/${'x'.repeat(129)}`, 400, 'invalid_field'],
    [`/api/users/${'x'.repeat(3000)}`, 400, 'malformed_url'],
    ['/api/users/', 400, 'invalid_field'],
    ['/api', 404, 'not_found'],
    ['//api/points/balance', 404, 'not_found'],
  ])('%s', async (url, status, code) => {
    expect(await get(url.replaceAll('ANN', ann))).toMatchObject({ status, body: { code } });
  });

  it.each<[string, unknown, string, string]>([
    ['none', undefined, 'missing_field', 'tags'],
    ['a text', 'vip', 'invalid_field', 'tags'],
    ['null', null, 'invalid_field', 'tags'],
    ['a capital', ['VIP'], 'invalid_field', 'tags.0'],
    ['an empty one', ['vip', ''], 'invalid_field', 'tags.1'],
    ['a number', [1], 'invalid_field', 'tags.0'],
    ['a line break', ['vip\n'], 'invalid_field', 'tags.0'],
    ['41 characters', ['x'.repeat(41)], 'invalid_field', 'tags.0'],
    ['one twice', ['vip', 'gold', 'vip'], 'invalid_field', 'tags'],
    ['21', Array.from({ length: 21 }, (_, index) => `t${index}`), 'invalid_field', 'tags'],
  ])('tags: %s', async (_what, tags, code, field) => {
    expect(await api.call(A, 'PUT', `/api/users/${ann}/tags`, { tags })).toMatchObject({
      status: 400,
      body: { code, field },
    });
    if (tags !== undefined)
      expect(
        await api.call(A, 'POST', '/api/users', { platform_user_id: ann, tags }),
      ).toMatchObject({ status: 400, body: { code, field } });
    expect((await get(`/api/users/${ann}`)).body).toMatchObject({ tags: [] });
  });

  it('page 10,000 is empty and cheap', async () => {
    expect(await get(`/api/points/history?user_id=${ann}&page=10000&per_page=100`)).toMatchObject({
      status: 200,
      body: { transactions: [], next_cursor: null },
    });
    expect(await get(`/api/points/history?user_id=${ann}&cursor=999999999999999999`)).toMatchObject(
      { status: 200 },
    );
  });

  it.each([
    ['PUT', '/api/points/earn', 'POST'],
    ['GET', '/api/points/transfer', 'POST'],
    ['DELETE', '/api/users/x', 'GET, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
    ['PATCH', '/api/points/holds/x/capture', 'POST'],
  ])('%s %s is not allowed', async (method, url, allow) => {
    expect(await api.call(A, method, url)).toMatchObject({
      status: 405,
      body: { code: 'method_not_allowed' },
      headers: { allow },
    });
  });
});

describe('signatures', () => {
  it.each([
    ['of another path', '/api/points/history'],
    ['of another method', '/api/points/balance', 'POST'],
    ['of another body', '/api/points/balance', 'GET', 'x'],
  ])('%s', async (_what, path, method = 'GET', body: string | undefined = undefined) => {
    const headers = api.sign(A, method, path, body);
    expect(
      await api.call(A, 'GET', `/api/points/balance?user_id=${ann}`, undefined, { headers }),
    ).toMatchObject({
      status: 403,
      body: { code: 'signature_invalid', error: 'Invalid signature' },
    });
  });

  it.each([['abc'], ['1e9'], ['-1'], ['0x10'], ['99999999999999'], [' '], ['1795263473.5']])(
    'at the time %s',
    async (timestamp) => {
      expect(
        await api.call(A, 'GET', `/api/points/balance?user_id=${ann}`, undefined, { timestamp }),
      ).toMatchObject({ status: 403 });
    },
  );

  it('are accepted up to 300 seconds either way', async () => {
    const now = Math.floor(api.clock.now() / 1000);
    for (const [offset, status] of [
      [-302, 403],
      [-298, 200],
      [298, 200],
      [302, 403],
    ] as const) {
      expect(
        await api.call(A, 'GET', `/api/points/balance?user_id=${ann}`, undefined, {
          timestamp: String(now + offset),
        }),
      ).toMatchObject({ status });
    }
  });

  it("of a platform under another platform's token", async () => {
    const headers = { 'x-platform-token': api.secrets['platform_b']?.token };
    expect(
      await api.call(A, 'GET', `/api/points/balance?user_id=${ann}`, undefined, { headers }),
    ).toMatchObject({ status: 403, body: { code: 'platform_mismatch' } });
    expect(
      await api.call(A, 'GET', `/api/points/balance?user_id=${ann}`, undefined, {
        headers: { ...headers, 'x-platform-id': 'platform_b' },
      }),
    ).toMatchObject({ status: 403, body: { code: 'signature_invalid' } });
  });

  it('come before the body is judged, and the token before both', async () => {
    expect(await earn('{"broken', { 'x-signature': 'a'.repeat(64) })).toMatchObject({
      status: 403,
    });
    expect(await earn('x'.repeat(2 * 1024 * 1024), { 'x-platform-token': 'none' })).toMatchObject({
      status: 401,
    });
  });
});

describe('random input', () => {
  /** Values that are close to valid ones, and values that are not. */
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(
      'user_id',
      '__proto__',
      '',
      '0',
      '-1',
      '1e5',
      '0.001',
      ' ',
      '\u0000',
      '\ud800',
      'platform_b',
      'platform_z',
      'toString',
    ),
    fc.double(),
    fc.integer(),
    fc.bigInt().map(String),
    fc.string({ unit: 'binary' }),
  );
  const operation = fc.constantFrom(
    'earn',
    'transfer',
    'redeem',
    'holds',
    'reverse',
    'batch',
    'holds/hold_00000000000000000000000000000000/capture',
    'holds/x/release',
  );
  const fields = fc.dictionary(
    fc.oneof(
      {
        weight: 9,
        arbitrary: fc.constantFrom(
          'user_id',
          'from_user_id',
          'to_user_id',
          'amount',
          'target_platform',
          'reward_id',
          'quantity',
          'transaction_id',
          'reason',
          'reference',
          'metadata',
          'expires_on',
          'occurred_at',
          'expires_in',
          'operations',
          'kind',
        ),
      },
      { weight: 1, arbitrary: fc.string() },
    ),
    odd,
  );

  it('never gives a 500 and never changes a balance', async () => {
    const before = [await countTransactions(), await api.balance(A, ann)];
    await fc.assert(
      fc.asyncProperty(
        operation,
        fc.oneof(
          fields.map((value) => JSON.stringify(value)),
          fc.json(),
          fc.string({ unit: 'binary' }),
        ),
        async (name, body) => {
          const { status, body: answer } = await api.call(A, 'POST', `/api/points/${name}`, body);
          // A batch answers 200 for refused operations.
          expect([status, (answer as Record<string, unknown>)['succeeded'] ?? 0]).toEqual([
            status === 200 ? 200 : expect.toSatisfy((code: number) => code >= 400 && code < 500),
            0,
          ]);
          if (name !== 'batch') expect(status).not.toBe(200);
        },
      ),
      { numRuns: 1500 },
    );
    expect([await countTransactions(), await api.balance(A, ann)]).toEqual(before);
  });

  it('nor in queries and headers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('balance', 'history'),
        fc.string({ unit: 'binary-ascii' }),
        fc.dictionary(
          fc.constantFrom(
            'idempotency-key',
            'x-request-id',
            'x-timestamp',
            'x-platform-id',
            'content-type',
            'signature-input',
            'signature',
            'content-digest',
            'accept-language',
          ),
          fc.string({ minLength: 1 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, '?')),
        ),
        async (name, query, headers) => {
          const url = `/api/points/${name}?${query.replaceAll(/[^\x21-\x7e]|#/g, '')}`;
          const { status } = await api.call(A, 'GET', url, undefined, { headers });
          expect(status).toSatisfy((code: number) => code < 500);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('and amounts that are accepted are posted exactly as written', async () => {
    const rich = await api.user(A);
    let total = 0n;
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.boolean(),
        async (minor, asText) => {
          const text = `${minor / 100n}.${(minor % 100n).toString().padStart(2, '0')}`;
          expect(
            await earn(
              `{"user_id":"${rich}","reference":"${randomUUID()}","amount":${asText ? `"${text}"` : text}}`,
            ),
          ).toMatchObject({ status: 200 });
          total += minor;
        },
      ),
      { numRuns: 100 },
    );
    expect(await api.balance(A, rich)).toBe(
      Number(`${total / 100n}.${(total % 100n).toString().padStart(2, '0')}`),
    );
  });
});
