// Finds out whether a caller may read figures and reasons: an operator may, and so may a monitor
// with the scrape token.

import type { FastifyRequest } from 'fastify';
import type { Identity } from '../../identity/identity.ts';
import { ok, type Result } from '../../kernel/problem.ts';
import { bearerOf } from './require-operator.ts';

/** The problems of a caller who may not read. */
export const READER_PROBLEMS = [
  'operator_token_missing',
  'operator_token_invalid',
  'operator_suspended',
  'too_many_failed_tokens',
] as const;

/** Checks the bearer token; returns a problem when it is missing or not valid. */
export async function findReader(
  request: FastifyRequest,
  identity: Identity,
): Promise<Result<'operator' | 'monitor'>> {
  const token = bearerOf(request);
  if (await identity.isScrapeToken(token)) return ok('monitor');
  const operator = await identity.authenticateOperator(token);
  if (!operator.ok) return operator;
  request.operator = operator.value;
  return ok('operator');
}
