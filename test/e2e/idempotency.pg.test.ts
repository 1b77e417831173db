// A key stands for one transaction: concurrently, after refusals, across restarts and processes,
// and whatever else the caller says later.

import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PlatformId } from '../../src/kernel/ids.ts';
import type { Command, Outcome } from '../../src/ledger/ledger.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectSound, readJournal } from '../fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';

const a = 'platform_a' as PlatformId;
const b = 'platform_b' as PlatformId;

let database: TestDatabase;
let test: TestLedger;
let others: TestLedger[];

beforeEach(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database);
  others = [];
});
afterEach(async () => {
  for (const each of [test, ...others]) await each?.ledger.close();
  await expectSound(database.pool);
  await database?.drop();
});

/** One of each kind that moves points, with all that it needs already there. */
async function oneOfEach(): Promise<Command[]> {
  const [ann, bob] = [test.member(), test.member()];
  const earned = await test.earn('platform_a', ann, 10_000n);
  const held = await test.submit('platform_a', ann, {
    kind: 'hold',
    amount: 100n,
    expiresInMs: 60_000,
  });
  const heldToo = await test.submit('platform_a', ann, {
    kind: 'hold',
    amount: 100n,
    expiresInMs: 60_000,
  });
  if (!earned.ok || !held.ok || !heldToo.ok) throw new Error('not prepared');
  const reward = await test.reward('platform_a', 10n);
  const base = { platformId: a, memberId: ann };
  const commands = [
    { ...base, kind: 'earn', amount: 10n },
    { ...base, kind: 'transfer', amount: 20n, toMemberId: bob, targetPlatformId: a },
    { ...base, kind: 'transfer', amount: 30n, toMemberId: bob, targetPlatformId: b },
    { ...base, kind: 'redeem', amount: 40n, rewardAssetId: reward.assetId, quantity: 1n },
    { ...base, kind: 'hold', amount: 50n, expiresInMs: 60_000 },
    { ...base, kind: 'capture', holdId: held.transaction.transactionId },
    { ...base, kind: 'release', holdId: heldToo.transaction.transactionId, cause: 'caller' },
    {
      ...base,
      kind: 'reverse',
      transactionId: earned.transaction.transactionId,
      amount: 60n,
      reason: 'test',
    },
    { ...base, kind: 'clawback', amount: 70n },
    { ...base, kind: 'adjust', amount: 80n, reason: 'test' },
  ] as const;
  return commands.map((command, index) => ({ ...command, key: `key ${index}` }));
}

async function journalSize(): Promise<number> {
  return (await readJournal(database.pool)).size;
}

function expectOneResult(outcomes: readonly Outcome[], replays: number): void {
  const posted = outcomes.flatMap((outcome) => (outcome.ok ? [outcome] : []));
  expect(posted.length).toBe(outcomes.length);
  expect(posted.filter(({ replayed }) => replayed).length).toBe(replays);
  const [first] = posted;
  // Postings are told to the millisecond; all else is the same to the last field.
  for (const { transaction } of posted)
    expect(transaction).toEqual({ ...first?.transaction, rate: transaction.rate });
}

it('64 callers with one key and body get one transaction and one result, for every kind of command', async () => {
  const commands = await oneOfEach();
  const before = await journalSize();
  await Promise.all(
    commands.map(async (command) => {
      expectOneResult(
        await Promise.all(Array.from({ length: 64 }, () => test.ledger.submit(command))),
        63,
      );
    }),
  );
  expect(await journalSize()).toBe(before + commands.length);
});

it('64 callers of one key in three processes get one transaction and one result', async () => {
  others = [await createTestLedger(database), await createTestLedger(database)];
  const commands = await oneOfEach();
  const before = await journalSize();
  const ledgers = [test, ...others].map(({ ledger }) => ledger);
  await Promise.all(
    commands.map(async (command) => {
      expectOneResult(
        await Promise.all(
          Array.from(
            { length: 64 },
            (_, index) =>
              ledgers[index % 3]?.submit(command) ?? Promise.reject(new Error('no ledger')),
          ),
        ),
        63,
      );
    }),
  );
  expect(await journalSize()).toBe(before + commands.length);
});

