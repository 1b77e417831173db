// The demo network: made once, found again, told to nobody but its owner.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../test/fixtures/database.ts';
import { seedDemo, type Credentials, type DemoParts } from './demo.ts';
import { createConnections } from './clearing/clearing.ts';
import { createIdentity } from './identity/identity.ts';
import type { MemberId, PlatformId } from './kernel/ids.ts';
import { systemClock } from './kernel/time.ts';
import { createLedger } from './ledger/ledger.ts';
import { createPlatformTokens, createSealer } from './security/security.ts';
import { createValuation, listRewards } from './valuation/valuation.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'pontis-demo-'));
let database: TestDatabase;
let parts: DemoParts;

beforeAll(async () => {
  database = await createTestDatabase();
  const { pool, url, log } = database;
  const masterKey = { bytes: randomBytes(32) };
  const identity = await createIdentity({ pool, log, sealer: createSealer(masterKey), tokens: createPlatformTokens(masterKey, systemClock) });
  const valuation = await createValuation(pool, systemClock);
  const ledger = await createLedger({ pool, url, log, clock: systemClock, valuation });
  const connections = await createConnections({ pool, log, identity, sealer: createSealer(masterKey), clock: systemClock });
  parts = { config: { dataDir, host: '127.0.0.1', port: 8080, role: 'all', demo: true, databaseUrl: undefined, sandbox: false }, log, identity, connections, valuation, ledger };
});
afterAll(async () => {
  await parts?.ledger.close();
  await parts?.connections.close();
  parts?.identity.close();
  await database?.drop();
  rmSync(dataDir, { recursive: true });
});

const file = join(dataDir, 'credentials.json');
const read = (): Credentials => JSON.parse(readFileSync(file, 'utf8')) as Credentials;

async function balances(): Promise<bigint[]> {
  const member = read().members[0]?.member_id as MemberId;
  return Promise.all(['platform_a', 'platform_b', 'platform_c'].map(async (platform) => (await parts.ledger.getBalance(member, platform as PlatformId)).balance));
}

test('is made with the figures of the source requirement', async () => {
  await seedDemo(parts);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(read()).toMatchObject({
    base_url: 'http://127.0.0.1:8080',
    platforms: ['platform_a', 'platform_b', 'platform_c'].map((platform_id) => ({ platform_id, custody: 'hosted', secret: expect.any(String), token: expect.any(String) })),
    operators: ['maker', 'checker'].map((operator_id) => ({ operator_id, token: expect.any(String) })),
    members: [{ links: { platform_a: 'a_1001', platform_b: 'b_1001', platform_c: 'c_1001' } }, {}],
  });
  for (const { operator_id, token } of read().operators) expect(await parts.identity.authenticateOperator(token)).toMatchObject({ ok: true, value: { operatorId: operator_id } });
  expect(await balances()).toEqual([150_000n, 230_000n, 80_000n]);
  expect(listRewards(parts.valuation.rulebook(), 'platform_a' as PlatformId, { points: () => 2 }).map(({ rewardId, nameZh, pointsRequired }) => [rewardId, nameZh, pointsRequired])).toEqual([['coupon_10', '10元优惠券', 100_000n], ['gift_card_50', '50元礼品卡', 450_000n]]);
  expect(parts.valuation.rulebook().document.platforms['platform_b']).toEqual({ multiplier: '1.2' });
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
  expect(await parts.identity.authenticateOperator(maker?.token ?? '')).toMatchObject({ ok: true, value: { operatorId: 'maker' } });
  expect(checker).toEqual(before.operators[1]);
  writeFileSync(file, 'not JSON');
  await seedDemo(parts);
  expect(read().platforms[1]?.secret).toBe(b?.secret);
});
