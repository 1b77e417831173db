// Connections on a real database, also as seen by a second process, and calls over them to a real
// platform.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { patience } from '../../test/fixtures/patience.ts';
import { startSandbox, type RunningSandbox } from '../../test/fixtures/sandbox.ts';
import { createIdentity, type Identity } from '../identity/identity.ts';
import type { PlatformId } from '../kernel/ids.ts';
import { systemClock } from '../kernel/time.ts';
import { createPlatformTokens, createSealer } from '../security/security.ts';
import { createConnections, requireConnected, type Connections } from './create-connections.ts';

const C = 'platform_c' as PlatformId;
const TOKEN = 'token-of-the-network';

let database: TestDatabase;
let folder: string;
let identity: Identity;
/** The same registry in another process. */
let there: { identity: Identity; connections: Connections };
let connections: Connections;
let sandbox: RunningSandbox;
let secret: string;

const masterKey = { bytes: randomBytes(32) };

async function open(key = masterKey): Promise<{ identity: Identity; connections: Connections }> {
  const { pool, log } = database;
  const sealer = createSealer(key);
  const opened = await createIdentity({
    pool,
    log,
    sealer: createSealer(masterKey),
    tokens: createPlatformTokens(masterKey, systemClock),
  });
  return {
    identity: opened,
    connections: await createConnections({
      pool,
      log,
      sealer,
      identity: opened,
      clock: systemClock,
    }),
  };
}

beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'pontis-connections-'));
  ({ identity, connections } = await open());
  await identity.addPlatform({ platformId: 'platform_a', name: 'A', custody: 'hosted' });
  const added = await identity.addPlatform({ platformId: C, name: 'C', custody: 'connected' });
  secret = added.ok ? added.value.secret : '';
  there = await open();
  sandbox = await startSandbox(folder, { c_1: '12.50' }, ['--secret', secret]);
});
afterAll(async () => {
  await sandbox?.program.stop('SIGTERM');
  for (const part of [connections, there?.connections]) await part?.close();
  for (const part of [identity, there?.identity]) part?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

test('a platform without connection cannot be called', () => {
  expect(connections.connectorOf(C)).toBeUndefined();
  expect(connections.list()).toEqual([]);
});

test('a registered platform is called with its token and under its own secret, by every process', async () => {
  const set = await connections.set(
    { platformId: C, url: sandbox.target.url, token: TOKEN },
    'maker',
  );
  expect(set).toMatchObject({
    ok: true,
    value: { platformId: C, url: sandbox.target.url, changedBy: 'maker', revision: 1n },
  });
  expect(await connections.connectorOf(C)?.findBalance('c_1')).toEqual({
    outcome: 'yes',
    value: 1250n,
  });
  await vi.waitUntil(() => there.connections.connectorOf(C) !== undefined, patience(10_000));
  expect(await there.connections.connectorOf(C)?.findBalance('c_1')).toEqual({
    outcome: 'yes',
    value: 1250n,
  });
});

test('a client is kept as long as the connection is as it was', async () => {
  const client = connections.connectorOf(C);
  expect(connections.connectorOf(C)).toBe(client);
  await connections.set({ platformId: C, url: sandbox.target.url, token: TOKEN }, 'checker');
  expect(connections.connectorOf(C)).toBe(client);
  expect(connections.find(C)).toMatchObject({ changedBy: 'maker', revision: 1n });
  await connections.set({ platformId: C, url: sandbox.target.url, token: 'another' }, 'checker');
  expect(connections.connectorOf(C)).not.toBe(client);
  expect(await connections.connectorOf(C)?.getTotalPoints()).toMatchObject({
    outcome: 'unknown',
    reason: 'status',
  });
  await connections.set({ platformId: C, url: sandbox.target.url, token: TOKEN }, 'maker');
  expect(await connections.connectorOf(C)?.getTotalPoints()).toEqual({
    outcome: 'yes',
    value: 1250n,
  });
});

test('a rotated secret signs the next call', async () => {
  const rotated = await identity.rotateSecret(C);
  // The platform uses the old secret, as long as it is valid.
  expect(await connections.connectorOf(C)?.findBalance('c_1')).toEqual({
    outcome: 'yes',
    value: 1250n,
  });
  await sandbox.program.stop('SIGTERM');
  secret = rotated.ok ? rotated.value : '';
  sandbox = await startSandbox(folder, {}, ['--secret', secret]);
  await connections.set({ platformId: C, url: sandbox.target.url, token: TOKEN }, 'maker');
  expect(await connections.connectorOf(C)?.findBalance('c_1')).toEqual({
    outcome: 'yes',
    value: 1250n,
  });
});

test('a secret that somebody else knows ends at once, and a running sandbox takes the new one', async () => {
  const rotated = await identity.rotateSecret(C, 0);
  expect(await connections.connectorOf(C)?.findBalance('c_1')).toMatchObject({
    outcome: 'unknown',
    detail: expect.stringContaining('its secret differs'),
  });
  secret = rotated.ok ? rotated.value : '';
  expect(await sandbox.setSecret(secret)).toBe(200);
  expect(await connections.connectorOf(C)?.findBalance('c_1')).toEqual({
    outcome: 'yes',
    value: 1250n,
  });
});

test('the token is kept sealed and shown nowhere', async () => {
  expect(
    JSON.stringify([connections.list(), connections.find(C)], (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    ),
  ).not.toContain(TOKEN);
  const {
    rows: [row],
  } = await database.pool.query<{ sealed_token: Buffer }>(
    'select sealed_token from clearing.connection',
  );
  expect(row?.sealed_token.toString('latin1')).not.toContain(TOKEN);
  await expect(open({ bytes: randomBytes(32) })).rejects.toThrow(
    /token of the connection of platform_c cannot be opened with this master key/,
  );
});

test('a removed connection is gone everywhere, and comes back with a later revision', async () => {
  const revision = connections.find(C)?.revision ?? 0n;
  expect(await connections.remove(C, 'maker')).toEqual({ ok: true, value: C });
  expect(connections.connectorOf(C)).toBeUndefined();
  expect(await connections.remove(C, 'maker')).toMatchObject({
    ok: false,
    problem: { code: 'connection_not_found' },
  });
  await vi.waitUntil(() => there.connections.connectorOf(C) === undefined, patience(10_000));
  await there.connections.set({ platformId: C, url: sandbox.target.url, token: TOKEN }, 'checker');
  await vi.waitUntil(() => connections.connectorOf(C) !== undefined, patience(10_000));
  expect(connections.find(C)?.revision).toBe(revision + 2n);
});

test.each([
  ['not a url', TOKEN, 'url'],
  ['ftp://x.example', TOKEN, 'url'],
  ['https://u:p@x.example', TOKEN, 'url'],
  ['https://x.example/?a=1', TOKEN, 'url'],
  ['https://x.example/#a', TOKEN, 'url'],
  [`https://x.example/${'a'.repeat(2_048)}`, TOKEN, 'url'],
  ['https://x.example', '', 'token'],
  ['https://x.example', 'a b', 'token'],
])('%s with token "%s" is refused for its %s', async (url, token, field) => {
  expect(await connections.set({ platformId: C, url, token }, 'maker')).toMatchObject({
    ok: false,
    problem: { code: 'invalid_connection', extra: { field } },
  });
});

test('only a connected platform has one', async () => {
  expect(await requireConnected(identity, 'platform_a')).toMatchObject({
    ok: false,
    problem: { code: 'hosted_platform' },
  });
  expect(await requireConnected(identity, 'platform_z')).toMatchObject({
    ok: false,
    problem: { code: 'platform_not_found' },
  });
  expect(await requireConnected(identity, C)).toMatchObject({ ok: true, value: { platformId: C } });
  await connections.set(
    { platformId: 'platform_a', url: sandbox.target.url, token: TOKEN },
    'maker',
  );
  expect(connections.connectorOf('platform_a' as PlatformId)).toBeUndefined();
});
