// The key that makes an operation happen at most once: the Idempotency-Key header, else the request's own signature.

import type { FastifyRequest } from 'fastify';
import { assert } from '../../kernel/assert.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { securityProblems, type ReplayGuard } from '../../security/security.ts';
import { apiProblems } from '../problems.ts';

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

/** A key made from the signature has a space in it, so no header can ever name it. */
export function idempotencyKeyOf(request: FastifyRequest, guard: ReplayGuard): Result<string> {
  const { signature } = request;
  assert(signature !== undefined, 'the route is not behind authentication');
  const given = request.headers['idempotency-key'];
  if (given === undefined) {
    guard.remember(signature);
    return ok(`signature ${signature}`);
  }
  // Node joins a repeated header with ", ", which the space gives away.
  if (typeof given !== 'string' || !VISIBLE_ASCII.test(given)) return refuse(apiProblems.invalid_idempotency_key());
  return guard.hasServedAsKey(signature) ? refuse(securityProblems.signature_replayed()) : ok(given);
}
