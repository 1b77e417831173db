// Limits count exactly: whatever the interleaving, over callers, lanes, buckets and processes, no
// more passes than the maximum, and all of it can.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MemberId } from '../../src/kernel/ids.ts';
import type { Outcome } from '../../src/ledger/ledger.ts';
import { audit } from '../../src/monitor/monitor.ts';
import type { LimitTerms, RulebookDocument } from '../../src/valuation/valuation.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../fixtures/ledger.ts';
import { patience } from '../fixtures/patience.ts';
import { createRandom, seedOf } from '../fixtures/seed.ts';

const seed = seedOf('limits');
let database: TestDatabase;
let test: TestLedger;
let others: TestLedger[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 4 });
});
afterEach(async () => {
  const checks = (await audit(database.pool)).checks.filter(({ ok }) => !ok);
  for (const { ledger } of [test, ...others]) await ledger.close();
  others = [];
  await database.drop();
  expect(checks).toEqual([]);
});

/** More processes would share the database in the same way. */
async function start(count: number): Promise<readonly TestLedger[]> {
  others = await Promise.all(Array.from({ length: count - 1 }, () => createTestLedger(database)));
  return [test, ...others];
}

async function limited(limit: LimitTerms, more: RulebookDocument['rules'] = {}): Promise<void> {
  await test.amend((document) => ({
    ...document,
    rules: {
      limited: { kind: 'limit', operations: ['conversion', 'transfer', 'hold'], limit },
      ...more,
    },
  }));
}

async function members(count: number): Promise<MemberId[]> {
  const list = Array.from({ length: count }, () => test.member());
  for (const member of list) await test.earn('platform_a', member, 1_000_000n);
  return list;
}

const passed = (outcomes: readonly Outcome[]): bigint =>
  outcomes.reduce((sum, outcome) => sum + (outcome.ok ? outcome.transaction.amount : 0n), 0n);
const codes = (outcomes: readonly Outcome[]): Set<string> =>
  new Set(outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.problem.code])));

describe.each([1, 3])('with %i processes', (processes) => {
  it.each(['member', 'platform', 'pair', 'network'] as const)(
    'what is used together by %s never exceeds the maximum, and reaches it',
    async (of) => {
      const random = createRandom(seed);
      await limited({
        maximum: of === 'network' ? '10' : '1000',
        measure: of === 'network' ? 'value' : 'points',
        per: 'day',
        of,
      });
      const ledgers = await start(processes);
      await Promise.all(ledgers.map(({ valuation }) => valuation.refresh()));
      const list = await members(of === 'member' ? 1 : 6);
      const ask = (): Promise<Outcome> => {
        const [member, ledger] = [random.pick(list), random.pick(ledgers)];
        return ledger.transfer(
          'platform_a',
          member,
          BigInt(random.int(100, 4_000)),
          'platform_b',
          member,
        );
      };
      // 10.0000 CNY are 1000.00 points of platform_a.
      const most = 100_000n;
      const outcomes = await Promise.all(Array.from({ length: 160 }, ask));
      expect(passed(outcomes)).toBeLessThanOrEqual(most);
      // What is left is less than the smallest that was refused; single points fill it up.
      const left = most - passed(outcomes);
      const last = list[0] ?? test.member();
      if (left >= 2n)
        expect((await test.transfer('platform_a', last, left, 'platform_b', last)).ok).toBe(true);
      expect(await test.transfer('platform_a', last, 100n, 'platform_b', last)).toMatchObject({
        ok: false,
        problem: { code: 'limit_exceeded', extra: { rule: 'rules/limited' } },
      });
      expect([...codes(outcomes)]).toEqual(['limit_exceeded']);
    },
    patience(60_000),
  );
});

