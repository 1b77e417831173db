// A backtest reports exactly what another rulebook would have made of posted transactions, and
// never uses the one in force.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import { createRandom, seedOf } from '../../test/fixtures/seed.ts';
import { times, Traffic } from '../../test/fixtures/traffic.ts';
import type { TaggedMember } from '../identity/identity.ts';
import type { MemberId, TransactionId } from '../kernel/ids.ts';
import type { Command, Outcome } from '../ledger/ledger.ts';
import type { Rulebook, RulebookDocument } from '../valuation/valuation.ts';
import { backtest, type Backtest, type BacktestOptions } from './monitor.ts';

const seed = seedOf('backtest');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Setting {
  readonly database: TestDatabase;
  readonly test: TestLedger;
  readonly tagged: TaggedMember[];
  run(rulebook: Rulebook, options?: BacktestOptions): Promise<Backtest>;
  /** The rulebook that a proposal with these rules would make. */
  proposed(
    rules: RulebookDocument['rules'],
    settings?: Partial<RulebookDocument['settings']>,
  ): Promise<Rulebook>;
}

async function open(bucketCount: number): Promise<Setting> {
  const database = await createTestDatabase();
  const test = await createTestLedger(database, { bucketCount });
  const tagged: TaggedMember[] = [];
  const {
    valuation: { proposals },
  } = test;
  return {
    database,
    test,
    tagged,
    run: (rulebook, options) =>
      backtest(
        rulebook,
        {
          pool: database.pool,
          clock: test.clock,
          ledger: test.ledger,
          identity: { listTags: async () => tagged },
        },
        options,
      ),
    async proposed(rules, settings = {}) {
      const { document } = await proposals.latest();
      const made = await proposals.make({
        operatorId: 'maker',
        reason: 'test',
        change: {
          document: {
            ...document,
            settings: { ...document.settings, ...settings },
            rules: { ...document.rules, ...rules },
          },
        },
      });
      if (!made.ok) throw new Error(made.problem.detail);
      const rulebook = await proposals.rulebookOf(made.value);
      if (!rulebook.ok) throw new Error(rulebook.problem.detail);
      return rulebook.value;
    },
  };
}

async function close({ database, test }: Setting): Promise<void> {
  await test.ledger.close();
  await database.drop();
}

function posted(outcome: Outcome): TransactionId {
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.transaction.transactionId;
}

function withoutPrototype<T>(counts: T): T {
  return { ...counts };
}

