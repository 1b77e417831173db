// Stops costly work for a caller who has closed the connection, because nobody will read the
// answer.

import type { FastifyReply } from 'fastify';
import { ProblemError } from '../kernel/problem.ts';
import { apiProblems } from './problems.ts';

/**
 * Runs `work` with a signal that is aborted when the connection closes before the answer is sent.
 * Throws `request_timeout` if the work fails after that.
 */
export async function untilLeft<T>(
  reply: FastifyReply,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const left = new AbortController();
  const leave = (): void => left.abort();
  reply.raw.once('close', leave);
  try {
    return await work(left.signal);
  } catch (error) {
    // Nobody reads this answer, but metrics and logs record the request as timed out.
    if (left.signal.aborted) throw new ProblemError(apiProblems.request_timeout());
    throw error;
  } finally {
    reply.raw.off('close', leave);
  }
}
