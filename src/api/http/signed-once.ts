// Marks the signatures of operations that post nothing themselves and must still not be carried out
// again: what posts leaves its mark in the ledger's commit, these leave theirs before they begin.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { ledgerProblems, type SignatureMark } from '../../ledger/ledger.ts';
import type { ApiParts } from '../parts.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operationKeyOf } from './idempotency.ts';
import { callerOf } from './request-fields.ts';

/**
 * `again`: the operation gives its first result to the same key, and only another key is refused.
 * `once`: it has no first result to give; whoever wants it again signs again.
 */
export type Repetition = 'again' | 'once';

/**
 * Route options: a refusal leaves no mark; after a failure of ours nobody knows what was done, so
 * the mark stays.
 */
export function signedOnce(parts: ApiParts, repetition: Repetition) {
  const { ledger } = parts;
  return {
    preHandler: async (
      request: FastifyRequest,
      reply: FastifyReply,
    ): Promise<FastifyReply | undefined> => {
      // Not under /operator, and not signed by RFC 9421.
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

/** The mark that this request has left; undefined when it was there before. */
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
