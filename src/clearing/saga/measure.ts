// Metrics of sagas: how many there are, how old they are, what platforms answer, and how long
// transfers take.

import { Counter, Gauge, Histogram } from 'prom-client';
import type { PlatformId } from '../../kernel/ids.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { StepOutcome } from './call-platform.ts';
import type { EndState, SagaCall } from './states.ts';
import type { SagaFigures } from './store.ts';
import type { Saga } from './types.ts';

export interface SagaMeasures {
  countCall(platformId: PlatformId, call: SagaCall, outcome: StepOutcome['outcome']): void;
  observeEnd(saga: Saga, outcome: EndState, nowMs: number): void;
}

const BUCKETS_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];

/**
 * `figures` is called at each scrape; while it fails the gauges are NaN, and all other metrics are
 * served.
 */
export function createSagaMeasures(
  { registry }: Metrics,
  figures: () => Promise<SagaFigures>,
): SagaMeasures {
  const calls = new Counter({
    name: 'pontis_saga_calls_total',
    help:
      'Calls of sagas to connected platforms, by platform, call and outcome: yes, no, ' +
      'unknown or contradiction.',
    labelNames: ['platform_id', 'call', 'word'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'pontis_saga_seconds',
    help:
      'Time from the beginning of a transfer or reversal over connected platforms to its end, ' +
      'by purpose and outcome.',
    labelNames: ['purpose', 'outcome'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  });
  const gauge = (name: string, help: string, of: (figures: SagaFigures) => number): void => {
    // eslint-disable-next-line no-new -- a gauge belongs to its registry
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await figures().then(of, () => Number.NaN));
      },
    });
  };
  gauge(
    'pontis_sagas_open',
    'Transfers and reversals over connected platforms that have not ended.',
    ({ open }) => open,
  );
  gauge(
    'pontis_sagas_attention',
    'Open transfers and reversals that wait for an operator.',
    ({ attention }) => attention,
  );
  gauge(
    'pontis_sagas_overdue',
    'Open transfers and reversals past their deadline.',
    ({ overdue }) => overdue,
  );
  gauge(
    'pontis_saga_oldest_open_seconds',
    'Age of the oldest open transfer or reversal; 0 when there is none.',
    ({ oldestOpenSeconds }) => oldestOpenSeconds,
  );
  return {
    countCall: (platformId, call, outcome) =>
      calls.inc({ platform_id: platformId, call, word: outcome }),
    observeEnd: ({ purpose, createdAtMs }, outcome, nowMs) =>
      seconds.observe({ purpose, outcome }, Math.max(0, nowMs - createdAtMs) / 1_000),
  };
}
