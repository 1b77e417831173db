// Months of random traffic under a simulated clock, compared with the naive model: every answer,
// every lot, every total.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MemberId, PlatformId, TransactionId } from '../../src/kernel/ids.ts';
import { dayOf } from '../../src/kernel/time.ts';
import type { Clawback, Command, Outcome } from '../../src/ledger/ledger.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectAsAnswered, expectSound, type JournalRow } from '../fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import { NaiveNetwork, type NaivePlatform } from '../fixtures/naive-network.ts';
import { patience } from '../fixtures/patience.ts';
import { createRandom, long, seedOf, type Random } from '../fixtures/seed.ts';
import { times, Traffic } from '../fixtures/traffic.ts';

const seed = seedOf('random months');
const HOUR_MS = 3_600_000;
const PLATFORMS: readonly {
  name: PlatformId;
  tenths: number;
  clawback: Clawback;
  lifetimeDays: number | null;
  cap: number;
  stock: number;
}[] = [
  {
    name: 'platform_a' as PlatformId,
    tenths: 10,
    clawback: 'debt',
    lifetimeDays: 40,
    cap: 2_500,
    stock: 60,
  },
  {
    name: 'platform_b' as PlatformId,
    tenths: 12,
    clawback: 'available',
    lifetimeDays: null,
    cap: Number.POSITIVE_INFINITY,
    stock: 30,
  },
  {
    name: 'platform_c' as PlatformId,
    tenths: 8,
    clawback: 'refuse',
    lifetimeDays: 15,
    cap: 600,
    stock: 0,
  },
];

let database: TestDatabase;
let test: TestLedger;
let model: NaiveNetwork;
let random: Random;
let nowMs: number;
let members: MemberId[];
let rewards: Map<PlatformId, number>;

beforeEach(async () => {
  database = await createTestDatabase();
  // Far in the future, so that the audit, which uses the server's clock, finds no overdue hold.
  nowMs = Date.UTC(2126, 0, 15, 9);
  random = createRandom(seed);
});
afterEach(async () => {
  await test?.ledger.close();
  await database?.drop();
});

async function begin(bucketCount: number): Promise<void> {
  test = await createTestLedger(database, { bucketCount, clock: { now: () => nowMs } });
  await test.amend((document) => ({
    ...document,
    platforms: Object.fromEntries(
      Object.entries(document.platforms).map(([name, terms]) => {
        const days = PLATFORMS.find((platform) => platform.name === name)?.lifetimeDays ?? null;
        return [
          name,
          days === null ? terms : { ...terms, expiry: { policy: 'rolling_days' as const, days } },
        ];
      }),
    ),
  }));
  rewards = new Map();
  for (const { name, clawback, cap, stock } of PLATFORMS) {
    await test.ledger.setClawback(test.ledger.pointsOf(name)?.assetId ?? 0, clawback);
    if (Number.isFinite(cap)) await test.cap(name, BigInt(cap));
    rewards.set(name, (await test.reward(name, BigInt(stock))).assetId);
  }
  members = Array.from(
    { length: 5 },
    (_, index) => `0000000${random.int(0, 9)}-0000-4000-8000-00000000000${index}` as MemberId,
  );
  model = new NaiveNetwork(
    new Map(
      PLATFORMS.map(
        ({ name, tenths, clawback, lifetimeDays, cap, stock }): [string, NaivePlatform] => [
          name,
          { multiplierTenths: tenths, clawback, lifetimeDays, cap, stock },
        ],
      ),
    ),
    nowMs,
  );
}

function traffic(): Traffic {
  return new Traffic({
    random,
    members,
    platforms: PLATFORMS.map(({ name }) => name),
    rewards,
    keyPrefix: '',
    largest: 300,
    dayIn: (days) => dayOf(nowMs + days * 24 * HOUR_MS),
  });
}

/** The same command for the model. */
function askModel(command: Command, id: TransactionId | ''): string {
  const { platformId, memberId } = command;
  switch (command.kind) {
    case 'earn':
      return model.earn(id, platformId, memberId, Number(command.amount), command.expiresOn);
    case 'transfer':
      return model.transfer(
        id,
        platformId,
        memberId,
        Number(command.amount),
        command.targetPlatformId,
        command.toMemberId,
      );
    case 'redeem':
      return model.redeem(
        id,
        platformId,
        memberId,
        Number(command.amount),
        Number(command.quantity),
      );
    case 'hold':
      return model.hold(id, platformId, memberId, Number(command.amount), command.expiresInMs);
    case 'capture':
      return model.capture(
        id,
        platformId,
        memberId,
        command.holdId,
        command.amount === undefined ? undefined : Number(command.amount),
      );
    case 'release':
      return model.release(id, platformId, memberId, command.holdId, command.cause === 'timer');
    case 'reverse':
      return model.reverse(
        id,
        platformId,
        memberId,
        command.transactionId,
        command.amount === undefined ? undefined : Number(command.amount),
        command.clawback,
      );
    case 'clawback':
      return model.clawback(id, platformId, memberId, Number(command.amount), command.clawback);
    case 'expire':
      return model.expire(id, platformId, memberId, command.day);
    case 'adjust':
      return model.adjust(id, platformId, memberId, Number(command.amount));
    case 'deposit':
      return model.deposit(platformId, Number(command.amount));
    case 'withdraw':
      return model.withdraw(platformId, Number(command.amount));
    case 'settle':
      return model.settle(platformId, Number(command.amount), command.from);
  }
}

