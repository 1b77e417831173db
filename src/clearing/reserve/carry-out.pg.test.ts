// A request that is cut off at any step is finished once; and however requests, transfers and
// settlements meet, no cap is passed.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { expectSound } from '../../../test/fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../../../test/fixtures/ledger.ts';
import { patience } from '../../../test/fixtures/patience.ts';
import { createRandom, long, seedOf } from '../../../test/fixtures/seed.ts';
import { platformOwnerId, type MemberId } from '../../kernel/ids.ts';
import type { Result } from '../../kernel/problem.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { capOf, usedOf } from './cap.ts';
import { createReserve, type Reserve } from './create-reserve.ts';
import type { ReserveFigures, Wanted } from './types.ts';

const seed = seedOf('reserve');
const HALF = 5_000;
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

const reserveOn = (ledger: Ledger): Reserve =>
  createReserve({
    ...database,
    clock: test.clock,
    ledger,
    metrics: createMetrics({ processMetrics: false }),
  });

class Killed extends Error {}

/**
 * A process that dies at its n-th step in the ledger: before the step, or after it and before its
 * result is known. A dead process does nothing more.
 */
function dyingLedger(at: number, after: boolean): { ledger: Ledger; died: () => boolean } {
  let steps = 0;
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    steps += 1;
    if (steps > at || (steps === at && !after)) throw new Killed();
    const done = await work();
    if (steps === at) throw new Killed();
    return done;
  };
  return {
    died: () => steps >= at,
    ledger: {
      ...test.ledger,
      pointsOf: test.ledger.pointsOf,
      submit: (command) => step(() => test.ledger.submit(command)),
      setCap: (cap) => step(() => test.ledger.setCap(cap)),
      listMoney: (platformIds) => step(() => test.ledger.listMoney(platformIds)),
      findTransaction: (transactionId) => step(() => test.ledger.findTransaction(transactionId)),
    },
  };
}

let payments = 0;
async function ask(reserve: Reserve, platform: string, wanted: Wanted): Promise<Result<unknown>> {
  const made = await reserve.requests.make({
    platformId: test.id(platform),
    operatorId: 'maker',
    reason: 'test',
    wanted,
  });
  return made.ok
    ? reserve.requests.approve({ requestId: made.value.requestId, operatorId: 'checker' })
    : made;
}
const money = (kind: 'deposit' | 'withdrawal', amount: bigint): Wanted => ({
  kind,
  amount,
  bankReference: `bank ${(payments += 1)}`,
});

describe('a request that is cut off', () => {
  const requests: readonly (readonly [
    string,
    () => Wanted,
    (before: ReserveFigures) => Pick<ReserveFigures, 'prefund' | 'cap'>,
  ])[] = [
    [
      'deposit',
      () => money('deposit', 100n),
      ({ prefund }) => ({ prefund: prefund + 100n, cap: capOf(prefund + 100n, HALF) }),
    ],
    [
      'withdrawal',
      () => money('withdrawal', 70n),
      ({ prefund }) => ({ prefund: prefund - 70n, cap: capOf(prefund - 70n, HALF) }),
    ],
    [
      'cap of another share',
      () => ({ kind: 'cap', basisPoints: 7_000 }),
      ({ prefund }) => ({ prefund, cap: capOf(prefund, 7_000) }),
    ],
    ['fixed cap', () => ({ kind: 'cap', amount: 321n }), ({ prefund }) => ({ prefund, cap: 321n })],
  ];

  it.each(requests)(
    '%s is finished by the next run, once, wherever it was; meanwhile the cap is never above its share',
    async (name, wanted, expected) => {
      const sound = reserveOn(test.ledger);
      const platformId = test.id('platform_a');
      const find = async (): Promise<ReserveFigures> =>
        (await sound.find(platformId)) ?? expect.fail('no such platform');
      let points = 0;
      for (const after of [false, true]) {
        for (let at = 1; ; at += 1) {
          expect((await ask(sound, 'platform_a', { kind: 'cap', basisPoints: HALF })).ok).toBe(
            true,
          );
          expect((await ask(sound, 'platform_a', money('deposit', 1_001n))).ok).toBe(true);
          const before = await find();
          const { ledger, died } = dyingLedger(at, after);
          expect((await ask(reserveOn(ledger), 'platform_a', wanted())).ok).toBe(true);
          if (!died()) break;
          points += 1;
          const cut = await find();
          if (!name.includes('cap')) expect(cut.cap).toBeLessThanOrEqual(capOf(cut.prefund, HALF));
          await Promise.all([sound.follow(), sound.follow()]);
          expect(await find()).toMatchObject(expected(before));
          await sound.follow();
          expect(await find()).toMatchObject(expected(before));
          expect(await sound.requests.list({ platformId, state: 'approved' }, 1)).toMatchObject([
            { carriedOutAt: expect.any(Date) },
          ]);
        }
      }
      expect(points).toBeGreaterThanOrEqual(6);
      const { rows } = await database.pool.query<{ open: bigint }>(
        `select count(*) as open from clearing.reserve_request
            where state = 'approved' and carried_out_at is null`,
      );
      expect(rows).toEqual([{ open: 0n }]);
      await expectSound(database.pool);
    },
    patience(60_000),
  );
});

