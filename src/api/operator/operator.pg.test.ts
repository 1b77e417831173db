// Tests the authentication of all routes under /operator: valid tokens pass, all others get a
// problem.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';

let database: TestDatabase;
let api: TestApi;
let token: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  token = await api.operator('maker');
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

describe('an operator', () => {
  it('is known by the bearer token alone', async () => {
    expect(await api.operate(token, 'GET', '/operator/whoami')).toMatchObject({
      status: 200,
      body: { operator_id: 'maker', state: 'active' },
    });
    expect(
      await api.operate(undefined, 'GET', '/operator/whoami', undefined, {
        authorization: `bearer  ${token}`,
      }),
    ).toMatchObject({ status: 200 });
  });

  it.each([
    ['no token', {}, 'operator_token_missing'],
    ['another scheme', { authorization: 'Basic bWFrZXI6eA==' }, 'operator_token_missing'],
    ['an empty token', { authorization: 'Bearer ' }, 'operator_token_missing'],
    [
      'a token of nobody',
      { authorization: `Bearer op_${'a'.repeat(43)}` },
      'operator_token_invalid',
    ],
    ['something else', { authorization: 'Bearer op_%00' }, 'operator_token_invalid'],
  ])('is asked for with %s', async (_what, headers, code) => {
    expect(
      await api.operate(undefined, 'GET', '/operator/whoami', undefined, headers),
    ).toMatchObject({
      status: 401,
      body: { code },
      headers: { 'www-authenticate': 'Bearer realm="pontis"' },
    });
  });

  it('is refused from the moment of its suspension, and let in again from that of its return', async () => {
    await api.parts.identity.setOperatorState('maker', 'suspended');
    expect(await api.operate(token, 'GET', '/operator/whoami')).toMatchObject({
      status: 403,
      body: { code: 'operator_suspended' },
    });
    await api.parts.identity.setOperatorState('maker', 'active');
    expect(await api.operate(token, 'GET', '/operator/whoami')).toMatchObject({ status: 200 });
  });
});

it('a platform is no operator, and an operator no platform', async () => {
  expect(await api.call('platform_a', 'GET', '/operator/whoami')).toMatchObject({
    status: 401,
    body: { code: 'operator_token_missing' },
  });
  expect(
    await api.operate(api.secrets['platform_a']?.token, 'GET', '/operator/whoami'),
  ).toMatchObject({ status: 401, body: { code: 'operator_token_invalid' } });
  expect(await api.operate(token, 'POST', '/api/ping', {})).toMatchObject({
    status: 401,
    body: { code: 'token_missing' },
    headers: { 'www-authenticate': 'PlatformToken realm="pontis"' },
  });
});

it('what is no route is told as under /api', async () => {
  expect(await api.operate(token, 'GET', '/operator/nothing')).toMatchObject({
    status: 404,
    body: { code: 'not_found' },
  });
  expect(await api.operate(token, 'POST', '/operator/whoami', '{"x')).toMatchObject({
    status: 405,
    headers: { allow: 'GET, HEAD' },
  });
  expect(await api.operate(token, 'GET', '/operator/whoami?x=1')).toMatchObject({
    status: 400,
    body: { code: 'unknown_field' },
  });
});
