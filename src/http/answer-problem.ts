// Sends a problem as RFC 9457 problem+json, with the source requirement's `error` text as a further
// member. Before this: something refused the request. Next: nothing; the caller has its answer.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../kernel/problem.ts';
import { closeAfterAnswer, hasUnreadBody } from './unread-body.ts';

/** The media type of a problem (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';
/** Retry-After of a 503 whose problem names no time itself, in seconds. */
const RETRY_AFTER_SECONDS = 1;
/** Retry-After of a 429, in seconds. */
const RETRY_AFTER_TOO_MANY_SECONDS = 60;

/** The JSON members of a problem. `instance` is the path of the request. */
export function problemBody(
  problem: Problem,
  instance: string,
  requestId: string,
): Record<string, unknown> {
  return {
    ...problem.extra,
    type: `/problems/${problem.code}`,
    title: problem.error,
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    error: problem.error,
    instance,
    request_id: requestId,
  };
}

/**
 * Sends the problem with its status and the headers that belong to it: Retry-After for 429 and 503,
 * WWW-Authenticate for 401. Closes the connection if the body of the request was not read.
 */
export function answerProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
): FastifyReply {
  request.problemCode = problem.code;
  if (hasUnreadBody(request)) closeAfterAnswer(request, reply);
  if (problem.status === 429) reply.header('retry-after', RETRY_AFTER_TOO_MANY_SECONDS);
  if (problem.status === 503)
    reply.header('retry-after', problem.extra['retry_after'] ?? RETRY_AFTER_SECONDS);
  if (problem.status === 401 && !reply.hasHeader('www-authenticate'))
    reply.header('www-authenticate', 'PlatformToken realm="pontis"');
  return (
    reply
      .code(problem.status)
      .header('content-type', PROBLEM_TYPE)
      // As bytes: to a text Fastify would add a charset, which this media type does not have.
      .send(Buffer.from(JSON.stringify(problemBody(problem, pathOf(request), request.id))))
  );
}

/** The path as on the wire, without query. */
export function pathOf(request: FastifyRequest): string {
  const { url } = request;
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}
