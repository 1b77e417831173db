// A platform that asks to be left alone (429 or 503 with Retry-After) is: until then no call of
// this process leaves, and each is told so.

import { readRetryAfter } from '../runtime/retry-after.ts';
import type { ConnectorTransport } from './connector-transport.ts';

/** A platform cannot put the network off for longer at a time. */
export const LONGEST_REST_MS = 900_000;
const MAY_REST: ReadonlySet<number> = new Set([429, 503]);
/** Whether it is there at all may always be asked. */
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
          detail: `the platform has asked to be left alone for ${Math.ceil(restMs / 1_000)} s more`,
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
