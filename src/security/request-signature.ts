// The request signature of the source requirement (3.2): hex HMAC-SHA256(secret, timestamp + METHOD
// + path + body).

import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { refuse, ok, type Result } from '../kernel/problem.ts';
import { securityProblems } from './problems.ts';

/** How far a signature's time may be from ours, either way. */
export const SIGNATURE_TOLERANCE_SECONDS = 300;

export interface SignedParts {
  /** X-Timestamp as sent. */
  readonly timestamp: string;
  readonly method: string;
  /** As on the wire, still percent-encoded, without query. */
  readonly path: string;
  /** Byte for byte as sent; undefined when there is none. */
  readonly body: Buffer | undefined;
}

/** What a client computes; also for tests, examples and calls to connected platforms. */
export function signRequest(key: KeyObject | string, parts: SignedParts): string {
  return digest(key, parts).toString('hex');
}

/**
 * Checks form, then time, then the signature in constant time. The value is the signature as
 * computed here, never as written by the caller: it may serve as an idempotency key, and a second
 * spelling of it must not be a second key.
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
