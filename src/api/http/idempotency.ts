// What makes an operation happen at most once: `idempotency_key` in the body, the Idempotency-Key
// header, or else the request's own signature; and the mark of a signature that does not cover it.

import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { assert } from '../../kernel/assert.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { OperationKey } from '../../ledger/ledger.ts';
import { apiProblems } from '../../http/problems.ts';

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

/** How an operation that takes a key can be refused for it. */
export const KEY_PROBLEMS = [
  'invalid_idempotency_key',
  'idempotency_keys_differ',
  'signature_used',
] as const;

/** A key made from the signature has a space in it, so nobody can ever name it. */
export function operationKeyOf(request: FastifyRequest): Result<OperationKey> {
  const { signature, signedAt } = request;
  assert(signature !== undefined, 'the route is not behind authentication');
  const header = request.headers['idempotency-key'];
  const { idempotency_key: own } = request.body as { readonly idempotency_key?: string };
  // Node joins a repeated header with ", ", which the space gives away.
  if (header !== undefined && (typeof header !== 'string' || !VISIBLE_ASCII.test(header))) {
    return refuse(apiProblems.invalid_idempotency_key());
  }
  if (own !== undefined && header !== undefined && own !== header) {
    return refuse(apiProblems.idempotency_keys_differ(undefined, { field: 'idempotency_key' }));
  }
  const key = own ?? header ?? `signature ${signature}`;
  return ok(
    signedAt === undefined ? { key } : { key, signature: { signedAt, mark: markOf(signature) } },
  );
}

/** Of one operation in a batch: each place in it is an operation of its own. */
export function keyInBatch(
  request: FastifyRequest,
  batchKey: OperationKey,
  index: number,
  own: unknown,
): OperationKey {
  const { signature = '' } = request;
  const key = typeof own === 'string' ? own : `${batchKey.key} ${index}`;
  if (batchKey.signature === undefined) return { key };
  return {
    key,
    signature: { ...batchKey.signature, mark: markOf(hash('sha256', `${signature} ${index}`)) },
  };
}

/** So many digits are more than anybody can make equal without the secret. */
function markOf(digits: string): string {
  return digits.slice(0, 16);
}
