// The demo network: made once, found again at the next start, and its credentials readable by its
// owner only.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/fixtures/database.ts';
import {
  demoUsersOf,
  SANDBOX_PLATFORM,
  seedDemo,
  type Credentials,
  type DemoParts,
} from './seed-demo.ts';
import { createConnections } from '../connections/connections.ts';
import { createIdentity } from '../identity/identity.ts';
import type { MemberId, PlatformId } from '../kernel/ids.ts';
import { systemClock } from '../kernel/time.ts';
import { createLedger } from '../ledger/ledger.ts';
import { createPlatformTokens, createSealer } from '../security/security.ts';
import { createValuation, listRewards } from '../valuation/valuation.ts';

const folders: string[] = [];
const closers: (() => Promise<void>)[] = [];
let parts: DemoParts;

/** A separate network. */
async function open(sandbox: boolean): Promise<DemoParts> {
  const database = await createTestDatabase();
  const { pool, url, log } = database;
  const dataDir = mkdtempSync(join(tmpdir(), 'pontis-demo-'));
  folders.push(dataDir);
  const masterKey = { bytes: randomBytes(32) };
  const identity = await createIdentity({
    pool,
    log,
    sealer: createSealer(masterKey),
    tokens: createPlatformTokens(masterKey, systemClock),
  });
  const connections = await createConnections({
    pool,
    log,
    identity,
    sealer: createSealer(masterKey),
    clock: systemClock,
  });
  const valuation = await createValuation(pool, systemClock);
  const ledger = await createLedger({ pool, url, log, clock: systemClock, valuation });
  closers.push(async () => {
    await ledger.close();
    await connections.close();
    identity.close();
    await database.drop();
  });
  return {
    config: {
      dataDir,
      host: '127.0.0.1',
      port: 8080,
      role: 'all',
      demo: true,
      databaseUrl: undefined,
      sandbox,
    },
    log,
    identity,
    connections,
    valuation,
    ledger,
  };
}

beforeAll(async () => {
  parts = await open(false);
});
afterAll(async () => {
  for (const close of closers) await close();
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const fileOf = ({ config }: DemoParts): string => join(config.dataDir, 'credentials.json');
const read = (of = parts): Credentials =>
  JSON.parse(readFileSync(fileOf(of), 'utf8')) as Credentials;

async function balances(of = parts): Promise<bigint[]> {
  const member = read(of).members[0]?.member_id as MemberId;
  return Promise.all(
    ['platform_a', 'platform_b', 'platform_c'].map(
      async (platform) => (await of.ledger.getBalance(member, platform as PlatformId)).balance,
    ),
  );
}

test('is made with the figures of the source requirement', async () => {
  await seedDemo(parts);
  expect(statSync(fileOf(parts)).mode & 0o777).toBe(0o600);
  expect(read()).toMatchObject({
    base_url: 'http://127.0.0.1:8080',
    platforms: ['platform_a', 'platform_b', 'platform_c'].map((platform_id) => ({
      platform_id,
      custody: 'hosted',
      secret: expect.any(String),
      token: expect.any(String),
    })),
    operators: ['maker', 'checker'].map((operator_id) => ({
      operator_id,
      token: expect.any(String),
    })),
    members: [{ links: { platform_a: 'a_1001', platform_b: 'b_1001', platform_c: 'c_1001' } }, {}],
  });
  for (const { operator_id, token } of read().operators)
    expect(await parts.identity.authenticateOperator(token)).toMatchObject({
      ok: true,
      value: { operatorId: operator_id },
    });
  expect(await balances()).toEqual([150_000n, 230_000n, 80_000n]);
  expect(
    listRewards(parts.valuation.rulebook(), 'platform_a' as PlatformId, { points: () => 2 }).map(
      ({ rewardId, nameZh, pointsRequired }) => [rewardId, nameZh, pointsRequired],
    ),
  ).toEqual([
    ['coupon_10', '10元优惠券', 100_000n],
    ['gift_card_50', '50元礼品卡', 450_000n],
  ]);
  expect(parts.valuation.rulebook().document.platforms['platform_b']).toEqual({
    multiplier: '1.2',
  });
});

test('is found again unchanged, also by two at once, and a token that stopped working is replaced', async () => {
  const before = read();
  await Promise.all([seedDemo(parts), seedDemo(parts)]);
  expect(read()).toEqual(before);
  expect(await balances()).toEqual([150_000n, 230_000n, 80_000n]);
  await parts.identity.revokeTokens('platform_a');
  await parts.identity.renewOperatorToken('maker');
  await seedDemo(parts);
  const [a, b] = read().platforms;
  expect(a?.secret).toBe(before.platforms[0]?.secret);
  expect(a?.token).not.toBe(before.platforms[0]?.token);
  expect(b).toEqual(before.platforms[1]);
  const [maker, checker] = read().operators;
  expect(await parts.identity.authenticateOperator(maker?.token ?? '')).toMatchObject({
    ok: true,
    value: { operatorId: 'maker' },
  });
  expect(checker).toEqual(before.operators[1]);
  writeFileSync(fileOf(parts), 'not JSON');
  await seedDemo(parts);
  expect(read().platforms[1]?.secret).toBe(b?.secret);
});

test('has a connected platform where the sandbox runs, and keeps it whatever is started later', async () => {
  const connected = await open(true);
  await seedDemo(connected);
  expect(
    read(connected).platforms.map(({ platform_id, custody }) => [platform_id, custody]),
  ).toEqual([
    ['platform_a', 'hosted'],
    ['platform_b', 'hosted'],
    ['platform_c', 'connected'],
  ]);
  expect(connected.ledger.pointsOf(SANDBOX_PLATFORM)).toMatchObject({
    custody: 'connected',
    scale: 2,
  });
  expect(await connected.identity.findLink(SANDBOX_PLATFORM, 'c_1001')).toBeDefined();
  expect(await balances(connected)).toEqual([150_000n, 230_000n, 0n]);
  expect(demoUsersOf(SANDBOX_PLATFORM)).toEqual({ c_1001: '800', c_1002: '800' });
  await seedDemo({ ...connected, config: { ...connected.config, sandbox: false } });
  expect(read(connected).platforms[2]).toMatchObject({ custody: 'connected' });
});
