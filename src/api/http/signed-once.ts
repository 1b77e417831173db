// Stores a mark of the signature for operations that post nothing themselves and must not run
// twice. An operation that posts stores its mark in the ledger's commit; these store theirs before
// they begin.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { ledgerProblems, type SignatureMark } from '../../ledger/ledger.ts';
import type { ApiParts } from '../parts.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operationKeyOf } from './idempotency.ts';
import { callerOf } from './request-fields.ts';

/**
 * What a repeated signature gets. `again`: the operation returns its first result for the same key;
 * only another key is refused. `once`: the operation has no first result to return, so the caller
 * signs a new request to run it again.
 */
export type Repetition = 'again' | 'once';

/**
 * Returns the hooks of such a route. A refusal (4xx) removes the mark. After a failure of the
 * server (5xx) it is not known what was done, so the mark stays.
 */
export function signedOnce(parts: ApiParts, repetition: Repetition) {
  const { ledger } = parts;
  return {
    preHandler: async (
      request: FastifyRequest,
      reply: FastifyReply,
    ): Promise<FastifyReply | undefined> => {
      // Undefined for routes under /operator and for RFC 9421 signatures.
      if (request.signedAt === undefined) return undefined;
      const claimed = await claim(parts, request, repetition);
      if (!claimed.ok) return answerProblem(request, reply, claimed.problem);
      request.claimedSignature = claimed.value;
      return undefined;
    },
    onSend: async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const { claimedSignature } = request;
      const refused = reply.statusCode >= 400 && reply.statusCode < 500;
      if (claimedSignature !== undefined && refused)
        await ledger.releaseSignature(claimedSignature);
    },
  };
}

/**
 * Stores the mark and returns it; returns undefined when the mark was there before and the
 * operation may run again.
 */
async function claim(
  { ledger }: ApiParts,
  request: FastifyRequest,
  repetition: Repetition,
): Promise<Result<SignatureMark | undefined>> {
  const operation = operationKeyOf(request);
  if (!operation.ok) return operation;
  const { key, signature } = operation.value;
  if (signature === undefined) return ok(undefined);
  const {
    platform: { platformId, ownerId },
  } = callerOf(request);
  const found = await ledger.claimSignature({ platformId, ownerId, key, signature });
  if (found === 'other' || (found === 'same' && repetition === 'once'))
    return refuse(ledgerProblems.signature_used());
  return ok(found === 'new' ? signature : undefined);
}
