// HTTP Message Signatures (RFC 9421) of an independent library: accepted when they cover enough.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { callSigned, COVERED } from '../../test/fixtures/message-signed.ts';
import { formatContentDigest } from '../security/security.ts';

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

describe('HTTP message signatures (RFC 9421), signed by an independent library', () => {
  it('are accepted with target URI or with path and query', async () => {
    expect(await callSigned(api, ann, COVERED)).toMatchObject({ status: 200 });
    expect(
      await callSigned(api, ann, ['@method', '@path', '@query', 'content-digest', '@authority']),
    ).toMatchObject({ status: 200 });
  });

  it('are refused when the query, the body or the idempotency key is not the signed one', async () => {
    expect(await callSigned(api, ann, ['@method', '@path', 'content-digest'])).toMatchObject({
      status: 403,
      body: { code: 'signature_incomplete' },
    });
    expect(await callSigned(api, ann, ['@method', '@target-uri'])).toMatchObject({
      status: 403,
      body: { code: 'signature_incomplete' },
    });
    expect(await callSigned(api, ann, COVERED, { 'idempotency-key': 'x' })).toMatchObject({
      status: 403,
      body: { code: 'signature_incomplete' },
    });
    expect(await callSigned(api, ann, COVERED, { host: 'elsewhere.test' })).toMatchObject({
      status: 403,
      body: { code: 'signature_invalid' },
    });
    expect(
      await callSigned(api, ann, COVERED, {
        'content-digest': formatContentDigest(Buffer.from('x')),
      }),
    ).toMatchObject({ status: 403, body: { code: 'signature_invalid' } });
    expect(
      await callSigned(api, ann, COVERED, { 'signature-input': 'sig=("@method"' }),
    ).toMatchObject({
      status: 403,
      body: { code: 'signature_malformed' },
    });
    expect(
      await callSigned(api, ann, COVERED, {
        'signature-input': 'sig=("@method");keyid="platform_b";created=1',
      }),
    ).toMatchObject({ status: 403, body: { code: 'platform_mismatch' } });
  });
});
