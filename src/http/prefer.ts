// Prefer: wait=N (RFC 7240, section 4.3): how long a caller would rather wait for an accepted
// operation to be done.

import type { FastifyRequest } from 'fastify';

/** Longer waits are for asking again. */
export const LONGEST_WAIT_SECONDS = 30;

/** Milliseconds; undefined when the caller states no wait, or none that can be read. */
export function waitOf({ headers }: Pick<FastifyRequest, 'headers'>): number | undefined {
  const given = headers['prefer'];
  const wishes = Array.isArray(given) ? given.join(', ') : (given ?? '');
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?([0-9]+)"?\s*(?:$|[,;])/i.exec(wishes)?.[1];
  return seconds === undefined
    ? undefined
    : Math.min(Number(seconds), LONGEST_WAIT_SECONDS) * 1_000;
}

/** True for an answer that says that its operation is accepted and not done. */
export function isPending(answer: object): boolean {
  return 'status' in answer && answer.status === 'pending';
}
