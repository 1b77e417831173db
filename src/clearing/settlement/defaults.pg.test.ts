// Windows in which a platform does not pay: money that has come in is paid out pro rata, a
// defaulter is left out, a settlement is aborted or taken back, and later disputes are left out. No
// minor unit is lost or made.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { expectSound } from '../../../test/fixtures/journal.ts';
import { createTestLedger, type TestLedger } from '../../../test/fixtures/ledger.ts';
import {
  CHECKER,
  createTestSettlement,
  MAKER,
  type TestSettlement,
} from '../../../test/fixtures/settlement.ts';
import {
  platformOwnerId,
  type MemberId,
  type PlatformId,
  type TransactionId,
} from '../../kernel/ids.ts';
import { ok } from '../../kernel/problem.ts';
import type { Ledger, Outcome } from '../../ledger/ledger.ts';
import { dbTransaction } from '../../runtime/database.ts';
import { owedByClosedWindows } from './owed.ts';
import { createSettlement } from './create-settlement.ts';
import type { ActKind } from './types.ts';

let database: TestDatabase;
let test: TestLedger;
let windows: TestSettlement;
let ann: MemberId;

/**
 * Points of each platform count like those of platform_a: a minor unit of points is a minor unit of
 * money.
 */
const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((name) => `shop_${name}` as PlatformId) as [
  PlatformId,
  PlatformId,
  PlatformId,
  PlatformId,
];

beforeEach(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 3 });
  windows = createTestSettlement(test, database);
  ann = test.member();
  for (const platformId of [A, B, C, D]) {
    await test.ledger.registerAsset({ code: platformId, kind: 'points', platformId });
    await test.earn(platformId, ann, 10_000_000n);
  }
});
afterEach(async () => {
  await test?.ledger.close();
  await database?.drop();
});

function posted(outcome: Outcome): TransactionId {
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.transaction.transactionId;
}

const owe = async (from: PlatformId, amount: bigint, to: PlatformId): Promise<TransactionId> =>
  posted(await test.transfer(from, ann, amount, to, ann));
const money = async (
  platform: PlatformId,
  kind: 'deposit' | 'withdraw',
  amount: bigint,
): Promise<TransactionId> =>
  posted(await test.submit(platform, platformOwnerId(platform) as MemberId, { kind, amount }));

async function windowOf(windowId: number) {
  const found = await windows.settlement.find(windowId);
  if (!found.ok) throw new Error(found.problem.detail);
  return found.value;
}

/** The amounts due and paid, by participant. */
async function standingsOf(
  windowId: number,
): Promise<Record<string, [amount: bigint, paid: bigint]>> {
  return Object.fromEntries(
    (await windowOf(windowId)).obligations.map(({ participant, amount, paid }) => [
      participant,
      [amount, paid] as [bigint, bigint],
    ]),
  );
}

async function prefunds(): Promise<Record<string, bigint>> {
  const sums = await test.ledger.listMoney([A, B, C, D]);
  return Object.fromEntries([...sums].map(([platform, { prefund }]) => [platform, prefund]));
}

async function follow(): Promise<void> {
  test.clock.advance(31_000);
  await windows.settlement.follow();
}

async function act(
  windowId: number,
  kind: ActKind,
  ...participants: PlatformId[]
): Promise<string> {
  const proposed = await windows.settlement.proposeAct({
    windowId,
    kind,
    participants,
    reason: 'test',
    operatorId: MAKER,
  });
  if (!proposed.ok) return proposed.problem.code;
  const { actId } = proposed.value;
  expect(await windows.settlement.approveAct({ windowId, actId, operatorId: MAKER })).toMatchObject(
    { ok: false, problem: { code: 'settlement_same_operator' } },
  );
  const approved = await windows.settlement.approveAct({ windowId, actId, operatorId: CHECKER });
  if (!approved.ok) return approved.problem.code;
  return (await windowOf(windowId)).window.state;
}

