// Gauges of reconciliation, read from the database when they are scraped: open breaks by platform
// and category, and when each platform was last compared completely.

import { Gauge } from 'prom-client';

import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Reconciliation } from './create-reconciliation.ts';

export interface ReconciliationMetricsParts {
  readonly metrics: Metrics;
  readonly log: Log;
  readonly reconciliation: Pick<Reconciliation, 'countOpen' | 'listLastComplete'>;
}

export function createReconciliationMetrics({
  metrics: { registry },
  log,
  reconciliation,
}: ReconciliationMetricsParts): void {
  const registers = [registry];
  /** When the database does not answer, a scrape shows the other metrics. */
  const quietly = (work: () => Promise<void>) => (): Promise<void> =>
    work().catch((error: unknown) => log.debug({ err: error }, 'open breaks could not be counted'));

  const breaks: Gauge = new Gauge({
    name: 'pontis_reconciliation_open_breaks',
    help: 'Open differences between the network and a platform, by platform and category.',
    labelNames: ['platform', 'category'],
    registers,
    collect: quietly(async () => {
      const open = await reconciliation.countOpen();
      breaks.reset();
      for (const { platformId, category, count } of open)
        breaks.inc({ platform: platformId, category }, count);
    }),
  });
  const complete: Gauge = new Gauge({
    name: 'pontis_reconciliation_last_complete_seconds',
    help: 'Unix time at which the last complete reconciliation of a platform ended.',
    labelNames: ['platform'],
    registers,
    collect: quietly(async () => {
      for (const { platformId, finishedAt } of await reconciliation.listLastComplete())
        complete.set({ platform: platformId }, finishedAt.getTime() / 1000);
    }),
  });
}
