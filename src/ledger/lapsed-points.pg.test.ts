// Points that lapsed are gone once: whoever takes back what a transaction credited takes the lapsed
// part out of the expired points.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import { platformOwnerId, type MemberId, type TransactionId } from '../kernel/ids.ts';
import type { Clawback, Outcome } from './types.ts';
import { DAY_MS } from '../kernel/time.ts';

let database: TestDatabase;
let test: TestLedger;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 4 });
});
afterAll(async () => {
  await test?.ledger.close();
  await database?.drop();
});

function posted(outcome: Outcome): TransactionId {
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.transaction.transactionId;
}

const reverse = (
  platform: string,
  member: MemberId,
  transactionId: TransactionId,
  amount?: bigint,
  clawback?: Clawback,
): Promise<Outcome> =>
  test.submit(platform, member, {
    kind: 'reverse',
    agreed: true,
    transactionId,
    amount,
    clawback,
    reason: 'returned',
  });
const balance = async (member: MemberId, platform = 'platform_a'): Promise<bigint> =>
  (await test.ledger.getBalance(member, test.id(platform))).balance;

async function total(platform: string, purpose: string): Promise<bigint> {
  const { rows } = await database.pool.query<{ sum: bigint }>(
    `select coalesce(sum(credits_posted - debits_posted), 0)::bigint as sum from ledger.account
        where owner_id = $1 and purpose = $2`,
    [platformOwnerId(test.id(platform)), purpose],
  );
  return rows[0]?.sum ?? 0n;
}

const expired = (platform = 'platform_a'): Promise<bigint> => total(platform, 'expired');
/** What platform_a paid for members who had spent what was taken back. */
const borne = async (): Promise<bigint> => -(await total('platform_a', 'clawback'));

async function pastTheirDay(sweep = true): Promise<void> {
  test.clock.advance(2 * DAY_MS);
  if (!sweep) return;
  let left = 1;
  while (left > 0) left = (await test.ledger.sweep()).expired;
}

/** Earned for today: 25 captured, 5 given away, so that 70 lapse; and 7 that stay. */
async function earnAndLapse(
  sweep = true,
): Promise<{ ann: MemberId; earned: TransactionId; captured: TransactionId }> {
  const ann = test.member();
  const earned = posted(
    await test.submit('platform_a', ann, { kind: 'earn', amount: 100n, expiresOn: test.dayIn(0) }),
  );
  const holdId = posted(
    await test.submit('platform_a', ann, { kind: 'hold', amount: 25n, expiresInMs: 60_000 }),
  );
  const captured = posted(await test.submit('platform_a', ann, { kind: 'capture', holdId }));
  posted(await test.transfer('platform_a', ann, 5n, 'platform_a', test.member()));
  posted(await test.earn('platform_a', ann, 7n));
  await pastTheirDay(sweep);
  return { ann, earned, captured };
}

