// Voucher codes: the same input gives the same code, other input another, and no slip of the pen
// turns one code into another.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TransactionId } from '../kernel/ids.ts';
import { createVoucherCodes, readVoucherCode } from './voucher-code.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const masterKey = { bytes: Buffer.alloc(32, 7) };
const codesOf = createVoucherCodes(masterKey);
const anyId = fc.uuid().map((id) => id as string as TransactionId);
const anyCode = anyId.map((id) => codesOf(id, 1n)[0]?.code ?? '');

describe('voucher codes', () => {
  it('are derived: the same for the same redemption, others under another key', () => {
    const id = '00010203-0405-8007-8809-0a0b0c0d0e0f' as TransactionId;
    expect(codesOf(id, 3n)).toEqual(codesOf(id, 3n));
    expect(codesOf(id, 3n)[0]).toEqual(codesOf(id, 1n)[0]);
    expect(createVoucherCodes({ bytes: Buffer.alloc(32, 8) })(id, 1n)).not.toEqual(codesOf(id, 1n));
  });

  it('are one for each unit, and one for all of more than a hundred', () => {
    const id = '00010203-0405-8007-8809-0a0b0c0d0e0f' as TransactionId;
    const hundred = codesOf(id, 100n);
    expect(new Set(hundred.map(({ code }) => code)).size).toBe(100);
    expect(hundred.map(({ unit }) => unit)).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
    expect(codesOf(id, 101n)).toMatchObject([{ unit: 0 }]);
  });

  it('use all of their characters alike', () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 2_000; index += 1) {
      const [{ code } = { code: '' }] = codesOf(
        `0001${index.toString(16).padStart(4, '0')}-0405-8007-8809-0a0b0c0d0e0f` as TransactionId,
        1n,
      );
      for (const character of code.replaceAll('-', ''))
        counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    expect([...counts.keys()].sort().join('')).toBe(ALPHABET);
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200);
  });

  it('are read as people write them', () => {
    fc.assert(
      fc.property(anyCode, (code) => {
        expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
        expect(readVoucherCode(code)).toBe(code);
        expect(readVoucherCode(` ${code.toLowerCase().replaceAll('-', ' ')} `)).toBe(code);
        expect(readVoucherCode(code.replaceAll('0', 'o').replaceAll('1', 'l'))).toBe(code);
      }),
    );
    for (const text of ['', 'x', '0000-0000-0000', '0000-0000-0000-000U', '0000-0000-0000-0000-0'])
      expect(readVoucherCode(text)).toBeUndefined();
  });

  it('are refused with any one character wrong', () => {
    fc.assert(
      fc.property(anyCode, (code) => {
        const plain = code.replaceAll('-', '');
        for (let place = 0; place < plain.length; place += 1) {
          for (const other of ALPHABET) {
            if (other !== plain[place])
              expect(
                readVoucherCode(plain.slice(0, place) + other + plain.slice(place + 1)),
              ).toBeUndefined();
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('are refused with any two characters swapped', () => {
    fc.assert(
      fc.property(anyCode, (code) => {
        const plain = [...code.replaceAll('-', '')];
        for (let first = 0; first < plain.length; first += 1) {
          for (let second = first + 1; second < plain.length; second += 1) {
            if (plain[first] === plain[second]) continue;
            expect(
              readVoucherCode(
                plain
                  .with(first, plain[second] ?? '')
                  .with(second, plain[first] ?? '')
                  .join(''),
              ),
            ).toBeUndefined();
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});
