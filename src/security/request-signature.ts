// The request signature of the source requirement (3.2): hex HMAC-SHA256(secret, timestamp + METHOD
// + path + body).

import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { refuse, ok, type Result } from '../kernel/problem.ts';
import { securityProblems } from './problems.ts';

/** How far the time of a signature may be from our clock, in either direction. */
export const SIGNATURE_TOLERANCE_SECONDS = 300;

/** The parts of a request that X-Signature covers. */
export interface SignedParts {
  /** X-Timestamp as sent. */
  readonly timestamp: string;
  readonly method: string;
  /** As on the wire, still percent-encoded, without query. */
  readonly path: string;
  /** Byte for byte as sent; undefined when there is none. */
  readonly body: Buffer | undefined;
}

/**
 * The signature that a client computes, in lower-case hexadecimal. Also used for calls to connected
 * platforms, and in tests and examples.
 */
export function signRequest(key: KeyObject | string, parts: SignedParts): string {
  return digest(key, parts).toString('hex');
}

/**
 * Checks the form, then the time, then the signature in constant time. `nowMs` is in milliseconds
 * since the Unix epoch. Refuses with `signature_malformed`, `signature_stale` or
 * `signature_invalid`.
 *
 * The value is the signature as computed here, not as the caller wrote it: it may serve as an
 * idempotency key, and another spelling of the same signature must not be another key.
 */
export function verifyRequestSignature(
  key: KeyObject,
  parts: SignedParts,
  signature: string,
  nowMs: number,
): Result<string> {
  if (!/^\d{1,12}$/.test(parts.timestamp) || !/^[0-9a-fA-F]{64}$/.test(signature))
    return refuse(securityProblems.signature_malformed());
  if (Math.abs(Number(parts.timestamp) - Math.floor(nowMs / 1000)) > SIGNATURE_TOLERANCE_SECONDS)
    return refuse(securityProblems.signature_stale());
  const expected = digest(key, parts);
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex')))
    return refuse(securityProblems.signature_invalid());
  return ok(expected.toString('hex'));
}

function digest(key: KeyObject | string, parts: SignedParts): Buffer {
  const hmac = createHmac('sha256', key).update(parts.timestamp + parts.method + parts.path);
  if (parts.body !== undefined) hmac.update(parts.body);
  return hmac.digest();
}
