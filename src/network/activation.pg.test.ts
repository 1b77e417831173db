// A platform joins beside a running process: no version is in force there while its assets are
// unknown, and no limit counts in another asset.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { activateDue, type ActivationParts } from './activation.ts';
import type { PlatformId } from '../kernel/ids.ts';
import { createLedger } from '../ledger/ledger.ts';
import { audit } from '../monitor/monitor.ts';
import { addPlatform } from './onboarding.ts';
import { createValuation, type RuleTerms, type RulebookDocument } from '../valuation/valuation.ts';

let database: TestDatabase;
let hub: TestApi;
/** Another process on the same database, such as a command. */
let beside: ActivationParts;
let count = 0;
let joining: PlatformId;

beforeAll(async () => {
  database = await createTestDatabase();
  hub = await createTestApi(database);
  const { pool, url, log } = database;
  const valuation = await createValuation(pool, hub.clock);
  beside = {
    log,
    valuation,
    ledger: await createLedger({ pool, url, log, clock: hub.clock, valuation }),
  };
  await hub.amend((document) => ({
    ...document,
    rules: { hold_limit: limit('hold', '60'), transfer_limit: limit('transfer', '50') },
  }));
  await beside.valuation.refresh();
});
afterAll(async () => {
  await beside?.ledger.close();
  await hub?.close();
  await database?.drop();
});
beforeEach(() => {
  count += 1;
  joining = `platform_j${count}` as PlatformId;
});

function limit(operation: 'hold' | 'transfer', maximum: string): RuleTerms {
  return {
    kind: 'limit',
    operations: [operation],
    limit: { measure: 'points', maximum, per: 'day', of: 'member' },
  };
}

/** The work of onboarding before its version is in force, in the other process. */
async function begin(): Promise<void> {
  await beside.ledger.registerAsset({ code: joining, kind: 'points', platformId: joining });
  const listed = await beside.valuation.add(listing(joining), 'onboarding');
  expect(listed.ok).toBe(true);
}

function listing(platformId: string): (document: RulebookDocument) => RulebookDocument {
  return (document) => ({
    ...document,
    platforms: { ...document.platforms, [platformId]: { multiplier: '1' } },
  });
}

/** Holds 50 under a limit of 60, then transfers 40 under another limit of 50. */
async function holdAndTransfer(): Promise<number[]> {
  const [from, to] = [await hub.user(joining, 200), await hub.user(joining)];
  const hold = await hub.call(joining, 'POST', '/api/points/holds', { user_id: from, amount: 50 });
  const transfer = (amount: number): ReturnType<TestApi['call']> =>
    hub.call(joining, 'POST', '/api/points/transfer', {
      from_user_id: from,
      to_user_id: to,
      amount,
      target_platform: joining,
    });
  const [first, second] = [await transfer(40), await transfer(11)];
  return [hold.status, first.status, second.status];
}

async function expectCleanBooks(): Promise<void> {
  const report = await audit(database.pool);
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  const { rows } = await database.pool.query(
    `select from ledger.account a where not exists (select from ledger.asset x
        where x.asset_id = a.asset_id)`,
  );
  expect(rows).toEqual([]);
}

it('limits count the points of a platform that another process has added, also where this one puts its version in force', async () => {
  await begin();
  await activateDue(hub.parts);
  await hub.join(joining, '1');
  expect(await holdAndTransfer()).toEqual([200, 200, 409]);
  await expectCleanBooks();
});

it('a platform that was listed before it joined brings no version, and its limits have their assets all the same', async () => {
  // The state after an attempt to join that was interrupted.
  expect((await hub.parts.valuation.add(listing(joining), 'onboarding')).ok).toBe(true);
  await activateDue(hub.parts);
  const before = hub.parts.valuation.rulebook().version;
  await hub.join(joining, '1');
  expect(hub.parts.valuation.rulebook().version).toBe(before);
  expect(await holdAndTransfer()).toEqual([200, 200, 409]);
  await expectCleanBooks();
});

it('a version stays out of force in a process that cannot read its assets', async () => {
  const { valuation } = hub.parts;
  const { version } = valuation.rulebook();
  await begin();
  await activateDue(beside);
  let reads = 0;
  valuation.admitBy(async () => {
    reads += 1;
    return false;
  });
  await valuation.refresh();
  expect([valuation.rulebook().version, reads]).toEqual([version, 1]);
  valuation.admitBy(async (assetIds) => {
    await hub.parts.ledger.refreshAssets();
    return [...assetIds].every((assetId) => hub.parts.ledger.assetById(assetId) !== undefined);
  });
  await valuation.refresh();
  expect(valuation.rulebook().version).toBeGreaterThan(version);
});

it('a process reads the assets of a version before the version is in force there', async () => {
  await begin();
  await activateDue(beside);
  await hub.parts.valuation.refresh();
  const { assetIds } = hub.parts.valuation.rulebook();
  expect(assetIds?.has(`limit:hold_limit@${joining}`)).toBe(true);
  expect(
    [...(assetIds?.values() ?? [])].filter(
      (assetId) => hub.parts.ledger.assetById(assetId) === undefined,
    ),
  ).toEqual([]);
});

it('a command that meets a limit without an asset waits for the asset: it is decided on a new reading, or refused to come again', async () => {
  await hub.join(joining, '1');
  const user = await hub.user(joining, 100);
  const {
    rows: [active],
  } = await database.pool.query<{ version: number; assets: Record<string, number> }>(
    `select version, assets from valuation.rulebook where activated_at is not null
        order by version desc limit 1`,
  );
  const { [`limit:hold_limit@${joining}`]: taken, ...rest } = active?.assets ?? {};
  expect(taken).toBeGreaterThan(0);
  const put = (assets: object): Promise<unknown> =>
    database.pool.query('update valuation.rulebook set assets = $2 where version = $1', [
      active?.version,
      JSON.stringify(assets),
    ]);
  await put(rest);
  await hub.parts.valuation.refresh();
  const hold = (): ReturnType<TestApi['call']> =>
    hub.call(joining, 'POST', '/api/points/holds', { user_id: user, amount: 10 });
  expect(await hold()).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  // Another process has done it.
  await put(active?.assets ?? {});
  expect(await hold()).toMatchObject({ status: 200 });
  await expectCleanBooks();
});

it('and whatever runs the loop gives the version the assets that it lacks', async () => {
  await hub.join(joining, '1');
  await database.pool.query(
    `update valuation.rulebook set assets = assets - $1::text
        where version = (select max(version) from valuation.rulebook)`,
    [`limit:transfer_limit@${joining}`],
  );
  await activateDue(hub.parts);
  expect(hub.parts.valuation.rulebook().assetIds?.has(`limit:transfer_limit@${joining}`)).toBe(
    true,
  );
  expect(await holdAndTransfer()).toEqual([200, 200, 409]);
  const joined = await addPlatform(hub.parts, {
    platformId: `${joining}_b`,
    name: 'b',
    custody: 'hosted',
  });
  expect(joined.ok).toBe(true);
});
