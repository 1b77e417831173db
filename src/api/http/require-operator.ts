// onRequest of the routes under /operator: who acts, by bearer token (RFC 6750), before anything of
// the body is read.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../kernel/problem.ts';
import type { ApiParts } from '../parts.ts';
import type { FailedTokens } from './failed-tokens.ts';

const BEARER = /^Bearer +([^ ]+) *$/i;

/** Empty when there is none. */
export function bearerOf({ headers }: FastifyRequest): string {
  return BEARER.exec(headers.authorization ?? '')?.[1] ?? '';
}

export function requireOperator({ identity }: ApiParts, failedTokens: FailedTokens) {
  return async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> => {
    // What is no bearer token is told as missing, one that nobody has as invalid.
    const result = await identity.authenticateOperator(bearerOf(request));
    if (!result.ok) return refuseBearer(request, reply, result.problem, failedTokens);
    request.operator = result.value;
    return undefined;
  };
}

export function refuseBearer(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem,
  failedTokens: FailedTokens,
): Promise<FastifyReply> {
  return failedTokens.answer(
    request,
    reply.header('www-authenticate', 'Bearer realm="pontis"'),
    problem,
  );
}
