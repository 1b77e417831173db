// Reconciliation as operators see it, totals that differ, and several processes at once.

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
import { insertSaga, moveSaga, type SagaTerms, type TestSaga } from '../fixtures/sagas.ts';
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

/**
 * Against a platform that moves points between any two questions, and tells another total than it
 * has.
 */
function restless(total: (real: bigint) => bigint): Reconciliation {
  return createReconciliation({
    ...database,
    clock: test.clock,
    ledger: test.ledger,
    everyMs: 0,
    identity: platformsOf([[C, 'connected']]),
    connectorOf: () => ({
      ...platform,
      async getTotalPoints() {
        const outcome = await platform.getTotalPoints();
        await sandbox.moveOwn('bob', '0.01');
        await sandbox.moveOwn('bob', '0.01');
        return outcome.outcome === 'yes' ? { ...outcome, value: total(outcome.value) } : outcome;
      },
    }),
  });
}

describe('totals', () => {
  it('that are wrong are a break with both figures, until they are right again', async () => {
    await both(500n);
    expect(await run()).toMatchObject({ total: { state: 'baseline' } });
    await sandbox.setFaults({ wrong_total: '-12.34' });
    expect(await run()).toMatchObject({
      state: 'complete',
      breaks: exactly({ total: 1 }),
      total: { state: 'differs', ours: 200_500n, theirs: 199_266n },
    });
    expect(await open()).toEqual([['total', 'total', 200_500n, 199_266n]]);
    expect(await events('reconciliation.break')).toMatchObject([
      { category: 'total', ours: '2005.00', theirs: '1992.66' },
    ]);
    await sandbox.setFaults({});
    expect(await run()).toMatchObject({
      breaks: exactly({}),
      resolved: 1,
      total: { state: 'agrees' },
    });
  });

  it("follow the platform's own business by the lines `other` of its statement", async () => {
    await both(-500n);
    await run();
    expect(await sandbox.moveOwn('ann', '77.70')).toBe(200);
    expect(await sandbox.moveOwn('bob', '-0.70')).toBe(200);
    expect(await run()).toMatchObject({
      linesRead: 2n,
      compared: 1n,
      breaks: exactly({}),
      total: { state: 'agrees', theirs: 207_200n },
    });
    expect(await run('full')).toMatchObject({
      linesRead: 3n,
      breaks: exactly({}),
      total: { state: 'agrees' },
    });
    expect((await platform.findTransaction('own-1')).outcome).toBe('yes');
  });

  it('of a platform that keeps moving are no break, and agree where some moment explains them', async () => {
    await both(100n);
    await run();
    const one = await restless((real) => real).reconcile({ mode: 'incremental', operatorId: null });
    expect(one.ok && one.value[0]).toMatchObject({ state: 'complete', total: { state: 'agrees' } });
    const other = await restless((real) => real - 5_000n).reconcile({
      mode: 'incremental',
      operatorId: null,
    });
    expect(other.ok && other.value[0]).toMatchObject({
      state: 'complete',
      breaks: exactly({}),
      total: { state: 'moving' },
    });
  });

  it('of a hosted platform are what its other accounts say', async () => {
    const ann = test.member();
    await test.earn('platform_a', ann, 10_000n);
    await test.transfer('platform_a', ann, 4_000n, 'platform_b', ann);
    expect(await run('incremental', 'platform_a')).toMatchObject({
      state: 'complete',
      breaks: exactly({}),
      total: { state: 'agrees', ours: 6_000n, theirs: 6_000n },
    });
    await database.pool.query(
      `update ledger.account set credits_posted = credits_posted + 1
          where purpose = 'lot' and owner_id = $1 and credits_posted = 10000`,
      [ann],
    );
    expect(await run('incremental', 'platform_a')).toMatchObject({
      breaks: exactly({ total: 1 }),
      total: { state: 'differs', ours: 6_000n, theirs: 6_001n },
    });
  });
});

