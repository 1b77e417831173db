// Tests that only operators and monitors see figures and reasons; everybody else sees whether the
// parts are healthy.

import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';

let database: TestDatabase;
let api: TestApi;
let operator: string;
let monitor: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  operator = await api.operator('olga');
  monitor = await api.parts.identity.renewScrapeToken();
  // No server listens on this port.
  await api.join('away', '1.0', { url: 'http://127.0.0.1:45998', token: 'x' });
  await api.parts.connectionHealth.check();
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const get = (url: string, token?: string) =>
  api.server.inject({
    url,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });

const lines = async (): Promise<number> => (await get('/metrics', monitor)).body.split('\n').length;
const odd = async (round: number): Promise<void> => {
  for (let one = 0; one < 20; one += 1) {
    const name = `${round}-${one}`;
    await api.server.inject({
      url: `/${name}`,
      headers: {
        'x-platform-id': name,
        'x-platform-token': name,
        authorization: `Bearer ${name}`,
        'x-request-id': name,
      },
    });
    await api.server.inject({
      url: `/api/users/${name}`,
      headers: { 'x-platform-id': name, 'x-platform-token': name },
    });
    await api.server.inject({ url: `/problems/${name}` });
    await api.server.inject({ method: one % 2 === 0 ? 'PUT' : 'DELETE', url: '/api/points/earn' });
  }
};

describe('/metrics', () => {
  it('needs the token of an operator or of a monitor, which ends when it is renewed', async () => {
    expect([
      (await get('/metrics')).statusCode,
      (await get('/metrics', 'x')).statusCode,
      (await get('/metrics', `scrape_${'a'.repeat(43)}`)).statusCode,
    ]).toEqual([401, 401, 401]);
    for (const token of [operator, monitor])
      expect(await get('/metrics', token)).toMatchObject({
        statusCode: 200,
        body: expect.stringContaining('pontis_'),
      });
    const former = monitor;
    monitor = await api.parts.identity.renewScrapeToken();
    expect([
      (await get('/metrics', former)).statusCode,
      (await get('/metrics', monitor)).statusCode,
    ]).toEqual([401, 200]);
    expect(
      (
        await database.pool.query<{ text: string }>(
          'select encode(token_hash, $1) as text from identity.scrape_token',
          ['escape'],
        )
      ).rows[0]?.text,
    ).not.toContain(monitor);
  });

  it('opens nothing else', async () => {
    expect((await get('/operator/whoami', monitor)).statusCode).toBe(401);
    expect((await get('/operator/rulebook', monitor)).statusCode).toBe(401);
  });

  it('does not grow with what strangers send', async () => {
    await odd(0);
    const before = await lines();
    for (const round of [1, 2, 3]) await odd(round);
    expect(await lines()).toBe(before);
  });
});

describe('/health', () => {
  it('tells everybody the status of each part, and why only to those who run it', async () => {
    const open = (await get('/health')).json().checks.platform_connections as Record<
      string,
      object
    >;
    expect(open['away']).toEqual({ status: 'unhealthy', message: 'No usable answer' });
    expect(open['platform_a']).toEqual({ status: 'healthy', message: 'Balances are kept here' });
    for (const token of [operator, monitor]) {
      const told = (await get('/health', token)).json().checks.platform_connections as Record<
        string,
        { message: string; detail: string }
      >;
      expect(told['away']).toMatchObject({
        status: 'unhealthy',
        message: expect.stringMatching(/^No usable answer \(.+\)$/),
      });
    }
    expect((await get('/health', 'x')).statusCode).toBe(401);
  });

  it('does not tell that a platform was suspended, or by whom', async () => {
    await api.parts.identity.setPlatformState('platform_c', 'suspended');
    expect((await get('/health')).json().checks.platform_connections.platform_c).toEqual({
      status: 'degraded',
      message: 'Not available',
    });
    expect((await get('/health', monitor)).json().checks.platform_connections.platform_c).toEqual({
      status: 'degraded',
      message: 'Suspended by the operator',
    });
    await api.parts.identity.setPlatformState('platform_c', 'active');
  });
});

describe('/openapi.json', () => {
  it('is compressed where that is accepted, and not sent again to whoever has it', async () => {
    const plain = await api.server.inject('/openapi.json');
    const gzipped = await api.server.inject({
      url: '/openapi.json',
      headers: { 'accept-encoding': 'br, gzip;q=0.8' },
    });
    expect(gzipped.headers).toMatchObject({
      'content-encoding': 'gzip',
      vary: 'Accept-Encoding',
      'cache-control': 'public, no-cache',
    });
    expect(gunzipSync(gzipped.rawPayload)).toEqual(plain.rawPayload);
    expect(gzipped.rawPayload.length * 4).toBeLessThan(plain.rawPayload.length);
    expect(gzipped.headers.etag).not.toBe(plain.headers.etag);
    for (const known of [
      plain.headers.etag,
      gzipped.headers.etag,
      `"x", W/${plain.headers.etag}`,
      '*',
    ]) {
      const again = await api.server.inject({
        url: '/openapi.json',
        headers: { 'if-none-match': String(known) },
      });
      expect([again.statusCode, again.body]).toEqual([304, '']);
    }
    for (const headers of [
      { 'if-none-match': '"x"' },
      { 'accept-encoding': 'gzip;q=0, identity' },
    ]) {
      const whole = await api.server.inject({ url: '/openapi.json', headers });
      expect([whole.statusCode, whole.headers['content-encoding'], whole.body]).toEqual([
        200,
        undefined,
        plain.body,
      ]);
    }
  });
});
