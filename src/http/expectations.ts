// Checks before a body is sent: Expect (RFC 9110, 10.1.1), CONNECT, and a missing Host header.
// Without this, Node answers these requests by itself with an empty body.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { apiProblems } from './problems.ts';
import { answerProblem } from './answer-problem.ts';

const CONTINUE = /^100-continue$/i;

/** Passes on to Fastify the requests that Node would answer itself; `refuse` answers CONNECT. */
export function takeExpectations(
  { server }: FastifyInstance,
  refuse: (socket: Duplex) => void,
): void {
  const onward = (request: IncomingMessage, response: ServerResponse): void =>
    void server.emit('request', request, response);
  server.on('checkContinue', onward);
  server.on('checkExpectation', onward);
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => refuse(socket));
}

/** onRequest: refuses an HTTP/1.1 request without Host, and any expectation but 100-continue. */
export function checkExpectations(
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  const { host, expect } = request.headers;
  if (host === undefined && request.raw.httpVersion === '1.1') {
    return void answerProblem(
      request,
      reply,
      apiProblems.malformed_request('The Host header is missing.'),
    );
  }
  if (expect !== undefined && !CONTINUE.test(expect)) {
    return void answerProblem(request, reply, apiProblems.expectation_failed());
  }
  done();
}

/** preParsing: sends 100 Continue. Only a caller who was let in gets this far. */
export function sendContinue(
  request: FastifyRequest,
  reply: FastifyReply,
  _payload: unknown,
  done: () => void,
): void {
  if (request.headers.expect !== undefined && request.raw.httpVersion === '1.1')
    reply.raw.writeContinue();
  done();
}