/** d owes 83.07 and has 60, c owes 109.69 and has it; a and b are due the same. */
async function oneIsShort(): Promise<number> {
  await owe(D, 830_700n, A);
  await owe(C, 1_096_900n, B);
  await money(D, 'deposit', 600_000n);
  await money(C, 'deposit', 1_096_900n);
  const windowId = await windows.close();
  expect(await windows.settle(windowId, 'prefund')).toBe('settling');
  return windowId;
}

describe('a payer that is short', () => {
  it('pays what it has, and all that has come in is paid out pro rata, again when more comes', async () => {
    const windowId = await oneIsShort();
    expect(await standingsOf(windowId)).toEqual({
      [D]: [-830_700n, -600_000n],
      [C]: [-1_096_900n, -1_096_900n],
      [A]: [830_700n, 731_279n],
      [B]: [1_096_900n, 965_621n],
    });
    expect(await prefunds()).toEqual({ [A]: 731_279n, [B]: 965_621n, [C]: 0n, [D]: 0n });
    await follow();
    expect((await standingsOf(windowId))[A]).toEqual([830_700n, 731_279n]);
    await money(D, 'deposit', 1n);
    await follow();
    await money(D, 'deposit', 300_000n);
    await follow();
    expect((await windowOf(windowId)).window.state).toBe('settled');
    expect(await prefunds()).toEqual({ [A]: 830_700n, [B]: 1_096_900n, [C]: 0n, [D]: 69_301n });
    expect(
      (await windowOf(windowId)).obligations.map(({ participant, parts }) => [
        participant,
        parts.filter(({ amount }) => amount !== 0n).length,
      ]),
    ).toEqual([
      [C, 1],
      [D, 3],
      [A, 3],
      [B, 2],
    ]);
    await expectSound(database.pool);
  });

  it('pays nothing twice whenever it breaks off: each part is noted before it is posted', async () => {
    await oneIsShort();
    await money(D, 'deposit', 1_000_000n);
    test.clock.advance(31_000);
    // Dies before or after each call to the ledger; another process continues.
    for (let step = 1; step < 12; step += 1) {
      let left = Math.ceil(step / 2);
      const dying: Ledger = {
        ...test.ledger,
        submit: async (command) => {
          left -= 1;
          if (left === 0 && step % 2 === 1) throw new Error('killed');
          const outcome = await test.ledger.submit(command);
          if (left === 0) throw new Error('killed');
          return outcome;
        },
      };
      await createSettlement({ ...windows.parts, ledger: dying })
        .follow()
        .catch(() => undefined);
    }
    await follow();
    expect((await windowOf(1)).window.state).toBe('settled');
    expect(await prefunds()).toEqual({ [A]: 830_700n, [B]: 1_096_900n, [C]: 0n, [D]: 769_300n });
    await expectSound(database.pool);
  });

  it('is paid for by two at once without that anything is paid twice', async () => {
    await oneIsShort();
    await money(D, 'deposit', 1_000_000n);
    test.clock.advance(31_000);
    await Promise.all([
      windows.settlement.follow(),
      createTestSettlement(test, database).settlement.follow(),
      createTestSettlement(test, database).settlement.follow(),
    ]);
    expect(await prefunds()).toEqual({ [A]: 830_700n, [B]: 1_096_900n, [C]: 0n, [D]: 769_300n });
    await expectSound(database.pool);
  });
});

