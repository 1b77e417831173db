// Respects a platform that asks for a pause (429 or 503 with Retry-After): until its end no call of
// this process leaves, and each caller is told.

import { readRetryAfter } from '../runtime/retry-after.ts';
import type { ConnectorTransport } from './connector-transport.ts';

/** A platform cannot ask for a longer pause at a time. */
const LONGEST_REST_MS = 900_000;
const MAY_REST: ReadonlySet<number> = new Set([429, 503]);
/** Whether it is alive may always be asked. */
const ALWAYS = '/health';

export function keepRest(transport: ConnectorTransport, now: () => number): ConnectorTransport {
  let untilMs = 0;
  return {
    async send(request, change) {
      const restMs = untilMs - now();
      if (restMs > 0 && request.path !== ALWAYS) {
        return {
          arrived: false,
          reason: 'resting',
          detail: `the platform has asked for a pause of ${Math.ceil(restMs / 1_000)} s more`,
          retryAfterMs: restMs,
        };
      }
      const reply = await transport.send(request, change);
      if (!reply.arrived || !MAY_REST.has(reply.status)) return reply;
      const retryAfterMs = Math.min(readRetryAfter(reply.retryAfter, now()), LONGEST_REST_MS);
      if (retryAfterMs <= 0) return reply;
      untilMs = Math.max(untilMs, now() + retryAfterMs);
      return { ...reply, retryAfterMs };
    },
  };
}