describe('reversing an earn of which a part has lapsed', () => {
  it.each([true, false])(
    'leaves the member what it spent of it and no more; swept before: %s',
    async (sweep) => {
      const { ann, earned } = await earnAndLapse(sweep);
      const before = await expired();
      posted(await reverse('platform_a', ann, earned));
      expect(await balance(ann)).toBe(-23n);
      expect(await expired()).toBe(sweep ? before - 70n : before);
      // Nothing is left to lapse of the member's, only what it gave away.
      expect((await test.ledger.sweep()).expired).toBe(sweep ? 0 : 1);
    },
  );

  it('in parts comes to the same', async () => {
    const { ann, earned } = await earnAndLapse();
    const balances: bigint[] = [];
    for (const part of [40n, 1n, 39n, 20n]) {
      posted(await reverse('platform_a', ann, earned, part));
      balances.push(await balance(ann));
    }
    expect(balances).toEqual([7n, 7n, -3n, -23n]);
  });

  it.each<[Clawback, string, bigint]>([
    ['available', 'posted', 0n],
    ['refuse', 'clawback_refused', 7n],
  ])('under the policy %s: %s', async (policy, code, left) => {
    const { ann, earned } = await earnAndLapse();
    const borneBefore = await borne();
    const outcome = await reverse('platform_a', ann, earned, undefined, policy);
    expect(outcome.ok ? 'posted' : outcome.problem.code).toBe(code);
    expect(await balance(ann)).toBe(left);
    if (outcome.ok) expect((await borne()) - borneBefore).toBe(23n);
    // What has lapsed can be taken back in any case.
    if (!outcome.ok)
      expect(await reverse('platform_a', ann, earned, 77n, policy)).toMatchObject({ ok: true });
  });

  it('counts what was restored to the lot and lapsed again', async () => {
    const { ann, earned, captured } = await earnAndLapse();
    posted(await reverse('platform_a', ann, captured));
    await test.ledger.sweep();
    posted(await reverse('platform_a', ann, earned));
    expect(await balance(ann)).toBe(7n - 5n);
  });

  it('counts what lapsed of a lot of two earns once over both', async () => {
    const ann = test.member();
    const expiresOn = test.dayIn(0);
    const earn = (amount: bigint): Promise<Outcome> =>
      test.submit('platform_a', ann, { kind: 'earn', amount, expiresOn });
    const [first, second] = [posted(await earn(100n)), posted(await earn(50n))];
    const reward = await test.reward('platform_a', 9n);
    posted(
      await test.submit('platform_a', ann, {
        kind: 'redeem',
        amount: 30n,
        rewardAssetId: reward.assetId,
        quantity: 1n,
      }),
    );
    await pastTheirDay();
    const before = await expired();
    posted(await reverse('platform_a', ann, first, 99n));
    expect([await balance(ann), before - (await expired())]).toEqual([0n, 99n]);
    const both = await Promise.all([
      reverse('platform_a', ann, second),
      reverse('platform_a', ann, first),
    ]);
    expect(both.every(({ ok }) => ok)).toBe(true);
    expect([await balance(ann), before - (await expired())]).toEqual([-30n, 120n]);
  });

  it('sees what lapses at the same moment', async () => {
    const { ann, earned } = await earnAndLapse(false);
    const both = await Promise.all([
      test.submit('platform_a', ann, { kind: 'expire', day: test.dayIn(0) }),
      reverse('platform_a', ann, earned),
    ]);
    expect(both.every(({ ok }) => ok)).toBe(true);
    expect(await balance(ann)).toBe(-23n);
  });
});

describe('points that were held while what they came from was reversed', () => {
  it.each([
    [0n, 0n],
    [30n, -30n],
  ])(
    'repay the debt when they are free again, before they lapse; %s of 100 captured',
    async (captured, left) => {
      const ann = test.member();
      const earned = posted(
        await test.submit('platform_a', ann, {
          kind: 'earn',
          amount: 100n,
          expiresOn: test.dayIn(0),
        }),
      );
      const holdId = posted(
        await test.submit('platform_a', ann, {
          kind: 'hold',
          amount: 100n,
          expiresInMs: 5 * DAY_MS,
        }),
      );
      await pastTheirDay();
      posted(await reverse('platform_a', ann, earned));
      const before = await expired();
      if (captured > 0n)
        posted(await test.submit('platform_a', ann, { kind: 'capture', holdId, amount: captured }));
      else
        posted(await test.submit('platform_a', ann, { kind: 'release', holdId, cause: 'caller' }));
      await test.ledger.sweep();
      expect([await balance(ann), await expired()]).toEqual([left, before]);
      const { debt } = await test.ledger.getBalance(ann, test.id('platform_a'));
      expect(debt).toBe(-left);
    },
  );

  it('of a capture come back to the lots that it spent', async () => {
    const ann = test.member();
    posted(
      await test.submit('platform_a', ann, { kind: 'earn', amount: 30n, expiresOn: test.dayIn(5) }),
    );
    const late = posted(
      await test.submit('platform_a', ann, {
        kind: 'earn',
        amount: 70n,
        expiresOn: test.dayIn(50),
      }),
    );
    const holdId = posted(
      await test.submit('platform_a', ann, { kind: 'hold', amount: 100n, expiresInMs: 5 * DAY_MS }),
    );
    posted(await reverse('platform_a', ann, late));
    const captured = posted(
      await test.submit('platform_a', ann, { kind: 'capture', holdId, amount: 30n }),
    );
    posted(await reverse('platform_a', ann, captured));
    expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
      balance: 30n,
      debt: 0n,
      expiring: [{ expiresOn: test.dayIn(5), amount: 30n }],
    });
  });
});

