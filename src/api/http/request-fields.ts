// The fields that the API adds to Fastify's request: who calls, and with which signature.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { assert } from '../../kernel/assert.ts';
import type { Operator, Platform } from '../../identity/identity.ts';
import type { Asset, SignatureMark } from '../../ledger/ledger.ts';

/** An authenticated platform and the asset that its amounts count. */
export interface Caller {
  readonly platform: Platform;
  readonly points: Asset;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set when the token is accepted. */
    platform: Platform | undefined;
    /**
     * The signature as this server computed it, in hexadecimal; set when the signature is accepted.
     */
    signature: string | undefined;
    /**
     * The time of an X-Signature in Unix seconds; set when it is accepted. Undefined for RFC 9421
     * signatures, which cover the idempotency key.
     */
    signedAt: number | undefined;
    /** The signature mark that this request has stored before an operation that posts nothing. */
    claimedSignature: SignatureMark | undefined;
    caller: Caller | undefined;
    /** Set when the operator's token is accepted. */
    operator: Operator | undefined;
    /** The code of the problem that was answered, for log and metrics. */
    problemCode: string | undefined;
  }
}

/** Declares the fields on every request of the server; call it before the routes are added. */
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

/** The operator who calls. Only for routes behind `requireOperator`; fails elsewhere. */
export function operatorOf(request: FastifyRequest): Operator {
  assert(request.operator !== undefined, 'the route is not behind an operator token');
  return request.operator;
}

/** The platform that calls. Only for routes behind `requireToken`; fails elsewhere. */
export function callerOf(request: FastifyRequest): Caller {
  assert(request.caller !== undefined, 'the route is not behind authentication');
  return request.caller;
}
