// A registry of Prometheus metrics: made by the composition root and handed on, never a global of
// the library.

import { collectDefaultMetrics, Registry } from 'prom-client';

export interface Metrics {
  /**
   * Modules register their counters, gauges and histograms here (`registers: [metrics.registry]`).
   */
  readonly registry: Registry;
  readonly contentType: string;
  /** The exposition text. */
  render(): Promise<string>;
}

/** `processMetrics` adds memory, CPU, event loop and garbage collection of this process. */
export function createMetrics(options: { readonly processMetrics: boolean }): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  return { registry, contentType: registry.contentType, render: () => registry.metrics() };
}
