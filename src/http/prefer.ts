// Prefer: wait=N (RFC 7240, 4.3): how long a caller is willing to wait until an accepted operation
// is done.

import type { FastifyRequest } from 'fastify';

/** Longest wait that is granted, in seconds. To wait longer, a caller asks again. */
export const LONGEST_WAIT_SECONDS = 30;

/**
 * The wait in milliseconds, 0 to 30,000. Undefined when the caller names no wait or an unreadable
 * one.
 */
export function waitOf({ headers }: Pick<FastifyRequest, 'headers'>): number | undefined {
  const given = headers['prefer'];
  const wishes = Array.isArray(given) ? given.join(', ') : (given ?? '');
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?([0-9]+)"?\s*(?:$|[,;])/i.exec(wishes)?.[1];
  return seconds === undefined
    ? undefined
    : Math.min(Number(seconds), LONGEST_WAIT_SECONDS) * 1_000;
}

/** True for an answer about an operation that is accepted but not done yet. */
export function isPending(answer: object): boolean {
  return 'status' in answer && answer.status === 'pending';
}
