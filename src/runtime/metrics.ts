// A registry of Prometheus metrics. The composition root makes it and passes it on; the library's
// global registry is not used.

import { collectDefaultMetrics, Registry } from 'prom-client';

/** The metrics of one process. */
export interface Metrics {
  /**
   * Modules register their counters, gauges and histograms here (`registers: [metrics.registry]`).
   */
  readonly registry: Registry;
  readonly contentType: string;
  /** All metrics in the Prometheus text format, of media type `contentType`. */
  render(): Promise<string>;
}

/** `processMetrics` adds metrics of memory, CPU, event loop and garbage collection. */
export function createMetrics(options: { readonly processMetrics: boolean }): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  return { registry, contentType: registry.contentType, render: () => registry.metrics() };
}
