// onRequest: refuses a URL with broken percent-encoding. A lenient parser would read something that
// the caller did not mean.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { apiProblems } from './problems.ts';
import { answerProblem } from './answer-problem.ts';

/** The hook; refuses with `malformed_url`. */
export function checkUrl(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const { url } = request;
  if (url.includes('%')) {
    try {
      decodeURIComponent(url);
    } catch {
      return void answerProblem(request, reply, apiProblems.malformed_url());
    }
  }
  done();
}
