// The audit finds nothing in a ledger with every kind of transaction, and reports each invariant
// that a test breaks by hand.

import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { corruptionsOfClearing } from '../../test/fixtures/corruptions/of-clearing.ts';
import { corruptionsOfLedger } from '../../test/fixtures/corruptions/of-ledger.ts';
import {
  createTestDatabase,
  dropDatabase,
  withDatabase,
  type TestDatabase,
} from '../../test/fixtures/database.ts';
import { liveThrough } from '../../test/fixtures/eventful-ledger.ts';
import { liveThroughRedemptions } from '../../test/fixtures/eventful-redemptions.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import {
  CHECKER,
  createTestSettlement,
  MAKER,
  type TestSettlement,
} from '../../test/fixtures/settlement.ts';
import { platformOwnerId, type MemberId } from '../kernel/ids.ts';
import type { Outcome } from '../ledger/ledger.ts';
import { liveThroughSagas } from '../../test/fixtures/eventful-sagas.ts';
import { createAlongside } from '../clearing/saga/saga.ts';
import { createReserve } from '../clearing/reserve/reserve.ts';
import { systemClock } from '../kernel/time.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { connect, createPool, type Pool } from '../runtime/database.ts';
import { audit, auditChecks, type AuditReport } from './monitor.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  const test = await createTestLedger(database, {
    bucketCount: 4,
    alongside: createAlongside({ clock: systemClock }),
  });
  await liveThrough(test);
  await settleWindows(test);
  await liveThroughSagas(test);
  await liveThroughRedemptions(test, database);
  await test.ledger.close();
  // A database can be copied only while nothing is connected to it.
  await database.pool.end();
});
afterAll(() => dropDatabase(database.url, database.log, new URL(database.url).pathname.slice(1)));

/**
 * Three windows: one settled with a dispute in it, one that is being settled, and one that was
 * closed after the disputed amount had returned; and rows that are in no window yet.
 */
async function settleWindows(test: TestLedger): Promise<void> {
  const windows = createTestSettlement(test, database);
  const ann = test.member();
  const convert = (platform: string, amount: bigint, to: string): Promise<Outcome> =>
    test.transfer(platform, ann, amount, to, ann);
  for (const platform of ['platform_b', 'platform_c']) await test.earn(platform, ann, 10_000n);
  await windows.close();
  const disputed = await convert('platform_b', 3_001n, 'platform_c');
  if (!disputed.ok) throw new Error(disputed.problem.detail);
  await convert('platform_c', 700n, 'platform_b');
  windows.frozen.set(disputed.transaction.transactionId, 1_000n);
  const second = await windows.close();
  expect([await windows.settle(1), await windows.settle(second)]).toEqual(['settled', 'settled']);
  await convert('platform_b', 50n, 'platform_c');
  expect(await windows.settle(await windows.close(), 'prefund')).toBe('settling');
  windows.frozen.clear();
  await convert('platform_c', 500n, 'platform_b');
  await windows.close();
  await convert('platform_c', 500n, 'platform_b');
  await leaveOut(test, windows);
}

/**
 * A window in which one of two payers is short: the money that came in was paid out pro rata,
 * twice, and then the payer was left out; and a withdrawal that its debt permits.
 */
async function leaveOut(test: TestLedger, windows: TestSettlement): Promise<void> {
  const ann = test.member();
  const money = (
    platform: string,
    kind: 'deposit' | 'withdraw',
    amount: bigint,
  ): Promise<Outcome> =>
    test.submit(platform, platformOwnerId(test.id(platform)) as MemberId, { kind, amount });
  for (const [from, amount, to] of [
    ['platform_d', 3_001n, 'platform_b'],
    ['platform_d', 500n, 'platform_c'],
    ['platform_b', 100n, 'platform_c'],
  ] as const) {
    await test.earn(from, ann, amount);
    await test.transfer(from, ann, amount, to, ann);
  }
  await money('platform_d', 'deposit', 701n);
  const windowId = await windows.close();
  expect(await windows.settle(windowId, 'prefund')).toBe('settling');
  await money('platform_d', 'deposit', 400n);
  test.clock.advance(31_000);
  await windows.settlement.follow();
  const act = await windows.settlement.proposeAct({
    windowId,
    kind: 'leave_out',
    participants: [test.id('platform_d')],
    reason: 'short',
    operatorId: MAKER,
  });
  if (!act.ok) throw new Error(act.problem.detail);
  expect(
    await windows.settlement.approveAct({ windowId, actId: act.value.actId, operatorId: CHECKER }),
  ).toMatchObject({ ok: true });
  expect(await windows.settlement.find(windowId)).toMatchObject({
    ok: true,
    value: { window: { state: 'settled' } },
  });
  await windows.close();
  await money('platform_b', 'deposit', 5_000n);
  const { requests } = createReserve({
    ...database,
    clock: test.clock,
    ledger: test.ledger,
    metrics: createMetrics({ processMetrics: false }),
  });
  const asked = await requests.make({
    platformId: test.id('platform_b'),
    operatorId: MAKER,
    reason: 'test',
    wanted: { kind: 'withdrawal', amount: 1n, bankReference: 'B-1' },
  });
  expect(
    asked.ok && (await requests.approve({ requestId: asked.value.requestId, operatorId: CHECKER })),
  ).toMatchObject({ ok: true });
}