describe('the rulebook in force', () => {
  let setting: Setting;
  beforeAll(async () => void (setting = await open(4)));
  afterAll(() => close(setting));

  it('changes nothing of random traffic under it', async () => {
    const { test, run, tagged } = setting;
    await test.amend((document) => ({
      ...document,
      settings: { ...document.settings, fees: 'all', bonuses: 'all' },
      rules: {
        no_casino: {
          kind: 'deny',
          operations: ['conversion', 'transfer', 'redeem', 'hold', 'earn'],
          when: 'category == "casino"',
          reason: 'not this',
        },
        large: {
          kind: 'review',
          operations: ['conversion', 'transfer'],
          when: 'amount > 3.5',
          reason: 'large',
        },
        source_fee: { kind: 'fee', fee: { rate: '0.05', minimum: '0.01', on: 'source' } },
        target_fee: { kind: 'fee', fee: { flat: '0.02', on: 'target' } },
        vip: { kind: 'bonus', when: '"vip" in tags', bonus: { rate: '0.02', paid_by: 'source' } },
        gift: {
          kind: 'bonus',
          when: 'category == "gift"',
          bonus: { rate: '0.01', paid_by: 'target' },
        },
        one: {
          kind: 'limit',
          operations: ['earn'],
          limit: { maximum: '3.9', measure: 'points', per: 'transaction', of: 'member' },
        },
        member_daily: {
          kind: 'limit',
          operations: ['conversion', 'transfer', 'hold', 'redeem'],
          limit: { maximum: '60', measure: 'points', per: 'day', of: 'member' },
        },
        pair_monthly: {
          kind: 'limit',
          limit: { maximum: '25', measure: 'count', per: 'month', of: 'pair' },
        },
        network_daily: {
          kind: 'limit',
          operations: ['conversion', 'hold'],
          limit: { maximum: '3', measure: 'value', per: 'day', of: 'network' },
        },
      },
    }));
    const random = createRandom(seed);
    const members = Array.from({ length: 12 }, () => test.member());
    const platforms = ['platform_a', 'platform_b', 'platform_c'].map(test.id);
    tagged.push(
      ...platforms.flatMap((platformId) =>
        members
          .filter(() => random.chance(0.3))
          .map((memberId) => ({ platformId, memberId, tags: ['vip'] })),
      ),
    );
    const rewards = new Map(
      await Promise.all(
        platforms.map(
          async (platform) => [platform, (await test.reward(platform, 10_000n)).assetId] as const,
        ),
      ),
    );
    const traffic = new Traffic({
      random,
      members,
      platforms,
      rewards,
      keyPrefix: 't',
      dayIn: test.dayIn,
    });
    const refusals = new Set<string>();
    const more = times(1_500);
    while (more()) {
      if (random.chance(0.02)) test.clock.advance(HOUR_MS);
      const category = random.pick(['', 'gift', 'casino']);
      const { platformId, memberId, ...rest } = traffic.next();
      const tags =
        tagged.find((one) => one.platformId === platformId && one.memberId === memberId)?.tags ??
        [];
      const command = {
        ...rest,
        platformId,
        memberId,
        category,
        tags,
        details: { category },
      } as Command;
      const outcome = await test.ledger.submit(command);
      traffic.note(command, outcome);
      if (!outcome.ok) refusals.add(outcome.problem.code);
      else if (
        command.kind === 'transfer' &&
        outcome.transaction.kind === 'hold' &&
        random.chance(0.5)
      ) {
        await test.ledger.submit({
          ...command,
          key: `${command.key} let pass`,
          reviewedHoldId: outcome.transaction.transactionId,
        });
      }
    }
    expect([...refusals]).toEqual(expect.arrayContaining(['operation_denied', 'limit_exceeded']));
    const report = await run(test.valuation.rulebook());
    expect(report.examples).toEqual([]);
    expect(report).toMatchObject({ changed: 0, complete: true });
    expect(report.transactions).toBeGreaterThan(300);
    expect(report.leftOut.reversed).toBeGreaterThan(0);
    expect(report.rules.map(({ item }) => item)).toEqual(
      expect.arrayContaining([
        'rules/source_fee',
        'rules/vip',
        'rules/large',
        'rules/member_daily',
        'rules/pair_monthly',
      ]),
    );
    for (const { conversions } of report.platforms) {
      for (const pair of conversions)
        expect([pair.feeAfter, pair.creditedAfter, pair.targetFeeAfter]).toEqual([
          pair.feeBefore,
          pair.creditedBefore,
          pair.targetFeeBefore,
        ]);
    }
  });
});

