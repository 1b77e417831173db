// A platform joins with its value in force, or it does not join yet.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import type { PlatformId } from '../kernel/ids.ts';
import { addPlatform } from './onboarding.ts';

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

it('while a version is scheduled, a platform waits for it: its points would count as others', async () => {
  const { valuation, identity } = api.parts;
  const made = await valuation.proposals.make({
    operatorId: 'maker',
    reason: 'test',
    change: { patch: { settings: { quote_seconds: 61 } } },
    effectiveAtMs: api.clock.now() + 3_600_000,
  });
  if (!made.ok) throw new Error(made.problem.detail);
  await valuation.proposals.approve({ proposalId: made.value.proposalId, operatorId: 'checker' });

  const add = (): ReturnType<typeof addPlatform> =>
    addPlatform(api.parts, {
      platformId: 'platform_new',
      name: 'new',
      custody: 'hosted',
      multiplier: '3',
    });
  for (let time = 0; time < 2; time += 1) {
    expect(await add()).toMatchObject({
      ok: false,
      problem: { code: 'version_scheduled', detail: expect.stringContaining('takes effect at') },
    });
    expect(identity.findPlatform('platform_new')).toBeUndefined();
  }
  api.clock.advance(3_600_000);
  expect(await add()).toMatchObject({ ok: true });
  expect(valuation.rulebook().document).toMatchObject({
    settings: { quote_seconds: 61 },
    platforms: { platform_new: { multiplier: '3' } },
  });
});

it('an attempt that broke off is finished with the custody that it was begun with', async () => {
  const { ledger } = api.parts;
  await ledger.registerAsset({
    code: 'platform_half',
    kind: 'points',
    platformId: 'platform_half' as PlatformId,
    custody: 'connected',
  });
  const add = (custody: 'hosted' | 'connected'): ReturnType<typeof addPlatform> =>
    addPlatform(api.parts, { platformId: 'platform_half', name: 'half', custody });
  expect(await add('hosted')).toMatchObject({
    ok: false,
    problem: { code: 'platform_exists', detail: expect.stringContaining('was not finished') },
  });
  expect(await add('connected')).toMatchObject({ ok: true });
  expect(ledger.pointsOf('platform_half' as PlatformId)).toMatchObject({
    custody: 'connected',
    scale: 2,
  });
});
