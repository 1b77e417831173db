// Reconciliation against a real connected platform: the sandbox as a process, with wrong totals,
// doubled deliveries, lost answers, and none at all.

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
import {
  insertSaga,
  moveSaga,
  newTransactionId,
  reverseSaga,
  type SagaTerms,
  type TestSaga,
} from '../fixtures/sagas.ts';
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

describe('a run', () => {
  it('finds nothing where both sides agree, whatever became of the transactions', async () => {
    await both(500n);
    await both(-300n);
    const failed = await both(-200n, { state: 'failed' });
    await platform.reverse({ userId: 'ann', amountMinor: 200n, transactionId: failed.publicId });
    const reversed = await both(100n);
    await reverseSaga(database.pool, reversed, 'completed');
    await platform.reverse({ userId: 'ann', amountMinor: 100n, transactionId: reversed.publicId });
    await insertSaga(database.pool, { effect: -50n, state: 'failed' });
    await insertSaga(database.pool, { effect: -50n, state: 'deducting' });
    expect(await run()).toMatchObject({
      state: 'complete',
      linesRead: 6n,
      compared: 6n,
      matched: 5n,
      underWay: 1n,
      breaks: exactly({}),
      opened: 0,
      askedBy: OPERATOR,
      total: { state: 'baseline', theirs: 200_200n },
    });
    expect(await run()).toMatchObject({
      state: 'complete',
      linesRead: 0n,
      breaks: exactly({}),
      total: { state: 'agrees' },
    });
    expect(await run('full')).toMatchObject({
      state: 'complete',
      linesRead: 6n,
      compared: 6n,
      breaks: exactly({}),
      total: { state: 'agrees' },
    });
    expect(await open()).toEqual([]);
  });

  it('names each difference by its category, tells of it once, and closes it when it has vanished', async () => {
    await both(500n);
    await run();
    const missingHere = await both(-100n, { state: 'failed' });
    const missingThere = await insertSaga(database.pool, { effect: 200n });
    const wrong = await insertSaga(database.pool, { effect: 300n });
    await there(301n, wrong.publicId);
    const unknown = newTransactionId();
    await there(-5n, `txn_${unknown.replaceAll('-', '')}`);
    await there(7n, 'order 4711'.replace(' ', '-'));
    const known = await test.earn('platform_a', test.member(), 100n);
    if (!known.ok) throw new Error('refused');
    const hosted = `txn_${known.transaction.transactionId.replaceAll('-', '')}`;
    await there(9n, hosted);
    const all = [
      ['missing_here', missingHere.publicId, 0n, -100n],
      ['missing_there', missingThere.publicId, 200n, null],
      ['amount', wrong.publicId, 300n, 301n],
      ['unknown_reference', `txn_${unknown.replaceAll('-', '')}`, null, -5n],
      ['unknown_reference', 'order-4711', null, 7n],
      ['missing_here', hosted, null, 9n],
    ];

    const first = await run();
    expect(first).toMatchObject({
      state: 'complete',
      breaks: exactly({ missing_here: 2, missing_there: 1, amount: 1, unknown_reference: 2 }),
      opened: 6,
      total: { state: 'agrees' },
    });
    expect(await open()).toEqual(expect.arrayContaining(all));
    expect(await run('full')).toMatchObject({ breaks: first.breaks, opened: 0, resolved: 0 });
    expect(await run()).toMatchObject({ breaks: first.breaks, opened: 0, resolved: 0 });
    expect(
      (await events('reconciliation.break')).map(({ category, ours, theirs }) => [
        category,
        ours,
        theirs,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ['amount', '3.00', '3.01'],
        ['unknown_reference', null, '-0.05'],
      ]),
    );
    expect(await events('reconciliation.break')).toHaveLength(6);
    expect(await events('reconciliation.completed')).toHaveLength(4);

    await platform.reverse({
      userId: 'ann',
      amountMinor: 100n,
      transactionId: missingHere.publicId,
    });
    await there(200n, missingThere.publicId);
    expect(await run()).toMatchObject({
      breaks: exactly({ missing_here: 1, amount: 1, unknown_reference: 2 }),
      opened: 0,
      resolved: 2,
    });
    expect(await open('resolved')).toEqual(
      expect.arrayContaining([['missing_here', missingHere.publicId, 0n, -100n]]),
    );
  });

  it('opens a break again that comes back', async () => {
    const saga = await both(100n, { state: 'failed' });
    await run();
    await moveSaga(database.pool, saga, 'completed', new Date());
    expect(await run()).toMatchObject({ breaks: exactly({}), resolved: 1 });
    await moveSaga(database.pool, saga, 'failed', new Date(Date.now() - 200_000));
    expect(await run()).toMatchObject({ breaks: exactly({ missing_here: 1 }), opened: 1 });
    expect(await reconciliation.listBreaks({}, 9)).toMatchObject([
      { state: 'open', timesOpened: 2, closedAt: null },
    ]);
  });

  it('takes what is under way, or was only just done, for a matter of time, and asks again', async () => {
    const underWay = await both(-100n, { state: 'deducting' });
    // Reversed at the platform after its statement was read, by the network's clock.
    const justDone = await insertSaga(database.pool, { effect: 200n, changedAt: new Date() });
    expect(await run()).toMatchObject({ breaks: exactly({ late: 2 }), opened: 2 });
    expect(await events('reconciliation.break')).toEqual([]);
    await moveSaga(database.pool, underWay, 'completed', new Date());
    await there(200n, justDone.publicId);
    expect(await run()).toMatchObject({ breaks: exactly({}), resolved: 2 });
  });

  it("closes a timing break by the platform's look-up when its statement is behind, and says so", async () => {
    const saga = await both(300n, { changedAt: new Date() });
    // A statement that lags behind the platform's books.
    const behind: ConnectorClient = {
      ...platform,
      readStatement: async (since) => ({
        outcome: 'yes',
        value: { entries: [], nextCursor: since ?? '0', more: false },
      }),
    };
    const lagging = createReconciliation({
      ...database,
      clock: test.clock,
      ledger: test.ledger,
      everyMs: 0,
      identity: platformsOf([[C, 'connected']]),
      connectorOf: () => behind,
    });
    await lagging.reconcile({ mode: 'incremental', operatorId: null });
    expect(await reconciliation.listBreaks({}, 9)).toMatchObject([
      { category: 'late', subject: saga.publicId, state: 'resolved', resolution: 'asked' },
    ]);
    // Long after, it is no matter of time any more.
    test.clock.advance(400_000);
    await lagging.reconcile({ mode: 'full', operatorId: null });
    expect(await reconciliation.listBreaks({ state: 'open' }, 9)).toMatchObject([
      { category: 'missing_there', timesOpened: 2 },
    ]);
  });
});
