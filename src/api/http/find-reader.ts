// Who may read figures and reasons: an operator, or a monitor with the scrape token. Nobody else
// needs to know them.

import type { FastifyRequest } from 'fastify';
import type { Identity } from '../../identity/identity.ts';
import { ok, type Result } from '../../kernel/problem.ts';
import { bearerOf } from './require-operator.ts';

/** How a route can refuse whoever is no reader. */
export const READER_PROBLEMS = [
  'operator_token_missing',
  'operator_token_invalid',
  'operator_suspended',
  'too_many_failed_tokens',
] as const;

/** The problem of a token that opens nothing, or of none. */
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
