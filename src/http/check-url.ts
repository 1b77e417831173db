// onRequest: refuses a query whose percent-encoding is broken, which a lenient parser would pass on
// as something the caller did not mean.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { apiProblems } from './problems.ts';
import { answerProblem } from './answer-problem.ts';

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
