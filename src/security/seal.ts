// Seals small secrets for storage: AES-256-GCM under a key derived from the master key. A sealed
// secret is bound to its owner.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { assert } from '../kernel/assert.ts';
import { deriveKey, type MasterKey } from './master-key.ts';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts and decrypts small secrets. */
export interface Sealer {
  /** `context` names the owner. A sealed secret that is copied to another owner does not open. */
  seal(plaintext: string, context: string): Buffer;
  /**
   * Throws when the bytes were changed, belong to another owner, or were sealed under another
   * master key.
   */
  open(sealed: Buffer, context: string): string;
}

/** Uses a key that is derived from the master key. */
export function createSealer(masterKey: MasterKey): Sealer {
  const key = deriveKey(masterKey, 'seal');
  return {
    seal(plaintext, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      return Buffer.concat([
        Buffer.of(VERSION),
        nonce,
        cipher.update(plaintext, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
    },
    open(sealed, context) {
      assert(
        sealed.length >= 1 + NONCE_BYTES + TAG_BYTES && sealed[0] === VERSION,
        'a sealed secret has an unknown form',
      );
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce)
        .setAAD(Buffer.from(context))
        .setAuthTag(sealed.subarray(-TAG_BYTES));
      return (
        decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') +
        decipher.final('utf8')
      );
    },
  };
}
