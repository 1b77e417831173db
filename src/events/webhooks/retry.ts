// Judges an attempt at a delivery, and when the next one is: by the schedule of Standard Webhooks,
// spread a little, or as the receiver asks. Pure.

import type { EgressReply } from '../../runtime/egress.ts';
import { readRetryAfter } from '../../runtime/retry-after.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Waits after the first attempt, the second …; after the last wait comes one more attempt, then the
 * delivery is dead: ten attempts in a bit more than three days.
 */
export const RETRY_WAITS_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];
/**
 * Each wait is longer by up to this part of it, so that messages that failed together do not come
 * again together.
 */
const JITTER = 0.2;
/** A receiver cannot put an event off for longer at a time. */
const LONGEST_WAIT_MS = 24 * HOUR_MS;

export type Verdict =
  | { readonly type: 'delivered'; readonly status: number }
  /** 410: the receiver wants nothing more. */
  | { readonly type: 'gone'; readonly status: number; readonly error: string }
  | {
      readonly type: 'retry';
      readonly status: number | null;
      readonly error: string;
      readonly dueMs: number;
    }
  | { readonly type: 'dead'; readonly status: number | null; readonly error: string };

/** `attempts`: made so far, including this one. `random`: 0 to 1. */
export function judgeReply(
  reply: EgressReply,
  attempts: number,
  nowMs: number,
  random: number,
): Verdict {
  const status = reply.arrived ? reply.status : null;
  if (reply.arrived && reply.status >= 200 && reply.status < 300)
    return { type: 'delivered', status: reply.status };
  const error = reply.arrived ? `The answer was ${reply.status}.` : `${LOST[reply.reason]}.`;
  if (reply.arrived && reply.status === 410) return { type: 'gone', status: reply.status, error };
  const wait = RETRY_WAITS_MS[attempts - 1];
  if (wait === undefined) return { type: 'dead', status, error };
  const asked = reply.arrived ? readRetryAfter(reply.headers['retry-after'], nowMs) : 0;
  return {
    type: 'retry',
    status,
    error,
    dueMs:
      nowMs + Math.max(Math.round(wait * (1 + JITTER * random)), Math.min(asked, LONGEST_WAIT_MS)),
  };
}

/** Without the error text of the connection, which could reveal this program's own network. */
const LOST = {
  refused: 'The URL does not lead to an address that may be called',
  unreachable: 'No connection could be made',
  timeout: 'No complete answer came in time',
  reset: 'The connection broke',
  malformed: 'The answer was not HTTP',
  certificate: 'The certificate of the server is not valid',
} as const;
