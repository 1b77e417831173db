// A rule that cannot be evaluated: each refused transaction is counted, and the operators' feed
// gets an event about the rule, at most once a minute.

import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import { patience } from '../../test/fixtures/patience.ts';
import { selectEvents } from '../events/events.ts';
import type { Outcome } from '../ledger/ledger.ts';
import { createMetrics, type Metrics } from '../runtime/metrics.ts';
import { createRuleAlerts, type RuleAlerts } from './monitor.ts';

const MINUTE_MS = 60_000;
const RULE = 'rules/broken';

let database: TestDatabase;
let metrics: Metrics;
let alerts: RuleAlerts;
let test: TestLedger;

beforeAll(async () => {
  database = await createTestDatabase();
  metrics = createMetrics({ processMetrics: false });
  test = await createTestLedger(database, {
    onRuleFailure: (problem) => alerts.note(problem),
  });
  const { pool, log } = database;
  alerts = createRuleAlerts({ pool, log, metrics, clock: test.clock });
  await test.amend((document) => ({
    ...document,
    rules: { broken: { kind: 'deny', when: 'tags[5] == "x"', reason: 'Never' } },
  }));
});
afterAll(async () => {
  await test?.ledger.close();
  await database?.drop();
});

/** A transfer that the broken rule could apply to. */
async function refused(): Promise<Outcome> {
  const [from, to] = [test.member(), test.member()];
  await test.earn('platform_a', from, 1_000n);
  return test.transfer('platform_a', from, 100n, 'platform_b', to);
}

async function events(): Promise<unknown[]> {
  const found = await selectEvents(database.pool, 0n, 100, { types: ['rule.failed'] });
  return found.map(({ platformId, data }) => ({ platformId, data }));
}

async function expectEvents(count: number): Promise<void> {
  await vi.waitUntil(async () => (await events()).length >= count, patience(10_000));
  expect(await events()).toHaveLength(count);
}

it('is counted for each transaction, and reported once a minute', async () => {
  expect(alerts.recent()).toEqual([]);
  const outcome = await refused();
  expect(outcome).toMatchObject({ ok: false, problem: { code: 'rule_failed' } });
  const detail = outcome.ok ? '' : outcome.problem.detail;
  await expectEvents(1);
  expect(await events()).toEqual([{ platformId: null, data: { rule: RULE, detail } }]);

  await refused();
  expect(await metrics.render()).toContain(`pontis_rule_failures_total{rule="${RULE}"} 2`);
  test.clock.advance(MINUTE_MS);
  await refused();
  // The third failure has its event; the second one, within the minute, has none.
  await expectEvents(2);
  expect(await metrics.render()).toContain(`pontis_rule_failures_total{rule="${RULE}"} 3`);
});

it('is named for a quarter of an hour', () => {
  expect(alerts.recent()).toEqual([RULE]);
  test.clock.advance(15 * MINUTE_MS);
  expect(alerts.recent()).toEqual([]);
});
