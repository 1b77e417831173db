// Authenticates the operator who calls a route under /operator, by bearer token (RFC 6750), before
// the body is read.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../kernel/problem.ts';
import type { ApiParts } from '../parts.ts';
import type { FailedTokens } from './failed-tokens.ts';

const BEARER = /^Bearer +([^ ]+) *$/i;

/** The bearer token of the request; empty when there is none. */
export function bearerOf({ headers }: FastifyRequest): string {
  return BEARER.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** Returns the onRequest hook that checks the token and sets `request.operator`. */
export function requireOperator({ identity }: ApiParts, failedTokens: FailedTokens) {
  return async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> => {
    // An Authorization header that is not a bearer token counts as a missing token.
    const result = await identity.authenticateOperator(bearerOf(request));
    if (!result.ok) return refuseBearer(request, reply, result.problem, failedTokens);
    request.operator = result.value;
    return undefined;
  };
}

/** Answers a missing or invalid bearer token, with `WWW-Authenticate` as RFC 6750 requires. */
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