describe('a proposal', () => {
  let setting: Setting;
  let ann: MemberId;
  beforeAll(async () => {
    setting = await open(2);
    ann = setting.test.member();
    const { test } = setting;
    posted(await test.earn('platform_a', ann, 100_000n));
    for (const amount of [1_000n, 2_000n, 50n])
      posted(await test.transfer('platform_a', ann, amount, 'platform_b', ann));
    posted(await test.transfer('platform_a', ann, 700n, 'platform_a', test.member()));
  });
  afterAll(() => close(setting));

  it('with a new fee shows exactly what the fee takes', async () => {
    const report = await setting.run(
      await setting.proposed({
        fee: { kind: 'fee', fee: { rate: '0.015', minimum: '0.2', on: 'source' } },
      }),
    );
    // 1.5 % of 10, 20 and 0.50 points is 0.15 (at least 0.20), 0.30 and 0.20; the rest is worth
    // 10/12.
    expect(report).toMatchObject({ transactions: 5, changed: 3, complete: true });
    expect(report.platforms).toHaveLength(1);
    expect(report.platforms[0]).toMatchObject({
      platformId: 'platform_a',
      transactions: 5,
      amount: 103_750n,
      changed: 3,
      tooSmall: 0,
      conversions: [
        {
          targetPlatformId: 'platform_b',
          feeBefore: 0n,
          feeAfter: 20n + 30n + 20n,
          creditedBefore: 833n + 1_666n + 41n,
          creditedAfter: 816n + 1_641n + 25n,
          targetFeeBefore: 0n,
          targetFeeAfter: 0n,
        },
      ],
    });
    expect(report.rules).toEqual([{ item: 'rules/fee', applied: 3 }]);
    expect(report.examples[0]).toMatchObject({
      operation: 'conversion',
      platformId: 'platform_a',
      targetPlatformId: 'platform_b',
      amount: 1_000n,
      before: { outcome: 'posted', terms: { fee: 0n, credited: 833n } },
      after: { outcome: 'posted', terms: { fee: 20n, credited: 816n } },
    });
    expect(report.examples[0]?.applied.map(({ item }) => item)).toEqual([
      'platforms/platform_a',
      'rules/fee',
    ]);
    const known = await setting.test.ledger.findTransaction(report.examples[0]!.transactionId);
    expect(known[0]).toMatchObject({ kind: 'conversion', amount: 1_000n });
  });

  it('tells what it would deny, set aside, limit, fail at and make too small, by rule', async () => {
    const {
      platforms: [platform],
      examples,
    } = await setting.run(
      await setting.proposed(
        {
          no_moves: { kind: 'deny', operations: ['transfer'], reason: 'no' },
          look: { kind: 'review', when: 'amount == 20.0', reason: 'look' },
          tiny: { kind: 'rate', when: 'amount == 0.5', rate: '0.000001' },
          broken: {
            kind: 'fee',
            when: 'amount == 10.0 && tags[5] == "x"',
            fee: { rate: '0.1', on: 'target' },
          },
          small_earn: {
            kind: 'limit',
            operations: ['earn'],
            limit: { maximum: '999', measure: 'points', per: 'transaction', of: 'member' },
          },
        },
        { detour_tolerance: '1' },
      ),
    );
    expect(withoutPrototype(platform)).toMatchObject({
      denied: { 'rules/no_moves': 1 },
      reviewed: { 'rules/look': 1 },
      overLimit: { 'rules/small_earn': 1 },
      ruleFailures: { 'rules/broken': 1 },
      tooSmall: 1,
      changed: 5,
    });
    // A reviewed transaction counts as approved; a refused one gives nothing.
    expect(platform?.conversions[0]).toMatchObject({
      creditedBefore: 2_540n,
      creditedAfter: 1_666n,
    });
    expect(examples.map(({ after }) => after.outcome).toSorted()).toEqual([
      'denied',
      'over_limit',
      'reviewed',
      'rule_failed',
      'too_small',
    ]);
  });

  it('leaves out what was reversed, holds that came to nothing, and what is before the period; stops at its bound', async () => {
    const { test } = setting;
    const none = await setting.proposed({
      other: { kind: 'deny', when: 'category == "none"', reason: 'x' },
    });
    const before = await setting.run(none);
    const wrong = posted(await test.transfer('platform_a', ann, 100n, 'platform_b', ann));
    posted(
      await test.submit('platform_a', ann, {
        kind: 'reverse',
        agreed: true,
        transactionId: wrong,
        amount: 10n,
        reason: 'in part',
      }),
    );
    const hold = posted(
      await test.submit('platform_a', ann, { kind: 'hold', amount: 100n, expiresInMs: HOUR_MS }),
    );
    posted(
      await test.submit('platform_a', ann, { kind: 'release', holdId: hold, cause: 'caller' }),
    );
    posted(
      await test.submit('platform_a', ann, { kind: 'hold', amount: 100n, expiresInMs: HOUR_MS }),
    );
    const after = await setting.run(none);
    expect(after.leftOut).toEqual({ reversed: 1, released: 1 });
    expect(after.transactions).toBe(before.transactions + 1);
    expect(await setting.run(none, { maxRows: 3 })).toMatchObject({
      transactions: 3,
      complete: false,
    });
    test.clock.advance(5 * DAY_MS);
    posted(await test.earn('platform_b', ann, 100n));
    expect(await setting.run(none, { days: 5 })).toMatchObject({
      transactions: 1,
      leftOut: { reversed: 0, released: 0 },
    });
  });
});