it('the result is the same after a restart, also when the points are gone since', async () => {
  const commands = await oneOfEach();
  const first: Outcome[] = [];
  for (const command of commands) first.push(await test.ledger.submit(command));
  const { available } = await test.ledger.getBalance(commands[0]?.memberId ?? test.member(), a);
  expect(
    await test.submit('platform_a', commands[0]?.memberId ?? test.member(), {
      kind: 'adjust',
      amount: -available,
      reason: 'empty',
    }),
  ).toMatchObject({ ok: true });
  await test.ledger.close();
  test = await createTestLedger(database);
  for (const [index, command] of commands.entries()) {
    const again = await test.ledger.submit(command);
    const original = first[index];
    expect(again).toMatchObject({ ok: true, replayed: true });
    if (again.ok && original?.ok === true)
      expect(again.transaction).toEqual({ ...original.transaction, rate: again.transaction.rate });
  }
});

it('the same key with another body is refused with the field that differs, and posts nothing', async () => {
  const [command] = await oneOfEach();
  if (command?.kind !== 'earn' || command.amount === undefined)
    throw new Error('an earn comes first');
  const { amount } = command;
  const bob = test.member();
  await test.ledger.submit(command);
  const before = await journalSize();
  const changed: [Command, string][] = [
    [{ ...command, amount: 11n }, 'amount'],
    [{ ...command, reference: 'order 7' }, 'reference'],
    [{ ...command, details: { a: 1 } }, 'body'],
    [{ ...command, expiresOn: test.dayIn(3) }, 'body'],
    [{ ...command, amount, kind: 'clawback' }, 'operation'],
    [{ ...command, amount, kind: 'transfer', toMemberId: bob, targetPlatformId: a }, 'operation'],
  ];
  for (const [other, field] of changed) {
    expect(await test.ledger.submit(other)).toMatchObject({
      ok: false,
      problem: { code: 'idempotency_key_reused', status: 422, extra: { field } },
    });
  }
  const racing = await Promise.all(
    Array.from({ length: 64 }, (_, index) =>
      test.earn('platform_a', bob, BigInt(1 + (index % 2)), 'raced'),
    ),
  );
  const posted = racing.flatMap((outcome) => (outcome.ok ? [outcome.transaction] : []));
  expect(
    new Set(posted.map(({ transactionId, amount }) => `${transactionId} ${amount}`)).size,
  ).toBe(1);
  expect(posted.length).toBe(32);
  expect(
    racing.filter((outcome) => !outcome.ok && outcome.problem.code === 'idempotency_key_reused')
      .length,
  ).toBe(32);
  expect(await journalSize()).toBe(before + 1);
});

it("a key is the platform's and the member's own", async () => {
  const [ann, bob] = [test.member(), test.member()];
  for (const [platform, member] of [
    ['platform_a', ann],
    ['platform_a', bob],
    ['platform_b', ann],
  ] as const) {
    expect(await test.earn(platform, member, 5n, 'shared')).toMatchObject({
      ok: true,
      replayed: false,
    });
  }
});

it('a refused command has not used its key up', async () => {
  const ann = test.member();
  const refused = await Promise.all(
    Array.from({ length: 8 }, () =>
      test.transfer('platform_a', ann, 50n, 'platform_b', ann, 'later'),
    ),
  );
  expect(
    refused.every((outcome) => !outcome.ok && outcome.problem.code === 'insufficient_balance'),
  ).toBe(true);
  await test.earn('platform_a', ann, 50n);
  expect(await test.transfer('platform_a', ann, 50n, 'platform_b', ann, 'later')).toMatchObject({
    ok: true,
    replayed: false,
  });
});
