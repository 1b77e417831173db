// Identifiers: each names one thing, is derived from the same facts every time, and contains its
// bucket.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bucketOf,
  bucketOfTransaction,
  deriveMemberId,
  deriveTransactionId,
  formatId,
  isMemberId,
  isPlatformId,
  parseId,
  platformOwnerId,
  type Bucket,
  type MemberId,
  type PlatformId,
  type TransactionId,
} from './ids.ts';

const memberId = fc.uuid().map((id) => id as MemberId);
const platformId = fc.stringMatching(/^[a-z][a-z0-9_]{2,39}$/).map((id) => id as PlatformId);
const bucket = fc.integer({ min: 0, max: 65_535 }).map((number) => number as Bucket);

describe('a transaction id', () => {
  it('tells its bucket, is a UUID of version 8, and survives its public form', () => {
    fc.assert(
      fc.property(
        bucket,
        platformId,
        memberId,
        fc.string({ minLength: 1 }),
        (home, platform, member, key) => {
          const id = deriveTransactionId(home, platform, member, key);
          expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
          expect(bucketOfTransaction(id)).toBe(home);
          expect(deriveTransactionId(home, platform, member, key)).toBe(id);
          expect(parseId('txn', formatId('txn', id))).toBe(id);
          expect(parseId('hold', formatId('txn', id))).toBeUndefined();
        },
      ),
    );
  });

  it('differs when any of platform, member and key differs', () => {
    fc.assert(
      fc.property(
        fc.tuple(platformId, memberId, fc.string()),
        fc.tuple(platformId, memberId, fc.string()),
        (a, b) => {
          fc.pre(a.join('\n') !== b.join('\n'));
          expect(deriveTransactionId(0 as Bucket, ...a)).not.toBe(
            deriveTransactionId(0 as Bucket, ...b),
          );
        },
      ),
    );
  });

  it.each([
    '',
    'txn_',
    'txn_12',
    'txn_0123456789ABCDEF0123456789ABCDEF',
    'txn_0123456789abcdef0123456789abcdef0',
    'txn_0123456789abcdef0123456789abcde\n',
    'rdm_0123456789abcdef0123456789abcdef',
  ])('is not read from "%s"', (text) => {
    expect(parseId('txn', text)).toBeUndefined();
  });
});

describe('a member', () => {
  it('lives in one bucket of the network, whichever id', () => {
    fc.assert(
      fc.property(memberId, fc.integer({ min: 1, max: 65_536 }), (member, count) => {
        expect(isMemberId(member)).toBe(true);
        expect(bucketOf(member, count)).toBeGreaterThanOrEqual(0);
        expect(bucketOf(member, count)).toBeLessThan(count);
      }),
    );
  });

  it('derived from platform and user is the same each time, and as the source requirement (2.2) derives it', () => {
    // SHA-256("platform_a:user_1"), first 16 bytes.
    expect(deriveMemberId('platform_a' as PlatformId, 'user_1')).toBe(
      '4df87757-3bbf-4b58-915f-e1402d73677c',
    );
    fc.assert(
      fc.property(platformId, fc.string(), (platform, user) => {
        expect(isMemberId(deriveMemberId(platform, user))).toBe(true);
        expect(deriveMemberId(platform, user)).not.toBe(platformOwnerId(platform));
      }),
    );
  });

  it.each([
    '',
    'x',
    '00000000-0000-0000-0000-00000000000',
    '00000000-0000-0000-0000-00000000000A',
    '00000000-0000-0000-0000-000000000000\n',
  ])('is not "%s"', (text) => {
    expect(isMemberId(text)).toBe(false);
  });
});

it.each(['ab', 'Abc', '1abc', 'a-b', 'abc ', 'a'.repeat(41), 'abc\n', ''])(
  '"%s" is no platform id',
  (text) => {
    expect(isPlatformId(text)).toBe(false);
  },
);

it('a public id with the wrong prefix or length is refused', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const id = parseId('txn', text);
      if (id !== undefined) expect(formatId('txn', id satisfies TransactionId)).toBe(text);
    }),
  );
});