describe('reversing what was credited to somebody else and has lapsed there', () => {
  it.each(['platform_a', 'platform_b'])(
    'takes nothing from a receiver at %s who has nothing else, in whatever parts',
    async (target) => {
      for (const parts of [[undefined], [333n, 1n, undefined]]) {
        for (let times = 0; times < 4; times += 1) {
          const [ann, bob] = [test.member(), test.member()];
          posted(
            await test.submit('platform_a', ann, {
              kind: 'earn',
              amount: 2_000n,
              expiresOn: test.dayIn(0),
            }),
          );
          const sent = posted(await test.transfer('platform_a', ann, 2_000n, target, bob));
          await pastTheirDay();
          const before = await expired(target);
          for (const part of parts) posted(await reverse('platform_a', ann, sent, part));
          expect(await balance(bob, target)).toBe(0n);
          expect(before - (await expired(target))).toBe(target === 'platform_a' ? 2_000n : 1_666n);
          // The sender's are restored to a lot that has ended, and lapse there.
          await test.ledger.sweep();
          expect(await balance(ann)).toBe(0n);
        }
      }
    },
  );

  it('leaves other points of the receiver alone, and takes what it has spent from them', async () => {
    const [ann, bob] = [test.member(), test.member()];
    posted(
      await test.submit('platform_a', ann, {
        kind: 'earn',
        amount: 2_000n,
        expiresOn: test.dayIn(0),
      }),
    );
    const sent = posted(await test.transfer('platform_a', ann, 2_000n, 'platform_b', bob));
    posted(await test.earn('platform_b', bob, 1_000n));
    const holdId = posted(
      await test.submit('platform_b', bob, { kind: 'hold', amount: 600n, expiresInMs: 60_000 }),
    );
    posted(await test.submit('platform_b', bob, { kind: 'capture', holdId }));
    await pastTheirDay();
    posted(await reverse('platform_a', ann, sent));
    expect(await balance(bob, 'platform_b')).toBe(400n);
  });

  it.each(['platform_a', 'platform_b'])(
    'at %s takes nothing of other points that a dispute has frozen instead',
    async (target) => {
      const [ann, bob] = [test.member(), test.member()];
      posted(
        await test.submit('platform_a', ann, {
          kind: 'earn',
          amount: 120n,
          expiresOn: test.dayIn(0),
        }),
      );
      const sent = posted(await test.transfer('platform_a', ann, 120n, target, bob));
      posted(await test.earn(target, bob, 300n));
      await pastTheirDay();
      const frozenHoldId = posted(
        await test.submit(target, bob, {
          kind: 'hold',
          freeze: sent,
          amount: 100n,
          expiresInMs: 0,
        }),
      );
      posted(
        await test.submit('platform_a', ann, {
          kind: 'reverse',
          transactionId: sent,
          agreed: true,
          reason: 'upheld',
          frozenHoldId,
        }),
      );
      expect(await test.ledger.getBalance(bob, test.id(target))).toMatchObject({
        balance: 300n,
        held: 0n,
        debt: 0n,
      });
    },
  );

  it.each(['platform_a', 'platform_b'])(
    'gives the sender the days again that they were frozen at %s',
    async (target) => {
      const [ann, bob] = [test.member(), test.member()];
      const soon = test.dayIn(0);
      posted(await test.submit('platform_a', ann, { kind: 'earn', amount: 120n, expiresOn: soon }));
      const sent = posted(await test.transfer('platform_a', ann, 120n, target, bob));
      const points = target === 'platform_a' ? 120n : 100n;
      const freeze = async (amount: bigint): Promise<TransactionId> =>
        posted(
          await test.submit(target, bob, {
            kind: 'hold',
            freeze: sent,
            amount,
            expiresInMs: 0,
          }),
        );
      const [first, second] = [await freeze(points / 4n), await freeze(points / 2n)];
      const uphold = async (frozenHoldId: TransactionId, amount: bigint): Promise<void> => {
        posted(
          await test.submit('platform_a', ann, {
            kind: 'reverse',
            transactionId: sent,
            amount,
            agreed: true,
            reason: 'upheld',
            frozenHoldId,
          }),
        );
      };
      await pastTheirDay();
      await uphold(first, 30n);
      await uphold(second, 90n);
      await test.ledger.sweep();
      // Of the second part 60 were frozen; what was not has ended.
      expect(await test.ledger.getBalance(ann, test.id('platform_a'))).toMatchObject({
        balance: 90n,
        expiring: [{ expiresOn: test.dayIn(0), amount: 90n }],
      });
      expect(await balance(bob, target)).toBe(0n);
    },
  );

  it('in parts never exchanges points that end soon for points that end late', async () => {
    const [ann, bob] = [test.member(), test.member()];
    posted(
      await test.submit('platform_a', ann, { kind: 'earn', amount: 50n, expiresOn: test.dayIn(0) }),
    );
    posted(
      await test.submit('platform_a', ann, {
        kind: 'earn',
        amount: 50n,
        expiresOn: test.dayIn(90),
      }),
    );
    const sent = posted(await test.transfer('platform_a', ann, 100n, 'platform_a', bob));
    posted(await reverse('platform_a', ann, sent, 50n));
    await pastTheirDay();
    expect([await balance(ann), await balance(bob)]).toEqual([50n, 0n]);
  });
});
