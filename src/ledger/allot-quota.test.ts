// Quota over stripes: whatever the stripes hold, the bound over all of them is kept to the last
// unit.

import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { seedOf } from '../../test/fixtures/seed.ts';
import type { Bucket, OwnerId } from '../kernel/ids.ts';
import { accountOf, headroom, newWallet, postedBalance, type Account } from './account.ts';
import { allotQuota, capOf, headroomOf } from './allot-quota.ts';

const seed = seedOf('allot-quota');
const OWNER = '00000000-0000-4000-8000-000000000000' as OwnerId;

interface Stripe {
  readonly debits: bigint;
  readonly credits: bigint;
  readonly pending: bigint;
}

const stripes = fc.array(
  fc.record({
    debits: fc.bigInt({ min: 0n, max: 10n ** 15n }),
    credits: fc.bigInt({ min: 0n, max: 10n ** 15n }),
    pending: fc.bigInt({ min: 0n, max: 1_000n }),
  }),
  { minLength: 1, maxLength: 8 },
);

function accountsOf(shapes: readonly Stripe[]): Account[] {
  return shapes.map(({ debits, credits, pending }, bucket) => {
    const account = accountOf(newWallet(bucket as Bucket, OWNER, 1), 'position');
    Object.assign(account, {
      debitsPosted: debits,
      creditsPosted: credits,
      debitsPending: pending,
    });
    return account;
  });
}

it('refuses exactly when all stripes together have too little, and otherwise keeps the cap and gives the needy stripe its room', () => {
  fc.assert(
    fc.property(
      stripes,
      fc.bigInt({ min: 0n, max: 10n ** 16n }),
      fc.bigInt({ min: 0n, max: 10n ** 16n }),
      fc.nat(),
      (shapes, cap, need, which) => {
        const accounts = accountsOf(shapes);
        const needy = accounts[which % accounts.length];
        const net = shapes.reduce(
          (sum, { debits, credits, pending }) => sum + credits - debits - pending,
          0n,
        );
        const floors = allotQuota(accounts, cap, needy, need);
        expect(floors === undefined).toBe(net + cap < need);
        if (floors === undefined) return;
        accounts.forEach((account, index) => (account.floor = floors[index] ?? null));
        expect(capOf(accounts)).toBe(cap);
        expect(headroomOf(accounts)).toBe(net + cap);
        for (const account of accounts)
          expect(postedBalance(account) - account.debitsPending).toBeGreaterThanOrEqual(
            account.floor ?? 0n,
          );
        if (needy !== undefined) expect(headroom(needy)).toBeGreaterThanOrEqual(need);
      },
    ),
    { seed },
  );
});

it('lets a row of draws take exactly the cap in the end, however they fall on the stripes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: 300 }),
      fc.array(fc.tuple(fc.nat(7), fc.integer({ min: 1, max: 40 })), { maxLength: 60 }),
      (count, cap, draws) => {
        const accounts = accountsOf(
          Array.from({ length: count }, () => ({ debits: 0n, credits: 0n, pending: 0n })),
        );
        const first = allotQuota(accounts, BigInt(cap));
        accounts.forEach((account, index) => (account.floor = first?.[index] ?? null));
        let left = cap;
        for (const [which, size] of draws) {
          const stripe = accounts[which % count];
          if (stripe === undefined) return;
          if (headroom(stripe) < BigInt(size)) {
            const floors = allotQuota(accounts, capOf(accounts), stripe, BigInt(size));
            expect(floors === undefined).toBe(left < size);
            if (floors === undefined) continue;
            accounts.forEach((account, index) => (account.floor = floors[index] ?? null));
          }
          stripe.debitsPosted += BigInt(size);
          left -= size;
          expect(left).toBeGreaterThanOrEqual(0);
        }
        expect(headroomOf(accounts)).toBe(BigInt(left));
      },
    ),
    { seed },
  );
});