async function administer(statement: string): Promise<void> {
  const client = await connect({
    url: withDatabase(database.url, 'postgres'),
    log: database.log,
    applicationName: 'audit test',
  });
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Runs the SQL on a copy of the database, then the audit. */
async function auditAfter(...statements: readonly string[]): Promise<AuditReport> {
  const name = `copy_${Math.random().toString(36).slice(2)}`;
  let pool: Pool | undefined;
  await administer(`create database ${name} template ${new URL(database.url).pathname.slice(1)}`);
  try {
    pool = createPool({
      url: withDatabase(database.url, name),
      log: database.log,
      applicationName: 'audit test',
      max: 1,
    });
    for (const statement of statements) {
      const { rowCount } = await pool.query(statement);
      if (/^(update|delete|insert)/.test(statement) && rowCount === 0)
        throw new Error(`changed nothing: ${statement}`);
    }
    return await audit(pool);
  } finally {
    await pool?.end();
    await dropDatabase(database.url, database.log, name);
  }
}

function broken(report: AuditReport): string[] {
  return report.checks.filter((check) => !check.ok).map((check) => check.name);
}

const corruptions = [...corruptionsOfLedger, ...corruptionsOfClearing];

/**
 * A part of a transaction between two platforms that is left out of the last window at that time.
 */
function carved(at: string): string {
  return `
    insert into clearing.window_carve_out
    select max(window_id), 0, gen_random_uuid(), gen_random_uuid(), 'out', 'platform_a',
      'platform_b', 1,
           -900000000, 900000000, ${at} from clearing.window_net`;
}

describe('audit', () => {
  it('finds nothing in a ledger that did everything', async () => {
    const report = await auditAfter();
    expect(report.checks.filter((check) => !check.ok)).toEqual([]);
    expect(report).toMatchObject({ ok: true, buckets: 4 });
    expect(Number(report.transactions)).toBeGreaterThan(80);
  });

  it.each(corruptions)('names %s', async (_title, statements, names) => {
    const report = await auditAfter(...statements);
    expect(report.ok).toBe(false);
    expect(broken(report)).toEqual(expect.arrayContaining([...names]));
    for (const check of report.checks) expect(check.first.length > 0).toBe(!check.ok);
  });

  it('blames no withdrawal for what was carved out of its window later', async () => {
    const check = 'prefund_covers_closed_windows';
    expect(broken(await auditAfter(carved(`now() - interval '1 hour'`)))).toContain(check);
    expect(broken(await auditAfter(carved(`now() + interval '1 hour'`)))).not.toContain(check);
  });

  it('is right while the program posts', async () => {
    await using busy = await createTestDatabase();
    const test = await createTestLedger(busy, { bucketCount: 4 });
    const members = Array.from({ length: 20 }, () => test.member());
    const stop = new AbortController();
    const callers = members.map(async (member, index) => {
      await test.earn('platform_a', member, 1_000_000n);
      while (!stop.signal.aborted) {
        const other = members[(index + 7) % members.length] ?? member;
        await test.transfer(
          'platform_a',
          member,
          3n,
          index % 2 === 0 ? 'platform_a' : 'platform_b',
          other,
        );
        // The audit reads all of it eight times. At full speed the size of the ledger would decide
        // how long the test takes.
        await pause(2);
      }
    });
    const seen = new Set<bigint>();
    for (let round = 0; round < 8; round += 1) {
      const report = await audit(busy.pool);
      expect(broken(report)).toEqual([]);
      seen.add(report.transactions);
    }
    stop.abort();
    await Promise.all(callers);
    await test.ledger.close();
    expect(seen.size).toBeGreaterThan(4);
  });

  it('has a corruption for every check', () => {
    const named = new Set(corruptions.flatMap(([, , names]) => names));
    expect(auditChecks.map((check) => check.name).filter((name) => !named.has(name))).toEqual([]);
    expect(new Set(auditChecks.map((check) => check.name)).size).toBe(auditChecks.length);
  });

  it('counts all offending rows and shows the first with their bucket', async () => {
    const report = await auditAfter(
      `update ledger.account set last_sequence = last_sequence + 1 where purpose = 'lot'`,
    );
    const check = report.checks.find(({ name }) => name === 'counters_equal_entries');
    expect(check?.offending).toBeGreaterThan(5);
    expect(check?.first).toHaveLength(5);
    expect(check?.first[0]).toHaveProperty('bucket');
  });
});