describe('a defaulter', () => {
  it('is left out by two operators: part payments stay, its debt and claims go over, it is suspended, and the window is settled', async () => {
    const windowId = await oneIsShort();
    expect(await act(windowId, 'leave_out', C)).toBe('not_in_default');
    expect(await act(windowId, 'leave_out', D)).toBe('settled');
    expect(await standingsOf(windowId)).toEqual({
      [D]: [-600_000n, -600_000n],
      [C]: [-1_096_900n, -1_096_900n],
      [A]: [731_279n, 731_279n],
      [B]: [965_621n, 965_621n],
    });
    expect(
      (await windowOf(windowId)).carried.map(({ participant, amount, toWindowId }) => [
        participant,
        amount,
        toWindowId,
      ]),
    ).toEqual([
      [A, 99_421n, 2],
      [B, 131_279n, 2],
      [D, -230_700n, 2],
    ]);
    expect(test.ledger.pointsOf(D)?.mode).toBe('suspended');
    // It pays in the next window, with its other debts.
    await owe(A, 50_000n, B);
    await money(D, 'deposit', 230_700n);
    const next = await windows.close();
    expect(await windows.settle(next, 'prefund')).toBe('settled');
    expect(await standingsOf(next)).toEqual({
      [A]: [49_421n, 49_421n],
      [B]: [181_279n, 181_279n],
      [D]: [-230_700n, -230_700n],
    });
    await expectSound(database.pool);
  });

  it('whose debts nobody has been paid of leaves the others with what they owe each other', async () => {
    await owe(D, 500n, A);
    await owe(A, 300n, B);
    await owe(B, 100n, D);
    await owe(C, 70n, D);
    await money(A, 'deposit', 300n);
    const windowId = await windows.close();
    // a is due 200, b 200, c owes 70, d owes 330; c and d have nothing.
    expect(await windows.settle(windowId, 'prefund')).toBe('settling');
    expect(await act(windowId, 'leave_out', D)).toBe('settled');
    expect(await standingsOf(windowId)).toEqual({ [A]: [-300n, -300n], [B]: [300n, 300n] });
    const next = await windows.close();
    await money(C, 'deposit', 70n);
    await money(D, 'deposit', 330n);
    expect(await windows.settle(next, 'prefund')).toBe('settled');
    expect(await standingsOf(next)).toEqual({
      [A]: [500n, 500n],
      [B]: [-100n, -100n],
      [C]: [-70n, -70n],
      [D]: [-330n, -330n],
    });
    await expectSound(database.pool);
  });

  it('may be followed by another, who is left out too, and again in the next window', async () => {
    await owe(D, 500n, A);
    await owe(C, 400n, B);
    await owe(D, 10n, C);
    await money(D, 'deposit', 100n);
    await money(C, 'deposit', 90n);
    const windowId = await windows.close();
    expect(await windows.settle(windowId, 'prefund')).toBe('settling');
    expect(await act(windowId, 'leave_out', D)).toBe('settling');
    expect(await act(windowId, 'leave_out', C)).toBe('settled');
    const { carried } = await windowOf(windowId);
    expect(carried.reduce((sum, { amount }) => sum + amount, 0n)).toBe(0n);
    const next = await windows.close();
    expect(await windows.settle(next, 'prefund')).toBe('settling');
    expect(await act(next, 'leave_out', D)).toBe('settling');
    expect(await act(next, 'leave_out', C)).toBe('settled');
    await money(D, 'deposit', 1_000n);
    await money(C, 'deposit', 1_000n);
    const last = await windows.close();
    expect(await windows.settle(last, 'prefund')).toBe('settled');
    expect(await prefunds()).toEqual({ [A]: 500n, [B]: 400n, [C]: 700n, [D]: 590n });
    await expectSound(database.pool);
  });

  it('is left out of pairs that are settled gross, too', async () => {
    await windows.settlement.setGrossPairs([[A, D]], MAKER);
    await owe(D, 500n, A);
    await owe(A, 200n, D);
    await owe(D, 100n, B);
    await money(A, 'deposit', 200n);
    await money(D, 'deposit', 50n);
    const windowId = await windows.close();
    expect(await windows.settle(windowId, 'prefund')).toBe('settling');
    expect(await act(windowId, 'leave_out', D)).toBe('settled');
    await money(D, 'deposit', 1_000n);
    expect(await windows.settle(await windows.close(), 'prefund')).toBe('settled');
    expect(await prefunds()).toEqual({ [A]: 500n, [B]: 100n, [C]: 0n, [D]: 650n });
    await expectSound(database.pool);
  });
});

