// Tests the page of the API: the files that it loads, the name that it shows, and that the server
// accepts calls that its file signs.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApi, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';

/** The exports of the browser's file that this test uses. */
interface Signing {
  signCall(
    platform: { readonly platformId: string; readonly token: string; readonly secret: string },
    call: { readonly method: string; readonly url: string; readonly body: string },
    nowMs: number,
  ): Promise<Record<string, string>>;
  sideOf(url: string): string;
}

let database: TestDatabase;
let api: TestApi;
let signing: Signing;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  const { body } = await api.server.inject('/docs/static/theme/sign-call.js');
  signing = (await import(`data:text/javascript,${encodeURIComponent(body)}`)) as Signing;
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const urlOf = (path: string) => `http://127.0.0.1:8080${path}`;

async function signed(method: 'GET' | 'POST', path: string, body = '', secret?: string) {
  const held = api.secrets['platform_a'] ?? { token: '', secret: '' };
  const platform = {
    platformId: 'platform_a',
    ...held,
    ...(secret === undefined ? {} : { secret }),
  };
  const headers = await signing.signCall(
    platform,
    { method, url: urlOf(path), body },
    api.clock.now(),
  );
  return api.server.inject({
    method,
    url: path,
    headers: { ...headers, ...(body === '' ? {} : { 'content-type': 'application/json' }) },
    ...(body === '' ? {} : { payload: body }),
  });
}

test('signs calls that the server takes: a body beyond ASCII, a query, no body', async () => {
  const user = await api.user('platform_a', 25);
  const ping = await signed('POST', '/api/ping', '{"hello":"世界"}');
  expect([ping.statusCode, ping.json()]).toEqual([
    200,
    expect.objectContaining({ platform_id: 'platform_a' }),
  ]);
  const balance = await signed('GET', `/api/points/balance?user_id=${user}`);
  expect([balance.statusCode, balance.json()]).toEqual([
    200,
    expect.objectContaining({ balance: 25 }),
  ]);
  expect((await signed('GET', '/api/users/x%2Fy')).json()).toMatchObject({
    code: 'user_not_found',
  });
});

test('signs with the secret that it is given: another one is refused', async () => {
  const answer = await signed('POST', '/api/ping', '{}', 'another secret');
  expect(answer.json()).toMatchObject({ code: 'signature_invalid' });
});

test('tells from the path who sends a call', () => {
  const sides = ['/api/ping', '/operator/windows?limit=1', '/metrics', '/problems'];
  expect(sides.map((path) => signing.sideOf(urlOf(path)))).toEqual([
    'platform',
    'operator',
    'operator',
    'anybody',
  ]);
});

test('shows the name and the icon of the network, and starts without the header of the viewer', async () => {
  const { body } = await api.server.inject('/docs');
  expect(body).toContain('<title>Pontis API</title>');
  expect([...body.matchAll(/rel="icon"[^>]*href="([^"]+)"/g)].map(([, link]) => link)).toEqual([
    '/docs/static/theme/icon.svg',
  ]);
  const { body: start } = await api.server.inject('/docs/static/theme/page.js');
  expect(start).toContain("layout: 'BaseLayout'");
  expect(start).not.toMatch(/localStorage|sessionStorage|cookie/);
});