describe('transfers, settlements, deposits, withdrawals and caps at once', () => {
  it(
    'never pass a cap, nor does a cap pass its share of the prefund',
    async () => {
      const random = createRandom(seed);
      const platforms = ['platform_b', 'platform_c'];
      const reserve = reserveOn(test.ledger);
      const members = Array.from({ length: 6 }, () => test.member());
      for (const platform of platforms) {
        await ask(reserve, platform, { kind: 'cap', basisPoints: HALF });
        await ask(reserve, platform, money('deposit', 40_000n));
        for (const member of members) await test.earn(platform, member, 10_000_000n);
      }
      const stop = new AbortController();
      const codes = new Map<string, number>();
      const count = (code: string): void => void codes.set(code, (codes.get(code) ?? 0) + 1);
      const callers = Array.from({ length: 12 }, async () => {
        while (!stop.signal.aborted) {
          const [platform, other] = random.chance(0.5) ? platforms : platforms.toReversed();
          if (platform === undefined || other === undefined) return;
          const outcome = random.chance(0.9)
            ? await test.transfer(
                platform,
                random.pick(members),
                BigInt(random.int(1, 3_000)),
                other,
                random.pick(members),
              )
            : await test.submit(platform, platformOwnerId(test.id(platform)) as MemberId, {
                kind: 'settle',
                amount: BigInt(random.int(-4_000, 2_000)) || 1n,
                from: 'outside',
              });
          count(outcome.ok ? outcome.transaction.kind : outcome.problem.code);
        }
      });
      const requests = platforms.map(async (platform) => {
        for (let round = 0; round < (long ? 120 : 25); round += 1) {
          const kind = random.chance(0.5) ? 'deposit' : 'withdrawal';
          const answer = await ask(reserve, platform, money(kind, BigInt(random.int(1, 9_000))));
          count(answer.ok ? kind : `${kind} ${answer.problem.code}`);
        }
      });
      let looks = 0;
      const auditor = (async () => {
        while (!stop.signal.aborted) {
          for (const { prefund, cap, ...sums } of (
            await test.ledger.listMoney(platforms.map(test.id))
          ).values()) {
            if (cap === undefined) continue;
            expect(usedOf(sums)).toBeLessThanOrEqual(cap);
            expect(cap).toBeLessThanOrEqual(capOf(prefund, HALF));
            looks += 1;
          }
        }
      })();
      const following = (async () => {
        while (!stop.signal.aborted) await reserve.follow();
      })();
      await Promise.all(requests);
      stop.abort();
      await Promise.all([...callers, auditor, following]);
      expect(looks).toBeGreaterThan(20);
      for (const code of ['conversion', 'settle', 'insufficient_reserve', 'deposit', 'withdrawal'])
        expect(codes.get(code) ?? 0, code).toBeGreaterThan(0);
      for (const { prefund, cap } of await reserve.list())
        if (cap !== undefined && prefund > 0n)
          expect(cap).toBeLessThanOrEqual(capOf(prefund, 10_000));
      await expectSound(database.pool);
    },
    patience(long ? 300_000 : 60_000),
  );
});
