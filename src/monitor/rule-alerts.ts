// Alerts about rules that cannot be evaluated. Each refused transaction is counted; a rule is
// logged and reported in the operators' feed at most once a minute.

import { Counter } from 'prom-client';
import type { Problem } from '../kernel/problem.ts';
import type { Clock } from '../kernel/time.ts';
import { dbTransaction, type Pool } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { appendEvents } from '../events/events.ts';

/** Collects the failures of rules. */
export interface RuleAlerts {
  /** Records that a rule failed. Never throws. */
  note(problem: Problem): void;
  /** Rules that failed in this process within the last 15 minutes, for /health. */
  recent(): readonly string[];
}

const REPORT_EVERY_MS = 60_000;
const RECENT_MS = 900_000;

/** Failures are counted in `pontis_rule_failures_total`. */
export function createRuleAlerts({
  pool,
  log,
  metrics: { registry },
  clock,
}: {
  readonly pool: Pool;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}): RuleAlerts {
  const failures = new Counter({
    name: 'pontis_rule_failures_total',
    help: 'Transactions refused because a rule could not be evaluated, by rule.',
    labelNames: ['rule'],
    registers: [registry],
  });
  const lastMs = new Map<string, number>();
  const reportedMs = new Map<string, number>();
  return {
    note(problem) {
      const rule = String(problem.extra['rule'] ?? '');
      const now = clock.now();
      failures.inc({ rule });
      lastMs.set(rule, now);
      if (now - (reportedMs.get(rule) ?? Number.NEGATIVE_INFINITY) < REPORT_EVERY_MS) return;
      reportedMs.set(rule, now);
      log.error(
        { rule, detail: problem.detail },
        'a rule failed; transactions that it could apply to are refused',
      );
      dbTransaction(pool, (client) =>
        appendEvents(
          client,
          [{ type: 'rule.failed', platformId: null, data: { rule, detail: problem.detail } }],
          now,
        ),
      ).catch((error: unknown) =>
        log.warn({ err: error, rule }, 'the alert could not be added to the feed'),
      );
    },
    recent: () =>
      [...lastMs].filter(([, atMs]) => clock.now() - atMs < RECENT_MS).map(([rule]) => rule),
  };
}
