// Tests a platform whose secret is rotated: both secrets are valid for a while, then only the new
// one.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { signRequest } from '../security/security.ts';

const A = 'platform_a';
let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

/** The result of a call that is signed with a secret. */
async function signedWith(secret: string): Promise<unknown> {
  const timestamp = String(Math.floor(api.clock.now() / 1_000));
  const signature = signRequest(secret, {
    timestamp,
    method: 'GET',
    path: '/api/rates',
    body: undefined,
  });
  const { status, body } = await api.call(A, 'GET', '/api/rates', undefined, {
    timestamp,
    headers: { 'x-signature': signature },
  });
  return status === 200 ? 200 : body['code'];
}

async function rotate(overlapMs?: number): Promise<string> {
  const rotated = await api.parts.identity.rotateSecret(A, overlapMs);
  if (!rotated.ok) throw new Error(rotated.problem.detail);
  return rotated.value;
}

it('signs with the old secret and the new one until the overlap is over', async () => {
  const first = api.secrets[A]?.secret ?? '';
  const second = await rotate(3_600_000);
  expect(second).not.toBe(first);
  expect([
    await signedWith(first),
    await signedWith(second),
    await signedWith('sk_nonsense'),
  ]).toEqual([200, 200, 'signature_invalid']);
  api.clock.advance(3_601_000);
  expect([await signedWith(first), await signedWith(second)]).toEqual(['signature_invalid', 200]);
});

it('signs with the last two at most, and with one alone when somebody else knows the old one', async () => {
  const [first, second, third] = [await rotate(), await rotate(), await rotate()];
  expect([await signedWith(first), await signedWith(second), await signedWith(third)]).toEqual([
    'signature_invalid',
    200,
    200,
  ]);
  const fourth = await rotate(0);
  expect([await signedWith(third), await signedWith(fourth)]).toEqual(['signature_invalid', 200]);
  const {
    rows: [row],
  } = await database.pool.query<{ sealed_former_secret: Buffer | null }>(
    `select sealed_former_secret from identity.platform where platform_id = $1`,
    [A],
  );
  expect(row?.sealed_former_secret).toBeNull();
});

it('is not locked out by anything else that changes of it', async () => {
  const first = await rotate();
  const second = await rotate();
  await api.parts.identity.setPlatformState(A, 'suspended');
  await api.parts.identity.setPlatformState(A, 'active');
  expect([await signedWith(first), await signedWith(second)]).toEqual([200, 200]);
});
