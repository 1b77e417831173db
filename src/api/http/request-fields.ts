// What the API keeps with a request besides what Fastify gives: who calls, and under which
// signature.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { assert } from '../../kernel/assert.ts';
import type { Operator, Platform } from '../../identity/identity.ts';
import type { Asset, SignatureMark } from '../../ledger/ledger.ts';

/** An authenticated platform and what its amounts count. */
export interface Caller {
  readonly platform: Platform;
  readonly points: Asset;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the token is accepted. */
    platform: Platform | undefined;
    /** The signature as computed here, in hexadecimal; set once it is accepted. */
    signature: string | undefined;
    /**
     * Unix seconds of an X-Signature, which does not cover the idempotency key; set once it is
     * accepted.
     */
    signedAt: number | undefined;
    /**
     * The mark that the request has left of its signature, before an operation that posts nothing.
     */
    claimedSignature: SignatureMark | undefined;
    caller: Caller | undefined;
    /** Set once the operator's token is accepted. */
    operator: Operator | undefined;
    /** Code of the problem that was answered, for log and metrics. */
    problemCode: string | undefined;
  }
}

export function decorateRequests(server: FastifyInstance): void {
  for (const name of [
    'platform',
    'signature',
    'signedAt',
    'claimedSignature',
    'caller',
    'operator',
    'problemCode',
  ] as const)
    server.decorateRequest(name, undefined);
}

/** Only routes behind `requireOperator` may ask. */
export function operatorOf(request: FastifyRequest): Operator {
  assert(request.operator !== undefined, 'the route is not behind an operator token');
  return request.operator;
}

/** Only routes behind `requireSignature` may ask. */
export function callerOf(request: FastifyRequest): Caller {
  assert(request.caller !== undefined, 'the route is not behind authentication');
  return request.caller;
}
