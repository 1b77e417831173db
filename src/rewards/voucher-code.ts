// Voucher codes: derived, not drawn, so that an answer, a retry and a repair after a crash give the
// same ones. Pure. 75 bits of HMAC in Crockford's base32 and a check character, in four groups:
// `7Q2K-M0XD-9RVA-4HBE`.

import { createHmac } from 'node:crypto';
import type { TransactionId } from '../kernel/ids.ts';
import { deriveKey, type MasterKey } from '../security/security.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const DATA_LENGTH = 15;
const GROUP = /.{4}(?=.)/g;
/** More units than this share one code. */
const MOST_CODES = 100n;
/** x⁵ + x² + 1: its root has order 31, so each of the 16 places has a weight of its own. */
const FIELD_POLYNOMIAL = 0b100101;

interface VoucherCode {
  readonly code: string;
  /** 1, 2, 3 …; 0 for a code that stands for the whole redemption. */
  readonly unit: number;
}

export type VoucherCodes = (redemptionId: TransactionId, quantity: bigint) => VoucherCode[];

export function createVoucherCodes(masterKey: MasterKey): VoucherCodes {
  const key = deriveKey(masterKey, 'voucher');
  const codeOf = (redemptionId: TransactionId, unit: number): VoucherCode => {
    const digest = createHmac('sha256', key).update(`${redemptionId}/${unit}`).digest();
    const digits = Array.from({ length: DATA_LENGTH }, (_, index) => fiveBits(digest, index * 5));
    return {
      unit,
      code: [...digits, checkOf(digits)]
        .map((digit) => ALPHABET.charAt(digit))
        .join('')
        .replaceAll(GROUP, '$&-'),
    };
  };
  return (redemptionId, quantity) =>
    quantity > MOST_CODES
      ? [codeOf(redemptionId, 0)]
      : Array.from({ length: Number(quantity) }, (_, index) => codeOf(redemptionId, index + 1));
}

/** Code → the stored hash. A reader of the database learns no code, and cannot check one. */
export type VoucherHash = (code: string) => Buffer;

export function createVoucherHash(masterKey: MasterKey): VoucherHash {
  const key = deriveKey(masterKey, 'voucher look-up');
  return (code) => createHmac('sha256', key).update(code).digest();
}

/**
 * A code as a person typed it → as it was given; undefined when a character is wrong or two are
 * swapped.
 */
export function readVoucherCode(text: string): string | undefined {
  const plain = text
    .toUpperCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  const digits = Array.from(plain, (character) => ALPHABET.indexOf(character));
  const check = digits.at(-1);
  if (
    digits.length !== DATA_LENGTH + 1 ||
    digits.includes(-1) ||
    check !== checkOf(digits.slice(0, DATA_LENGTH))
  )
    return undefined;
  return plain.replaceAll(GROUP, '$&-');
}

/**
 * In GF(32): each place weighs another power of the root, so that every single change and every
 * swap of two places is noticed.
 */
function checkOf(digits: readonly number[]): number {
  return digits.reduce((sum, digit) => timesRoot(sum ^ digit), 0);
}

function timesRoot(element: number): number {
  const shifted = element << 1;
  return shifted & 0b100000 ? shifted ^ FIELD_POLYNOMIAL : shifted;
}

function fiveBits(bytes: Buffer, offset: number): number {
  return (bytes.readUInt16BE(offset >> 3) >> (11 - (offset & 7))) & 31;
}
