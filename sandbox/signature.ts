// Is this call from the network? The bearer token first, then the signature over exactly the bytes
// that arrived.

import { createHmac, hash, timingSafeEqual } from 'node:crypto';

export interface Credentials {
  readonly platformId: string;
  readonly token: string;
  /**
   * Those that the network may sign with: after a rotation the new one, and the one before it until
   * that has been replaced too.
   */
  readonly secrets: readonly string[];
}

export interface SignedCall {
  readonly method: string;
  /** As on the wire, without the query. */
  readonly path: string;
  readonly body: Buffer;
  readonly platformId: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

const TOLERANCE_SECONDS = 300;

export function isBearer(header: string | undefined, token: string): boolean {
  // Digests have one length, so that comparing them tells nothing of the token's.
  return (
    header !== undefined &&
    timingSafeEqual(hash('sha256', header, 'buffer'), hash('sha256', `Bearer ${token}`, 'buffer'))
  );
}

/** Says what is wrong with the signature, or nothing. */
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
