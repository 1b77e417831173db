// onRequest of the routes under /operator: who acts, by bearer token (RFC 6750), before anything of the body is read.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiParts } from '../parts.ts';
import { answerProblem } from './answer-problem.ts';

const BEARER = /^Bearer +([^ ]+) *$/i;

export function requireOperator({ identity }: ApiParts) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const header = request.headers.authorization ?? '';
    // What is no bearer token is told as missing, one that nobody has as invalid.
    const result = await identity.authenticateOperator(BEARER.exec(header)?.[1] ?? '');
    if (!result.ok) return answerProblem(request, reply.header('www-authenticate', 'Bearer realm="pontis"'), result.problem);
    request.operator = result.value;
    return undefined;
  };
}