function answer(outcome: Outcome): string {
  return outcome.ok ? 'posted' : outcome.problem.code;
}

async function expectSameAsModel(): Promise<void> {
  model.nowMs = nowMs;
  for (const { name } of PLATFORMS) {
    for (const member of members) {
      const purse = model.purse(member, name);
      const balance = await test.ledger.getBalance(member, name);
      const live = purse.free.filter((day) => day >= model.today && day !== 'infinity').sort();
      expect({ ...balance, member, name }).toEqual({
        member,
        name,
        balance: BigInt(model.balance(purse)),
        available: BigInt(model.available(purse)),
        held: BigInt(purse.held.length),
        debt: BigInt(purse.debt),
        expiring: [...new Set(live)].map((expiresOn) => ({
          expiresOn,
          amount: BigInt(live.filter((day) => day === expiresOn).length),
        })),
      });
    }
  }
  const { rows } = await database.pool.query<{ platform_id: string; purpose: string; sum: bigint }>(
    `select s.platform_id, a.purpose, sum(a.credits_posted - a.debits_posted)::bigint as sum
        from ledger.account a
       join (select distinct a.owner_id, s.platform_id from ledger.account a
         join ledger.asset s using (asset_id)
         where s.platform_id is not null and a.purpose not in ('lot', 'debt')) s using (owner_id)
      where a.purpose not in ('lot', 'debt', 'stock', 'transit', 'fee') group by 1, 2`,
  );
  for (const [name, totals] of model.totals) {
    const booked = Object.fromEntries(
      rows.filter((row) => row.platform_id === name).map((row) => [row.purpose, Number(row.sum)]),
    );
    expect({
      ...Object.fromEntries(Object.keys(totals).map((purpose) => [purpose, 0])),
      ...booked,
    }).toEqual(totals);
  }
}

describe('months of random traffic', () => {
  it(
    'one command after another give the answers of the model, whatever bucket its members are in',
    async () => {
      await begin(4);
      const load = traffic();
      const swept = { released: 0, expired: 0 };
      for (let step = 0; step < (long ? 6_000 : 900); step += 1) {
        nowMs += random.chance(0.05) ? random.int(1, 60) * HOUR_MS : 1_000;
        model.nowMs = nowMs;
        const command = load.next();
        const outcome = await test.ledger.submit(command);
        load.note(command, outcome);
        expect(`${step}: ${command.kind} ${answer(outcome)}`).toBe(
          `${step}: ${command.kind} ` +
            `${askModel(command, outcome.ok ? outcome.transaction.transactionId : '')}`,
        );
        if (step % 60 === 59) {
          const { released, expired } = await test.ledger.sweep();
          const again = await test.ledger.sweep();
          swept.released += released;
          swept.expired += expired + again.expired;
          expect(again.released).toBe(0);
          model.sweep();
          await expectSameAsModel();
        }
      }
      expect(Math.min(swept.released, swept.expired)).toBeGreaterThan(0);
      await expectSameAsModel();
      await expectAsAnswered(database.pool, load.asked, isOfSweep);
      await expectSound(database.pool);
    },
    patience(long ? 900_000 : 60_000),
  );

  it(
    'many commands at once are what the model makes of the journal in its order',
    async () => {
      await begin(1);
      const load = traffic();
      const replayed = new Set<TransactionId>();
      let rows = new Map<TransactionId, JournalRow>();
      for (let month = 0; month < (long ? 15 : 6); month += 1) {
        await load.run(test.ledger, 24, times(long ? 400 : 220));
        await test.ledger.sweep();
        rows = await expectAsAnswered(database.pool, load.asked, isOfSweep);
        const commands = new Map(
          load.asked.flatMap(({ command, outcome }) =>
            outcome.ok ? [[outcome.transaction.transactionId, command]] : [],
          ),
        );
        for (const [id, row] of rows) {
          if (replayed.has(id)) continue;
          replayed.add(id);
          const command = commands.get(id);
          const said =
            command !== undefined
              ? askModel(command, id)
              : row.kind === 'expire'
                ? model.expire(id, row.platform_id, row.member_id, model.today)
                : model.releaseDue(id, row.platform_id, row.member_id, Number(row.amount));
          expect(`${row.sequence} ${row.kind} ${said}`).toBe(`${row.sequence} ${row.kind} posted`);
        }
        await expectSameAsModel();
        nowMs += random.int(5, 30) * 24 * HOUR_MS;
        model.nowMs = nowMs;
      }
      expect([...rows.values()].filter(isOfSweep).length).toBeGreaterThan(0);
      await expectSound(database.pool);
    },
    patience(long ? 900_000 : 60_000),
  );
});

/** What the sweep does without a command: releases of overdue holds, and expiry. */
function isOfSweep(row: JournalRow): boolean {
  return row.kind === 'expire' || row.kind === 'release';
}
