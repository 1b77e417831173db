// Derives the idempotency key of an operation: `idempotency_key` in the body, else the
// Idempotency-Key header, else the signature of the request. Also derives the mark of a signature
// that does not cover the key.

import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { assert } from '../../kernel/assert.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { OperationKey } from '../../ledger/ledger.ts';
import { apiProblems } from '../../http/problems.ts';

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

/** The problems that an operation with an idempotency key can answer because of it. */
export const KEY_PROBLEMS = [
  'invalid_idempotency_key',
  'idempotency_keys_differ',
  'signature_used',
] as const;

/**
 * The key of a signed request. A key that is derived from the signature contains a space; a caller
 * cannot send such a key, so the two never collide.
 */
export function operationKeyOf(request: FastifyRequest): Result<OperationKey> {
  const { signature, signedAt } = request;
  assert(signature !== undefined, 'the route is not behind authentication');
  const header = request.headers['idempotency-key'];
  const { idempotency_key: own } = request.body as { readonly idempotency_key?: string };
  // Node joins repeated headers with ", "; the space shows that the header was repeated.
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

/**
 * The key of one operation in a batch, by its own key or by its index. Each index has its own
 * signature mark.
 */
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

/**
 * The first 16 hexadecimal digits: nobody can produce a second signature with the same ones without
 * the secret.
 */
function markOf(digits: string): string {
  return digits.slice(0, 16);
}