describe('limits', () => {
  let setting: Setting;
  beforeAll(async () => void (setting = await open(3)));
  afterAll(() => close(setting));

  it('are used in the order of time over all buckets, as a naive recount uses them', async () => {
    const { test, run, proposed, database } = setting;
    const random = createRandom(seed);
    const members = Array.from({ length: 9 }, () => test.member());
    for (const member of members)
      for (const platform of ['platform_a', 'platform_c'])
        posted(await test.earn(platform, member, 10_000_000n));
    // More than a page for each bucket.
    for (let round = 0; round < 60; round += 1) {
      test.clock.advance(random.int(0, 2 * HOUR_MS));
      const outcomes = await Promise.all(
        Array.from({ length: 70 }, () =>
          test.transfer(
            random.pick(['platform_a', 'platform_c']),
            random.pick(members),
            BigInt(random.int(100, 5_000)),
            random.pick(['platform_b', 'platform_d']),
            random.pick(members),
          ),
        ),
      );
      outcomes.forEach(posted);
    }
    const rulebook = await proposed({
      a_member: {
        kind: 'limit',
        limit: { maximum: '800', measure: 'points', per: 'day', of: 'member' },
      },
      b_network: {
        kind: 'limit',
        limit: { maximum: '500', measure: 'count', per: 'day', of: 'network' },
      },
      c_pair: {
        kind: 'limit',
        limit: { maximum: '60', measure: 'value', per: 'month', of: 'pair' },
      },
    });
    const report = await run(rulebook);

    interface Row {
      posted_at: Date;
      amount: bigint;
      member_id: string;
      source: string;
      target: string;
    }
    const { rows } = await database.pool.query<Row>(
      `select t.posted_at, t.amount, t.member_id, s.code as source, x.code as target
          from ledger.transaction t
         join ledger.asset s on s.asset_id = t.asset_id
           join ledger.asset x on x.asset_id = t.target_asset_id
        where t.kind = 'conversion' and leg = 0 order by t.posted_at, t.bucket, t.sequence`,
    );
    const used = new Map<string, bigint>();
    const naive: Record<string, number> = {};
    for (const { posted_at, amount, member_id, source, target } of rows) {
      const day = posted_at.toISOString().slice(0, 10);
      const uses: [rule: string, subject: string, use: bigint, maximum: bigint][] = [
        ['rules/a_member', `${member_id} ${source} ${day}`, amount, 80_000n],
        ['rules/b_network', `network ${day}`, 1n, 500n],
        // One hundredth of a point is worth one ten-thousandth of the settlement currency on
        // platform_a, and 0.8 of that on platform_c.
        [
          'rules/c_pair',
          `${source} ${target} ${day.slice(0, 7)}`,
          source === 'platform_a' ? amount : (amount * 8n) / 10n,
          600_000n,
        ],
      ];
      const full = uses.find(
        ([, subject, use, maximum]) => (used.get(subject) ?? 0n) + use > maximum,
      );
      if (full !== undefined)
        naive[`${source} ${full[0]}`] = (naive[`${source} ${full[0]}`] ?? 0) + 1;
      else for (const [, subject, use] of uses) used.set(subject, (used.get(subject) ?? 0n) + use);
    }
    const told = Object.fromEntries(
      report.platforms.flatMap(({ platformId, overLimit }) =>
        Object.entries(overLimit).map(([rule, count]) => [`${platformId} ${rule}`, count]),
      ),
    );
    expect(told).toEqual(naive);
    expect(new Set(Object.keys(naive).map((key) => key.split(' ')[1])).size).toBe(3);
    expect(report.changed).toBe(Object.values(naive).reduce((sum, count) => sum + count, 0));
  });
});
