// Content-Digest (RFC 9530): the digest of a body, so that a message signature can cover it.

import { hash } from 'node:crypto';
import { parseDictionary } from 'structured-headers';

/** The Content-Digest header for a body, e.g. `sha-256=:…:`. */
export function formatContentDigest(body: Buffer): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`;
}

/**
 * True when the header has at least one sha-256 or sha-512 digest, and all of these match the body.
 * Other algorithms are ignored; an unreadable header gives false.
 */
export function matchesContentDigest(header: string, body: Buffer): boolean {
  let known = 0;
  try {
    for (const [name, [value]] of parseDictionary(header)) {
      if (name !== 'sha-256' && name !== 'sha-512') continue;
      if (
        !(value instanceof ArrayBuffer) ||
        !Buffer.from(value).equals(hash(name === 'sha-256' ? 'sha256' : 'sha512', body, 'buffer'))
      )
        return false;
      known += 1;
    }
  } catch {
    return false;
  }
  return known > 0;
}