describe('an allowance', () => {
  it('is given back by reversals, in parts and together with what they undo, by releases, and by captures of less', async () => {
    await limited({ maximum: '100', measure: 'points', per: 'day', of: 'platform' });
    const [ann, bob] = (await members(2)) as [MemberId, MemberId];
    const room = async (): Promise<bigint> => {
      let found = 0n;
      for (let step = 8_192n; step > 0n; step /= 2n) {
        const probe = await test.ledger.preview({
          kind: 'transfer',
          platformId: test.id('platform_a'),
          memberId: bob,
          key: 'probe',
          amount: found + step,
          toMemberId: bob,
          targetPlatformId: test.id('platform_b'),
        });
        if (probe.problem === undefined) found += step;
      }
      return found;
    };
    expect(await room()).toBe(10_000n);
    const moved = await test.transfer('platform_a', ann, 4_000n, 'platform_b', bob);
    expect(await room()).toBe(6_000n);
    const id = moved.ok ? moved.transaction.transactionId : undefined;
    if (id === undefined) throw new Error('refused');
    await test.submit('platform_a', ann, {
      kind: 'reverse',
      transactionId: id,
      amount: 1_000n,
      reason: 'x',
    });
    expect(await room()).toBe(7_000n);
    await test.submit('platform_a', ann, { kind: 'reverse', transactionId: id, reason: 'x' });
    expect(await room()).toBe(10_000n);
    const held = await test.submit('platform_a', ann, {
      kind: 'hold',
      amount: 5_000n,
      expiresInMs: 3_600_000,
    });
    const again = await test.submit('platform_a', ann, {
      kind: 'hold',
      amount: 2_000n,
      expiresInMs: 3_600_000,
    });
    expect(await room()).toBe(3_000n);
    if (!held.ok || !again.ok) throw new Error('refused');
    await test.submit('platform_a', ann, {
      kind: 'release',
      holdId: again.transaction.transactionId,
      cause: 'caller',
    });
    expect(await room()).toBe(5_000n);
    const captured = await test.submit('platform_a', ann, {
      kind: 'capture',
      holdId: held.transaction.transactionId,
      amount: 2_000n,
    });
    expect(await room()).toBe(8_000n);
    if (!captured.ok) throw new Error('refused');
    await test.submit('platform_a', ann, {
      kind: 'reverse',
      transactionId: captured.transaction.transactionId,
      reason: 'x',
    });
    expect(await room()).toBe(10_000n);
  });

  it('that is too small for one is not taken for used up', async () => {
    for (const of of ['platform', 'pair'] as const) {
      await limited({ maximum: '100', measure: 'points', per: 'day', of });
      const [ann] = (await members(1)) as [MemberId];
      const asked = await Promise.all(
        [6_000n, 8_000n, 4_000n, 100n].map((amount) =>
          test.transfer('platform_a', ann, amount, 'platform_b', ann),
        ),
      );
      expect(asked.map(({ ok }) => ok)).toEqual([true, false, true, false]);
    }
  });

  it('is not touched by what is refused for another reason', async () => {
    await limited(
      { maximum: '100', measure: 'points', per: 'day', of: 'member' },
      {
        second: {
          kind: 'limit',
          limit: { maximum: '3', measure: 'count', per: 'day', of: 'network' },
        },
      },
    );
    const [ann] = (await members(1)) as [MemberId];
    await test.cap('platform_a', 0n);
    for (let index = 0; index < 5; index += 1)
      expect(await test.transfer('platform_a', ann, 5_000n, 'platform_b', ann)).toMatchObject({
        problem: { code: 'insufficient_reserve' },
      });
    await test.cap('platform_a', 1_000_000n);
    for (let index = 0; index < 2; index += 1)
      expect(await test.transfer('platform_a', ann, 5_000n, 'platform_b', ann)).toMatchObject({
        ok: true,
      });
    expect(await test.transfer('platform_a', ann, 1n, 'platform_b', ann)).toMatchObject({
      ok: false,
    });
  });

  it('begins anew at midnight of the network, and with the month', async () => {
    await test.amend((document) => ({
      ...document,
      settings: { ...document.settings, time_zone: 'Asia/Shanghai' },
    }));
    await limited(
      { maximum: '10', measure: 'points', per: 'day', of: 'member' },
      {
        monthly: {
          kind: 'limit',
          limit: { maximum: '25', measure: 'points', per: 'month', of: 'pair' },
        },
      },
    );
    const [ann] = (await members(1)) as [MemberId];
    const send = (amount: bigint): Promise<Outcome> =>
      test.transfer('platform_a', ann, amount, 'platform_b', ann);
    const at = (iso: string): void => test.clock.advance(Date.parse(iso) - test.clock.now());
    at('2126-03-10T15:59:00Z');
    expect(await send(1_000n)).toMatchObject({ ok: true });
    expect(await send(100n)).toMatchObject({
      problem: { extra: { rule: 'rules/limited', period_ends: '2126-03-10' } },
    });
    at('2126-03-10T16:00:00Z');
    expect(await send(1_000n)).toMatchObject({ ok: true });
    at('2126-03-31T15:00:00Z');
    expect(await send(501n)).toMatchObject({
      problem: { extra: { rule: 'rules/monthly', period_ends: '2126-03-31' } },
    });
    expect(await send(500n)).toMatchObject({ ok: true });
    at('2126-03-31T16:00:01Z');
    expect(await send(1_000n)).toMatchObject({ ok: true });
    test.clock.advance(Date.now() - test.clock.now());
  });

  it('follows a maximum that is lowered or raised within the period, for one member and for all', async () => {
    for (const of of ['member', 'platform'] as const) {
      await limited({ maximum: '100', measure: 'points', per: 'day', of });
      const [ann] = (await members(1)) as [MemberId];
      const send = (amount: bigint): Promise<Outcome> =>
        test.transfer('platform_a', ann, amount, 'platform_b', ann);
      expect(await send(6_000n)).toMatchObject({ ok: true });
      await limited({ maximum: '70', measure: 'points', per: 'day', of });
      expect(await send(1_001n)).toMatchObject({ ok: false });
      expect(await send(500n)).toMatchObject({ ok: true });
      await limited({ maximum: '50', measure: 'points', per: 'day', of });
      expect(await send(10n)).toMatchObject({ ok: false });
      await limited({ maximum: '200', measure: 'points', per: 'day', of });
      expect(await send(13_501n)).toMatchObject({ ok: false });
      expect(await send(13_500n)).toMatchObject({ ok: true });
      await test.amend((document) => ({ ...document, rules: {} }));
    }
  });
});
