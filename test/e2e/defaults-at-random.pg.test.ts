// Windows with too little money, at random: payers that are short, deposits and withdrawals,
// disputes that come and go, platforms left out, settlements aborted and taken back, pairs settled
// gross. After every step the audit finds nothing, and in the end everybody has what it is due.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { createReserve, type Reserve } from '../../src/clearing/reserve/reserve.ts';
import type { ActKind } from '../../src/clearing/settlement/settlement.ts';
import {
  platformOwnerId,
  type MemberId,
  type PlatformId,
  type TransactionId,
} from '../../src/kernel/ids.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectSound } from '../fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import { patience } from '../fixtures/patience.ts';
import { createRandom, long, seedOf } from '../fixtures/seed.ts';
import {
  CHECKER,
  createTestSettlement,
  MAKER,
  type TestSettlement,
} from '../fixtures/settlement.ts';

const seed = seedOf('defaults');
const PLATFORMS = ['platform_a', 'platform_b', 'platform_c', 'platform_d'] as PlatformId[];

let database: TestDatabase;
let test: TestLedger;
let windows: TestSettlement;
let reserve: Reserve;

beforeEach(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 3 });
  windows = createTestSettlement(test, database);
  reserve = createReserve({
    ...database,
    clock: test.clock,
    ledger: test.ledger,
    metrics: createMetrics({ processMetrics: false }),
  });
});
afterEach(async () => {
  await test?.ledger.close();
  await database?.drop();
});

