// Counts, times and logs each answer. A log line names the route and never the URL, because URLs
// contain ids of people.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Problem } from '../../kernel/problem.ts';
import type { ApiParts } from '../parts.ts';

const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Records answers and outcomes for log and metrics. */
export interface Observer {
  onResponse(request: FastifyRequest, reply: FastifyReply, done: () => void): void;
  /** Records the problem that was answered to bytes that are not an HTTP request. */
  noteBroken(problem: Problem): void;
  /**
   * Counts the result of one operation, also inside a batch: `posted`, `replayed` or the code of a
   * problem.
   */
  countOutcome(kind: string, outcome: string): void;
}

/** Registers the metrics of the API; call it once for each registry. */
export function createObserver({ metrics: { registry }, log, ledger }: ApiParts): Observer {
  const seconds = new Histogram({
    name: 'pontis_http_request_seconds',
    help: 'Time to answer, by route and status; its count is the number of requests.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  });
  const operations = new Counter({
    name: 'pontis_operations_total',
    help: 'Operations by kind and outcome: posted, replayed, or the code of the problem.',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  });
  // eslint-disable-next-line no-new -- a gauge belongs to its registry
  new Gauge({
    name: 'pontis_ledger_pending',
    help: 'Ledger commands waiting or in flight.',
    registers: [registry],
    collect() {
      this.set(ledger.pending());
    },
  });
  // The library sorts and joins the labels on each call; a bound child is found by one look-up.
  const timers = new Map<string, { observe(value: number): void }>();

  function timerOf(
    method: string,
    route: string,
    status: number,
  ): { observe(value: number): void } {
    const key = `${method} ${route} ${status}`;
    let timer = timers.get(key);
    if (timer === undefined) {
      timer = seconds.labels(method, route, String(status));
      timers.set(key, timer);
    }
    return timer;
  }

  return {
    onResponse(request, reply, done) {
      const route = request.routeOptions.url ?? '(none)';
      const status = reply.statusCode;
      const ms = reply.elapsedTime;
      timerOf(route === '(none)' ? 'ANY' : request.method, route, status).observe(ms / 1000);
      const level = status >= 500 ? 'warn' : status >= 400 ? 'info' : 'debug';
      if (log.isLevelEnabled(level)) {
        log[level](
          {
            request_id: request.id,
            platform_id: request.platform?.platformId,
            operator_id: request.operator?.operatorId,
            method: request.method,
            route,
            status,
            problem: request.problemCode,
            ms: Math.round(ms * 100) / 100,
          },
          'request',
        );
      }
      done();
    },
    noteBroken({ status, code: problem }) {
      timerOf('ANY', '(none)', status).observe(0);
      log.info({ route: '(none)', status, problem }, 'request');
    },
    countOutcome: (kind, outcome) => operations.inc({ kind, outcome }),
  };
}