describe('what closed windows are owed', () => {
  it('counts each side of a pair that is settled gross, before it is proposed as after', async () => {
    await windows.settlement.setGrossPairs([[A, B]], MAKER);
    await owe(A, 500n, B);
    await owe(B, 300n, A);
    await owe(A, 100n, C);
    await owe(C, 400n, A);
    const owed = () =>
      Promise.all(
        [A, B, C].map((one) =>
          dbTransaction(database.pool, (client) => owedByClosedWindows(client, one)),
        ),
      );
    expect(await owed()).toEqual([0n, 0n, 0n]);
    const windowId = await windows.close();
    expect(await owed()).toEqual([500n, 300n, 300n]);
    await money(A, 'deposit', 200n);
    expect(await windows.settle(windowId, 'prefund')).toBe('settling');
    expect(await owed()).toEqual([300n, 300n, 300n]);
  });

  it('counts what a window that is being aborted will be owed again', async () => {
    const windowId = await oneIsShort();
    await money(A, 'withdraw', (await prefunds())[A] ?? 0n);
    expect(await act(windowId, 'abort')).toBe('aborting');
    const owed = await dbTransaction(database.pool, (client) => owedByClosedWindows(client, D));
    expect(owed).toBe(830_700n);
  });
});

describe('a settlement', () => {
  it('that is aborted gives back what was taken, exactly, and can be proposed anew', async () => {
    const windowId = await oneIsShort();
    expect(await act(windowId, 'abort')).toBe('closed');
    expect(await prefunds()).toEqual({ [A]: 0n, [B]: 0n, [C]: 1_096_900n, [D]: 600_000n });
    expect((await windowOf(windowId)).obligations).toEqual([]);
    await expectSound(database.pool);
    await money(D, 'deposit', 230_700n);
    expect(await windows.settle(windowId, 'prefund')).toBe('settled');
    expect(await prefunds()).toEqual({ [A]: 830_700n, [B]: 1_096_900n, [C]: 0n, [D]: 0n });
    await expectSound(database.pool);
  });

  it('that is aborted waits for who has spent what it was paid, and gives back pro rata what has come back', async () => {
    const windowId = await oneIsShort();
    await money(A, 'withdraw', 731_279n);
    expect(await act(windowId, 'abort')).toBe('aborting');
    expect(await prefunds()).toEqual({ [A]: 0n, [B]: 0n, [C]: 624_191n, [D]: 341_430n });
    await expectSound(database.pool);
    await money(A, 'deposit', 731_279n);
    await follow();
    expect((await windowOf(windowId)).window.state).toBe('closed');
    expect(await prefunds()).toEqual({ [A]: 0n, [B]: 0n, [C]: 1_096_900n, [D]: 600_000n });
    await expectSound(database.pool);
  });

  it('is taken back as a whole before anything is paid, and what is unpaid afterwards', async () => {
    await owe(D, 500n, A);
    await owe(C, 400n, B);
    const windowId = await windows.close();
    expect(await windows.settle(windowId, 'prefund')).toBe('settling');
    expect(await act(windowId, 'take_back')).toBe('closed');
    await money(C, 'deposit', 400n);
    expect(await windows.settle(windowId, 'prefund')).toBe('settling');
    expect(await act(windowId, 'take_back', C)).toBe('obligation_not_found');
    expect(await act(windowId, 'take_back', D)).toBe('settling');
    await money(D, 'deposit', 500n);
    await follow();
    // Held: money that is there now is not taken.
    expect(
      (await windowOf(windowId)).obligations.find(({ participant }) => participant === D),
    ).toMatchObject({ state: 'held', paid: 0n });
    expect(
      await windows.settlement.propose({
        windowId,
        operatorId: MAKER,
        payments: [{ participant: D, from: 'outside', bankReference: 'B-9' }],
      }),
    ).toMatchObject({ ok: true });
    expect(await windows.settlement.approve({ windowId, operatorId: CHECKER })).toMatchObject({
      ok: true,
      value: { state: 'settled' },
    });
    expect(await prefunds()).toEqual({ [A]: 500n, [B]: 400n, [C]: 0n, [D]: 500n });
    await expectSound(database.pool);
  });
});

