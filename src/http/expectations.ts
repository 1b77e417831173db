// What a request asks of the connection before its body is sent: Expect (RFC 9110, 10.1.1),
// CONNECT, and a missing Host. Node would answer these by itself, with nothing that a caller could
// read.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { apiProblems } from './problems.ts';
import { answerProblem } from './answer-problem.ts';

const CONTINUE = /^100-continue$/i;

/** Lets Fastify see the requests that Node would answer itself. */
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

/** onRequest: refuses what asks for more than this server does. */
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

/** preParsing: only a caller who was let in is told to send its body. */
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
