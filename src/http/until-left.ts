// Work for a caller that ends with the caller: what is costly is given up when nobody reads its
// answer any more.

import type { FastifyReply } from 'fastify';
import { ProblemError } from '../kernel/problem.ts';
import { apiProblems } from './problems.ts';

/** Hands the work a signal that is aborted once the connection is closed before the answer. */
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
    // Nobody reads it; it is counted and logged as what it is.
    if (left.signal.aborted) throw new ProblemError(apiProblems.request_timeout());
    throw error;
  } finally {
    reply.raw.off('close', leave);
  }
}