describe('what is disputed', () => {
  it('between proposal and approval is left out at approval, be it 0.01 point, again and again', async () => {
    const disputed = await owe(D, 500n, A);
    await owe(C, 400n, B);
    for (const platform of [C, D]) await money(platform, 'deposit', 1_000n);
    const windowId = await windows.close();
    await windows.settlement.propose({ windowId, operatorId: MAKER, payments: [] });
    windows.frozen.set(disputed, 1n);
    expect(await windows.settlement.approve({ windowId, operatorId: CHECKER })).toMatchObject({
      ok: true,
      value: { state: 'settled' },
    });
    expect(await standingsOf(windowId)).toEqual({
      [A]: [499n, 499n],
      [B]: [400n, 400n],
      [C]: [-400n, -400n],
      [D]: [-499n, -499n],
    });
    expect((await windowOf(windowId)).carveOuts).toMatchObject([
      { transactionId: disputed, direction: 'out', amount: 1n },
    ]);
    // The whole of a window may be disputed.
    const other = await owe(D, 70n, A);
    const next = await windows.close();
    await windows.settlement.propose({ windowId: next, operatorId: MAKER, payments: [] });
    windows.frozen.set(other, 70n);
    expect(await windows.settlement.approve({ windowId: next, operatorId: CHECKER })).toMatchObject(
      { ok: true, value: { state: 'settled' } },
    );
    await expectSound(database.pool);
  });

  it('between approval and payment is not paid, as far as its receiver has not been paid, and comes back later', async () => {
    const disputed = await owe(D, 500n, A);
    await owe(D, 100n, B);
    const windowId = await windows.close();
    expect(await windows.settle(windowId, 'prefund')).toBe('settling');
    windows.frozen.set(disputed, 300n);
    await money(D, 'deposit', 150n);
    await follow();
    // d owes 300 now, of which 150 have come.
    expect(await standingsOf(windowId)).toEqual({
      [A]: [200n, 100n],
      [B]: [100n, 50n],
      [D]: [-300n, -150n],
    });
    // More of it is disputed than a is still to be paid.
    windows.frozen.set(disputed, 500n);
    await follow();
    expect(await standingsOf(windowId)).toEqual({
      [A]: [100n, 100n],
      [B]: [100n, 50n],
      [D]: [-200n, -150n],
    });
    await money(D, 'deposit', 1_000n);
    await follow();
    expect((await windowOf(windowId)).window.state).toBe('settled');
    windows.frozen.clear();
    expect(await windows.settle(await windows.close(), 'prefund')).toBe('settled');
    expect(await prefunds()).toEqual({ [A]: 500n, [B]: 100n, [C]: 0n, [D]: 550n });
    await expectSound(database.pool);
  });

  it('after its sender has paid and before its receiver is paid is given back to the sender', async () => {
    const disputed = await owe(C, 400n, A);
    await owe(D, 500n, B);
    await money(C, 'deposit', 400n);
    const windowId = await windows.close();
    // a cannot be paid: the ledger refuses the payments under way to it.
    const refusing: Ledger = {
      ...test.ledger,
      submit: async (command) =>
        command.kind === 'settle' && command.platformId === A
          ? {
              ok: false,
              problem: {
                code: 'insufficient_reserve',
                status: 400,
                error: 'x',
                detail: 'x',
                retryable: false,
                extra: {},
              },
            }
          : test.ledger.submit(command),
    };
    const stuck = createSettlement({ ...windows.parts, ledger: refusing });
    expect(await stuck.propose({ windowId, operatorId: MAKER, payments: [] })).toMatchObject(
      ok({ state: 'proposed' }),
    );
    await stuck.approve({ windowId, operatorId: CHECKER });
    expect((await standingsOf(windowId))[C]).toEqual([-400n, -400n]);
    windows.frozen.set(disputed, 200n);
    await money(D, 'deposit', 500n);
    await follow();
    await follow();
    expect((await windowOf(windowId)).window.state).toBe('settled');
    const { [A]: paid = [0n, 0n], [C]: sent = [0n, 0n] } = await standingsOf(windowId);
    // A part that was allotted before the dispute counts as paid.
    expect([paid[0], paid[0] === paid[1], sent[0]]).toEqual([200n, true, -200n]);
    await expectSound(database.pool);
  });
});