it(
  'loses and makes nothing, whatever happens to windows in which platforms are short',
  async () => {
    const random = createRandom(seed);
    const { settlement } = windows;
    const members = Array.from({ length: 3 }, () => test.member());
    const sent: { id: TransactionId; amount: bigint }[] = [];
    const paidIn = new Map<PlatformId, bigint>();
    let references = 0;
    const seen: Record<string, number> = {};
    const count = (name: string): void => void (seen[name] = (seen[name] ?? 0) + 1);
    for (const platform of PLATFORMS)
      for (const member of members) await test.earn(platform, member, 10_000_000n);
    await settlement.setGrossPairs(
      [[PLATFORMS[0] as PlatformId, PLATFORMS[1] as PlatformId]],
      MAKER,
    );

    const book = async (
      platform: PlatformId,
      kind: 'deposit' | 'withdrawal',
      amount: bigint,
    ): Promise<string> => {
      const made = await reserve.requests.make({
        platformId: platform,
        operatorId: MAKER,
        reason: 'test',
        wanted: { kind, amount, bankReference: `bank ${(references += 1)}` },
      });
      const done = made.ok
        ? await reserve.requests.approve({ requestId: made.value.requestId, operatorId: CHECKER })
        : made;
      if (done.ok)
        paidIn.set(
          platform,
          (paidIn.get(platform) ?? 0n) + (kind === 'deposit' ? amount : -amount),
        );
      return done.ok ? kind : done.problem.code;
    };
    const transfer = async (): Promise<void> => {
      const [from, to] = [random.pick(PLATFORMS), random.pick(PLATFORMS)];
      if (from === to) return;
      const amount = BigInt(random.int(1, 3_000));
      const outcome = await test.transfer(
        from,
        random.pick(members),
        amount,
        to,
        random.pick(members),
      );
      if (outcome.ok) sent.push({ id: outcome.transaction.transactionId, amount });
      count(outcome.ok ? 'transfer' : outcome.problem.code);
    };
    const dispute = (): void => {
      if (sent.length === 0) return;
      const { id, amount } = random.pick(sent.slice(-12));
      if (random.chance(0.4)) windows.frozen.delete(id);
      else windows.frozen.set(id, BigInt(random.int(1, Number(amount))));
    };
    const settle = async (): Promise<void> => {
      const open = [
        ...(await settlement.list(1_000, 1_000, 'closed')),
        ...(await settlement.list(1_000, 1_000, 'proposed')),
      ];
      if (open.length === 0) return;
      const { windowId } = random.pick(open);
      const proposed = await settlement.propose({ windowId, operatorId: MAKER, payments: [] });
      count(proposed.ok ? 'proposed' : proposed.problem.code);
      if (random.chance(0.3)) dispute();
      const approved = await settlement.approve({ windowId, operatorId: CHECKER });
      count(approved.ok ? 'approved' : approved.problem.code);
    };
    const act = async (): Promise<void> => {
      const open = await settlement.list(1_000, 1_000, 'settling');
      if (open.length === 0) return;
      const { windowId } = random.pick(open);
      const kind = random.pick<ActKind>(['leave_out', 'leave_out', 'abort', 'take_back']);
      const participants =
        kind === 'abort' || (kind === 'take_back' && random.chance(0.5))
          ? []
          : [random.pick(PLATFORMS)];
      const proposed = await settlement.proposeAct({
        windowId,
        kind,
        participants,
        reason: 'test',
        operatorId: MAKER,
      });
      if (!proposed.ok) return count(`${kind} ${proposed.problem.code}`);
      const { actId } = proposed.value;
      if (random.chance(0.2)) await settlement.follow();
      const decided = random.chance(0.9)
        ? await settlement.approveAct({ windowId, actId, operatorId: CHECKER })
        : await settlement.withdrawAct({ windowId, actId, operatorId: CHECKER });
      if (!decided.ok) await settlement.withdrawAct({ windowId, actId, operatorId: CHECKER });
      count(`${kind} ${decided.ok ? decided.value.state : decided.problem.code}`);
      // A suspended platform goes on.
      for (const platform of PLATFORMS)
        await test.ledger.setMode(platform, { mode: 'both' }, async () => undefined);
    };
    const proposeAgain = async (): Promise<void> => {
      for (const { windowId } of await settlement.list(1_000, 1_000, 'settling')) {
        const found = await settlement.find(windowId);
        const held = found.ok
          ? found.value.obligations.filter(({ state }) => state === 'held')
          : [];
        if (held.length === 0) continue;
        await settlement.propose({
          windowId,
          operatorId: MAKER,
          payments: held.map(({ participant, basis }) => ({
            participant,
            basis,
            from: 'prefund' as const,
          })),
        });
        const approved = await settlement.approve({ windowId, operatorId: CHECKER });
        count(`again ${approved.ok ? 'approved' : approved.problem.code}`);
      }
    };
    const follow = async (): Promise<void> => {
      test.clock.advance(31_000);
      await settlement.follow();
    };

    for (let step = 0; step < (long ? 3_000 : 160); step += 1) {
      const what = random.int(1, 100);
      if (what <= 40) await transfer();
      else if (what <= 48) await windows.close();
      else if (what <= 58) await settle();
      else if (what <= 68)
        count(
          await book(
            random.pick(PLATFORMS),
            random.chance(0.7) ? 'deposit' : 'withdrawal',
            BigInt(random.int(1, 2_000)),
          ),
        );
      else if (what <= 76) dispute();
      else if (what <= 86) await act();
      else if (what <= 90) await proposeAgain();
      else await follow();
      if (step % 10 === 9) await expectSound(database.pool);
    }
    for (const name of ['transfer', 'approved', 'deposit'])
      expect([name, (seen[name] ?? 0) > 0]).toEqual([name, true]);

    // Disputes end, everybody pays in enough, and all windows are settled to the end.
    windows.frozen.clear();
    for (const platform of PLATFORMS) await book(platform, 'deposit', 10_000_000n);
    for (let round = 0; round < 6; round += 1) {
      await proposeAgain();
      for (const state of ['proposed', 'closed'] as const) {
        for (const { windowId } of (await settlement.list(1_000, 1_000, state)).toReversed()) {
          if (state === 'closed')
            await settlement.propose({ windowId, operatorId: MAKER, payments: [] });
          await settlement.approve({ windowId, operatorId: CHECKER });
        }
      }
      await follow();
      await windows.close();
    }
    await expectSound(database.pool);
    const left = await settlement.list(1_000, 1_000);
    expect(
      left
        .filter(({ state }) => state !== 'settled' && state !== 'open' && state !== 'closed')
        .map(({ windowId, state }) => [windowId, state]),
    ).toEqual([]);
    // What each has in its prefund is what it has paid in and what members' transfers have made it
    // due.
    const money = await test.ledger.listMoney(PLATFORMS);
    for (const platform of PLATFORMS) {
      const {
        rows: [row],
      } = await database.pool.query<{ due: bigint }>(
        `select coalesce(sum(e.amount), 0)::bigint as due from ledger.entry e
            join ledger.account a using (bucket, account_id)
        where a.owner_id = $1 and a.purpose = 'position' and e.layer = 'p' and e.kind <> 'settle'`,
        [platformOwnerId(platform) as MemberId],
      );
      expect([platform, money.get(platform)?.position, money.get(platform)?.prefund]).toEqual([
        platform,
        0n,
        (paidIn.get(platform) ?? 0n) + (row?.due ?? 0n),
      ]);
    }
  },
  patience(long ? 600_000 : 240_000),
);
