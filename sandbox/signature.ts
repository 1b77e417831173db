// Checks that a call comes from the network: first the bearer token, then the signature over
// exactly the bytes that arrived.

import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** Credentials of the network. */
export interface Credentials {
  readonly platformId: string;
  readonly token: string;
  /**
   * Secrets that the network may sign with. After a rotation these are the new one and the one
   * before it; the next rotation drops the older one.
   */
  readonly secrets: readonly string[];
}

/** A call, as far as its signature covers it. */
export interface SignedCall {
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  readonly body: Buffer;
  readonly platformId: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

const TOLERANCE_SECONDS = 300;

/** Compares the Authorization header with the token in constant time. */
export function isBearer(header: string | undefined, token: string): boolean {
  // Digests have the same length, so the comparison does not reveal the length of the token.
  return (
    header !== undefined &&
    timingSafeEqual(hash('sha256', header, 'buffer'), hash('sha256', `Bearer ${token}`, 'buffer'))
  );
}

/** What is wrong with the signature; undefined when it is valid. */
export function judgeSignature(
  { platformId, secrets }: Credentials,
  call: SignedCall,
): string | undefined {
  if (call.platformId !== platformId) return 'X-Platform-ID is not the id of this platform';
  if (call.timestamp === undefined || !/^\d{1,12}$/.test(call.timestamp))
    return 'X-Timestamp is not Unix time in seconds';
  if (call.signature === undefined || !/^[0-9a-fA-F]{64}$/.test(call.signature))
    return 'X-Signature is not 64 hexadecimal digits';
  if (Math.abs(Number(call.timestamp) - Math.floor(Date.now() / 1000)) > TOLERANCE_SECONDS)
    return `X-Timestamp is more than ${TOLERANCE_SECONDS} seconds away from now`;
  const { timestamp, method, path, body } = call;
  const signature = Buffer.from(call.signature, 'hex');
  const matches = (secret: string): boolean =>
    timingSafeEqual(
      createHmac('sha256', secret)
        .update(timestamp + method + path)
        .update(body)
        .digest(),
      signature,
    );
  return secrets.some(matches) ? undefined : 'X-Signature does not match';
}
