// Answers bytes that are not an HTTP request: writes a problem+json answer directly to the socket.

import type { Duplex } from 'node:stream';
import type { Problem } from '../../kernel/problem.ts';
import { faultToProblem } from './fault-to-problem.ts';
import { problemBody, PROBLEM_TYPE } from '../../http/answer-problem.ts';
import { apiProblems } from '../../http/problems.ts';

/** Returns the problem that was sent; undefined when the client has closed the connection. */
export function answerClientError(
  error: Error & { readonly code?: string },
  socket: Duplex,
): Problem | undefined {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const found = faultToProblem(error);
  const problem = found.status === 500 ? apiProblems.malformed_request() : found;
  const body = JSON.stringify(problemBody(problem, '/', 'none'));
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.error}\r\ncontent-type: ` +
      `${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: ` +
      `close\r\n\r\n${body}`,
  );
  return problem;
}