describe('operators', () => {
  it('recheck a break, which closes when the platform agrees by now', async () => {
    const saga = await insertSaga(database.pool, { effect: 200n });
    await run();
    const [one] = await reconciliation.listBreaks({}, 9);
    const breakId = one!.breakId;
    const again = await reconciliation.recheck({ breakId, operatorId: OPERATOR });
    expect(again).toMatchObject({
      ok: true,
      value: {
        state: 'open',
        actions: [
          {
            action: 'recheck',
            operatorId: OPERATOR,
            words: 'missing_there: here 2.00, there nothing',
          },
        ],
      },
    });
    await sandbox.setFaults({ down: true });
    expect(await reconciliation.recheck({ breakId, operatorId: OPERATOR })).toMatchObject({
      ok: false,
      problem: { code: 'platform_did_not_answer' },
    });
    await sandbox.setFaults({});
    await there(200n, saga.publicId);
    expect(await reconciliation.recheck({ breakId, operatorId: OPERATOR })).toMatchObject({
      ok: true,
      value: { state: 'resolved', resolution: 'recheck' },
    });
    expect(await reconciliation.recheck({ breakId, operatorId: OPERATOR })).toMatchObject({
      ok: false,
      problem: { code: 'break_closed' },
    });
    expect(
      await reconciliation.accept({ breakId, operatorId: OPERATOR, reason: 'x' }),
    ).toMatchObject({ ok: false, problem: { code: 'break_closed' } });
    expect(await run()).toMatchObject({ breaks: exactly({}), opened: 0 });
  });

  it('accept a break as it is; other figures open it again', async () => {
    const saga = await both(300n, { state: 'failed' });
    await run();
    const [one] = await reconciliation.listBreaks({}, 9);
    const accepted = await reconciliation.accept({
      breakId: one!.breakId,
      operatorId: OPERATOR,
      reason: 'written off, ticket 7',
    });
    expect(accepted).toMatchObject({
      ok: true,
      value: {
        state: 'accepted',
        resolution: 'accepted',
        actions: [{ operatorId: OPERATOR, action: 'accept', words: 'written off, ticket 7' }],
      },
    });
    expect(
      await reconciliation.note({
        breakId: one!.breakId,
        operatorId: OPERATOR,
        note: 'see ticket 8',
      }),
    ).toMatchObject({ ok: true, value: { actions: [{}, { action: 'note' }] } });
    expect(await run('full')).toMatchObject({
      breaks: exactly({ missing_here: 1 }),
      opened: 0,
      resolved: 0,
    });
    expect(await open('accepted')).toHaveLength(1);
    await moveSaga(database.pool, saga, 'completed');
    await database.pool.query('update clearing.saga set credited = 299 where saga_id = $1', [
      saga.transactionId,
    ]);
    expect(await run('full')).toMatchObject({ breaks: exactly({ amount: 1 }), opened: 1 });
    expect(await open()).toEqual([['amount', saga.publicId, 299n, 300n]]);
  });

  it('accept a difference of totals, which is part of what is expected from then on', async () => {
    await run();
    await sandbox.setFaults({ wrong_total: '5' });
    await run();
    const [one] = await reconciliation.listBreaks({}, 9);
    expect(
      await reconciliation.accept({
        breakId: one!.breakId,
        operatorId: OPERATOR,
        reason: 'imported users',
      }),
    ).toMatchObject({ ok: true });
    await both(100n);
    expect(await run()).toMatchObject({
      breaks: exactly({}),
      total: { state: 'agrees', ours: 200_600n },
    });
    await sandbox.setFaults({ wrong_total: '10' });
    expect(await run()).toMatchObject({
      breaks: exactly({ total: 1 }),
      opened: 1,
      total: { ours: 200_600n, theirs: 201_100n },
    });
  });
});

describe('processes', () => {
  it('reconcile a platform one at a time; what is due or asked for is done once', async () => {
    expect(
      (await reconciliation.request({ platformId: C, mode: 'full', operatorId: OPERATOR })).ok,
    ).toBe(true);
    const other = createReconciliation({
      ...database,
      clock: test.clock,
      ledger: test.ledger,
      everyMs: 900_000,
      identity: platformsOf([[C, 'connected']]),
      connectorOf: () => platform,
    });
    await Promise.all([reconciliation.runDue(), other.runDue(), reconciliation.runDue()]);
    await reconciliation.runDue();
    expect((await reconciliation.listRuns(C, 9)).map(({ state, mode }) => [state, mode])).toEqual([
      ['complete', 'full'],
    ]);
    expect(
      (await reconciliation.listRuns('platform_a' as PlatformId, 9)).every(
        ({ state, askedBy }) => state === 'complete' && askedBy === null,
      ),
    ).toBe(true);
    test.clock.advance(900_001);
    await reconciliation.runDue();
    expect((await reconciliation.listRuns(C, 9)).map(({ state, mode }) => [state, mode])).toEqual([
      ['complete', 'incremental'],
      ['complete', 'full'],
    ]);
  });

  it('wait for what another one is doing: what was asked for here and now has ended', async () => {
    await both(100n);
    const other = await database.pool.connect();
    await other.query('begin');
    await run();
    await other.query(
      'select from clearing.reconciled_platform where platform_id = $1 for update',
      [C],
    );
    const asked = run();
    await expect
      .poll(async () => (await reconciliation.listRuns(C, 9)).map(({ state }) => state))
      .toContain('queued');
    // Another process begins it, and dies.
    await database.pool.query(
      `update clearing.reconciliation_run set state = 'running' where state = 'queued'`,
    );
    await other.query('rollback');
    other.release();
    expect(await asked).toMatchObject({
      state: 'incomplete',
      reason: expect.stringContaining('ended before the run was complete'),
    });
    const [first, second] = await Promise.all([run(), run('full'), reconciliation.runDue()]);
    expect([first.state, second.state]).toEqual(['complete', 'complete']);
  });

  it('refuse a platform that there is not, and say when none is connected', async () => {
    expect(
      await reconciliation.request({
        platformId: 'platform_x',
        mode: 'full',
        operatorId: OPERATOR,
      }),
    ).toMatchObject({ ok: false, problem: { code: 'platform_not_found' } });
    const alone = createReconciliation({
      ...database,
      clock: test.clock,
      ledger: test.ledger,
      everyMs: 0,
      identity: platformsOf([[C, 'connected']]),
      connectorOf: () => undefined,
    });
    const runs = await alone.reconcile({ mode: 'incremental', operatorId: null });
    expect(runs.ok && runs.value[0]).toMatchObject({
      state: 'incomplete',
      reason: 'no connection to this platform is registered',
    });
  });
});
