// Reconciliation with a platform that gives no answer, or an impossible one: no break is made of it.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exactly } from '../fixtures/exactly.ts';
import {
  createReconciliation,
  type Break,
  type Reconciliation,
  type Run,
  type RunMode,
} from '../../src/clearing/reconciliation/reconciliation.ts';
import {
  createConnectorClient,
  type ConnectorClient,
} from '../../src/connections/connector-client.ts';
import type { PlatformId } from '../../src/kernel/ids.ts';
import { selectEvents } from '../../src/events/feed.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import { insertSaga, type SagaTerms, type TestSaga } from '../fixtures/sagas.ts';
import { SANDBOX, startSandbox, type RunningSandbox } from '../fixtures/sandbox.ts';

const C = SANDBOX.platformId as PlatformId;
const OPERATOR = 'olga';

let folder: string;
let database: TestDatabase;
let test: TestLedger;
let sandbox: RunningSandbox;
let platform: ConnectorClient;
let reconciliation: Reconciliation;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pontis-reconciliation-'));
  database = await createTestDatabase();
  test = await createTestLedger(database);
  sandbox = await startSandbox(folder, { ann: '1000', bob: '1000' });
  platform = createConnectorClient(sandbox.target, { timeoutMs: 2_000 });
  reconciliation = createReconciliation({
    ...database,
    clock: test.clock,
    ledger: test.ledger,
    everyMs: 900_000,
    patience: { attempts: 2, firstDelayMs: 5, longestDelayMs: 5 },
    identity: platformsOf([
      ['platform_a', 'hosted'],
      [C, 'connected'],
    ]),
    connectorOf: (platformId) => (platformId === C ? platform : undefined),
  });
});
afterEach(async () => {
  await sandbox?.program.stop();
  await test?.ledger.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** As much of identity as is asked here. */
function platformsOf(
  platforms: readonly (readonly [string, 'hosted' | 'connected'])[],
): Parameters<typeof createReconciliation>[0]['identity'] {
  const all = platforms.map(([platformId, custody]) => ({
    platformId: platformId as PlatformId,
    custody,
    name: platformId,
    state: 'active' as const,
    ownerId: randomUUID(),
  }));
  return {
    listPlatforms: () => all as never,
    findPlatform: (platformId) => all.find((one) => one.platformId === platformId) as never,
  };
}

async function run(mode: RunMode = 'incremental', platformId: string = C): Promise<Run> {
  const runs = await reconciliation.reconcile({ platformId, mode, operatorId: OPERATOR });
  if (!runs.ok) throw new Error(runs.problem.detail);
  return runs.value[0]!;
}

/** What is open, as [category, subject, ours, theirs]. */
async function open(state: Break['state'] = 'open'): Promise<unknown[]> {
  return (await reconciliation.listBreaks({ state }, 100)).map(
    ({ category, subject, ours, theirs }) => [category, subject, ours, theirs],
  );
}

/** A transfer that the network has recorded and the platform carried out. */
async function both(effect: bigint, terms: Partial<SagaTerms> = {}): Promise<TestSaga> {
  const saga = await insertSaga(database.pool, { effect, ...terms });
  await there(effect, saga.publicId);
  return saga;
}

async function there(effect: bigint, transactionId: string): Promise<void> {
  const step = { userId: 'ann', amountMinor: effect < 0n ? -effect : effect, transactionId };
  await platform[effect < 0n ? 'deduct' : 'add'](step);
}

async function events(type: string): Promise<Record<string, unknown>[]> {
  return (await selectEvents(database.pool, 0n, 1_000, { platformId: C }))
    .filter((event) => event.type === type)
    .map(({ data }) => data);
}

/** Against a platform that answers otherwise. */
function over(connector: ConnectorClient): Reconciliation {
  return createReconciliation({
    ...database,
    clock: test.clock,
    ledger: test.ledger,
    everyMs: 0,
    identity: platformsOf([[C, 'connected']]),
    connectorOf: () => connector,
    patience: { attempts: 2, firstDelayMs: 1, longestDelayMs: 1 },
  });
}

async function of(asked: ReturnType<Reconciliation['reconcile']>): Promise<Run> {
  const runs = await asked;
  if (!runs.ok) throw new Error(runs.problem.detail);
  return runs.value[0]!;
}

describe('a platform that does not answer', () => {
  it('never makes a break, and closes none', async () => {
    await both(100n, { state: 'failed' });
    await run();
    await sandbox.setFaults({ down: true });
    await insertSaga(database.pool, { effect: 900n });
    const runs = [await run(), await run('full')];
    for (const one of runs)
      expect(one).toMatchObject({
        state: 'incomplete',
        reason: expect.stringContaining('platform did not answer'),
        breaks: exactly({}),
        opened: 0,
        resolved: 0,
        total: null,
      });
    expect(await open()).toHaveLength(1);
    expect((await events('reconciliation.completed')).map(({ complete }) => complete)).toEqual([
      true,
      false,
      false,
    ]);
    await sandbox.setFaults({});
    expect(await run('full')).toMatchObject({
      state: 'complete',
      breaks: exactly({ missing_here: 1, missing_there: 1 }),
    });
  });

  it('in the middle of its statement is read on from there, and only then compared', async () => {
    const sagas = await Promise.all(Array.from({ length: 6 }, () => both(100n)));
    let calls = 0;
    const stops: ConnectorClient = {
      ...platform,
      readStatement: async (since) =>
        (calls += 1) > 2
          ? { outcome: 'unknown', reason: 'reset', detail: 'cut' }
          : platform.readStatement(since, 2),
    };
    const halting = createReconciliation({
      ...database,
      clock: test.clock,
      ledger: test.ledger,
      everyMs: 0,
      identity: platformsOf([[C, 'connected']]),
      connectorOf: () => stops,
      patience: { attempts: 2, firstDelayMs: 1, longestDelayMs: 1 },
    });
    const first = await halting.reconcile({ mode: 'incremental', operatorId: null });
    expect(first.ok && first.value[0]).toMatchObject({
      state: 'incomplete',
      linesRead: 4n,
      reason: 'platform did not answer when asked for its statement: cut',
      breaks: exactly({}),
    });
    expect(await open()).toEqual([]);
    expect(await run()).toMatchObject({
      state: 'complete',
      linesRead: 2n,
      compared: BigInt(sagas.length),
      matched: 6n,
      breaks: exactly({}),
    });
  });

  it('in a full run is read from its beginning by the next full run, and finds every loss', async () => {
    const sagas = await Promise.all(Array.from({ length: 9 }, () => both(100n)));
    expect(await run()).toMatchObject({ state: 'complete', compared: 9n });
    // What the platform had is lost, but for the last three.
    const lost = new Set(sagas.slice(0, 6).map(({ publicId }) => publicId));
    let left = 2;
    const told = async (since?: string): ReturnType<ConnectorClient['readStatement']> => {
      const page = await platform.readStatement(since, 100);
      return page.outcome === 'yes'
        ? {
            ...page,
            value: {
              ...page.value,
              entries: page.value.entries.filter(({ transactionId }) => !lost.has(transactionId)),
            },
          }
        : page;
    };
    const halting = over({
      ...platform,
      readStatement: (since) =>
        (left -= 1) < 0
          ? Promise.resolve({ outcome: 'unknown', reason: 'reset', detail: 'cut' })
          : platform.readStatement(since, 2),
    });
    expect(await of(halting.reconcile({ mode: 'full', operatorId: null }))).toMatchObject({
      state: 'incomplete',
      linesRead: 4n,
      breaks: exactly({}),
    });
    // What a run has read for nothing is no part of any comparison, also not of one that goes on
    // where a complete one ended.
    expect(await of(halting.reconcile({ mode: 'incremental', operatorId: null }))).toMatchObject({
      state: 'incomplete',
    });
    const losing = over({
      ...platform,
      readStatement: (since) => told(since),
      getTotalPoints: async () => ({ outcome: 'yes', value: 200_300n }),
    });
    expect(await of(losing.reconcile({ mode: 'full', operatorId: null }))).toMatchObject({
      state: 'complete',
      compared: 9n,
      matched: 3n,
      breaks: exactly({ missing_there: 6 }),
      total: { state: 'agrees' },
    });
    expect(await run('full')).toMatchObject({
      state: 'complete',
      linesRead: 9n,
      matched: 9n,
      breaks: exactly({}),
      total: { state: 'agrees' },
    });
  });

  it.each([['incremental'], ['full']] as const)(
    'whose cursors go in a circle ends a run that is %s, makes no break, and is read from its beginning by the next',
    async (mode) => {
      await Promise.all(Array.from({ length: 6 }, () => both(100n)));
      await run();
      await Promise.all(Array.from({ length: 6 }, () => both(100n)));
      const circling = over({
        ...platform,
        async readStatement(since) {
          const page = await platform.readStatement(since, 2);
          return page.outcome === 'yes' && page.value.nextCursor === '10'
            ? { ...page, value: { ...page.value, nextCursor: '6', more: true } }
            : page;
        },
      });
      for (let count = 0; count < 3; count += 1) {
        expect(await of(circling.reconcile({ mode, operatorId: null }))).toMatchObject({
          state: 'incomplete',
          reason: expect.stringContaining('goes in a circle'),
          breaks: exactly({}),
        });
      }
      expect(await open()).toEqual([]);
      expect(await run()).toMatchObject({
        state: 'complete',
        breaks: exactly({}),
        matched: 12n,
        ...(mode === 'incremental' ? { linesRead: 12n } : {}),
        total: { state: 'agrees' },
      });
    },
  );

  it('whose last page leads to itself is not read twice', async () => {
    await Promise.all(Array.from({ length: 3 }, () => both(100n)));
    const standing = over({
      ...platform,
      async readStatement(since) {
        const page = await platform.readStatement(undefined, 10);
        return page.outcome === 'yes'
          ? { ...page, value: { ...page.value, nextCursor: since ?? '3' } }
          : page;
      },
    });
    for (let count = 0; count < 2; count += 1) {
      expect(await of(standing.reconcile({ mode: 'incremental', operatorId: null }))).toMatchObject(
        {
          state: 'incomplete',
          reason: expect.stringContaining('repeats a page'),
          breaks: exactly({}),
        },
      );
    }
    expect(await run()).toMatchObject({
      state: 'complete',
      linesRead: 3n,
      matched: 3n,
      breaks: exactly({}),
    });
  });

  it('is not believed when it tells half an answer: lost answers, errors and doubled deliveries make no break', async () => {
    await sandbox.setFaults({
      reset_after_apply: 0.3,
      error_500: 0.2,
      duplicate_delivery: 0.5,
      seed: 5,
    });
    const sagas = await Promise.all(
      Array.from({ length: 20 }, () => insertSaga(database.pool, { effect: 10n })),
    );
    for (const { publicId } of sagas)
      while (
        (await platform.add({ userId: 'bob', amountMinor: 10n, transactionId: publicId }))
          .outcome !== 'yes'
      );
    const seen = new Set<string>();
    for (let count = 0; count < 6; count += 1) {
      const one = await run();
      seen.add(one.state);
      expect(one.breaks).toEqual({});
    }
    await sandbox.setFaults({});
    expect(await run('full')).toMatchObject({
      state: 'complete',
      compared: 20n,
      matched: 20n,
      breaks: exactly({}),
    });
    expect(seen.has('complete')).toBe(true);
  });

  it('refusing is not answering either', async () => {
    const refusing: ConnectorClient = {
      ...platform,
      readStatement: async () => ({ outcome: 'no', status: 400, error: 'since is not a cursor' }),
    };
    const refused = createReconciliation({
      ...database,
      clock: test.clock,
      ledger: test.ledger,
      everyMs: 0,
      identity: platformsOf([[C, 'connected']]),
      connectorOf: () => refusing,
    });
    const runs = await refused.reconcile({ mode: 'incremental', operatorId: null });
    expect(runs.ok && runs.value[0]).toMatchObject({
      state: 'incomplete',
      reason: 'platform refused to report its statement: 400 since is not a cursor',
    });
  });
});
