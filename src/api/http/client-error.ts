// Answers what is not even HTTP: the parser's complaint as problem+json, written straight to the socket.

import type { Socket } from 'node:net';
import { faultToProblem } from './fault-to-problem.ts';
import { problemBody, PROBLEM_TYPE } from './answer-problem.ts';
import { apiProblems } from '../problems.ts';

export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  // The client is gone.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy();
  const found = faultToProblem(error);
  const problem = found.status === 500 ? apiProblems.malformed_request() : found;
  const body = JSON.stringify(problemBody(problem, '/', 'none'));
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.error}\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
