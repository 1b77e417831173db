// Tests the rewards that a user can redeem, over HTTP on a real database: catalogue, options,
// validation, compared with the engine of the source requirement.

import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const redeem = (userId: string, rewardId: string, amount: number): Promise<Answer> =>
  api.call(
    'platform_o',
    'POST',
    '/api/points/redeem',
    { user_id: userId, amount, reward_id: rewardId },
    { headers: { 'idempotency-key': randomUUID() } },
  );
const options = (
  userId: string,
  headers: Record<string, string> = {},
  platform: string,
): Promise<Answer> =>
  api.call(platform, 'GET', `/api/rewards/options?user_id=${userId}`, undefined, { headers });
const validate = async (
  userId: string,
  rewardId: string,
  quantity: number | undefined,
  platform: string,
): Promise<unknown> =>
  (
    await api.call(platform, 'POST', '/api/rewards/validate', {
      user_id: userId,
      reward_id: rewardId,
      quantity,
    })
  ).body;
const idsOf = (answer: Answer): string[] =>
  (answer.body['options'] as unknown as { reward_id: string }[]).map(({ reward_id }) => reward_id);

describe('the catalogue', () => {
  it('shows from when, until when and how many for each member', async () => {
    await api.reward('platform_c', 'festive', {
      from: '2020-01-01T00:00:00Z',
      until: '2099-01-01T00:00:00+08:00',
      per_member: 2,
    });
    expect((await api.call('platform_c', 'GET', '/api/rewards')).body['rewards']).toMatchObject([
      {
        reward_id: 'festive',
        from: '2020-01-01T00:00:00.000Z',
        until: '2098-12-31T16:00:00.000Z',
        per_member: 2,
      },
    ]);
  });
});

describe('options', () => {
  beforeAll(async () => {
    await api.join('platform_o', '1');
    const rewards = {
      cheap: {
        points_required: '10',
        name_zh: '便宜',
        name_en: 'Cheap',
        description_zh: '好',
        description_en: 'Good',
      },
      exact: { points_required: '100' },
      dear: { points_required: '100.01' },
      gone: { stock: 0 },
      past: { until: '2020-01-01T00:00:00Z' },
      future: { from: '2099-01-01T00:00:00Z' },
      hidden: { active: false },
      vip: { eligible: '"vip" in tags' },
      broken: { eligible: 'tags[7] == "x"' },
      once: { points_required: '20', per_member: 1 },
    };
    for (const [rewardId, terms] of Object.entries(rewards))
      await api.reward('platform_o', rewardId, terms);
  });

  it('are the rewards that the user can have now, in the language asked for', async () => {
    const user = await api.user('platform_o', 100);
    const told = await options(user, { 'accept-language': 'en' }, 'platform_o');
    expect(told).toMatchObject({
      status: 200,
      headers: { 'content-language': 'en' },
      body: { user_id: user, balance: 100 },
    });
    expect(idsOf(told)).toEqual(['cheap', 'once', 'exact']);
    expect(told.body['options']?.[0]).toEqual({
      reward_id: 'cheap',
      reward_name: 'Cheap',
      points_required: 10,
      description: 'Good',
    });
    expect((await options(user, {}, 'platform_o')).body['options']?.[0]).toMatchObject({
      reward_name: '便宜',
    });

    await api.call('platform_o', 'PUT', `/api/users/${user}/tags`, { tags: ['vip'] });
    expect(idsOf(await options(user, {}, 'platform_o'))).toEqual(['vip', 'cheap', 'once', 'exact']);
    await redeem(user, 'once', 20);
    expect(idsOf(await options(user, {}, 'platform_o'))).toEqual(['vip', 'cheap']);
  });

  it('count what is available, without what a hold has set aside', async () => {
    const user = await api.user('platform_o', 25);
    await api.call('platform_o', 'POST', '/api/points/holds', { user_id: user, amount: 10 });
    const told = await options(user, {}, 'platform_o');
    expect(told.body).toMatchObject({ balance: 15 });
    expect(idsOf(told)).toEqual(['cheap']);
  });

  it('and a redemption is refused or goes through as its validation says', async () => {
    const user = await api.user('platform_o', 100);
    const other = await api.user('platform_b', 1);
    const cases: [string, number | undefined, boolean, string][] = [
      ['cheap', undefined, true, 'Redemption valid'],
      ['cheap', 10, true, 'Redemption valid'],
      ['cheap', 11, false, 'Insufficient points'],
      ['nothing', 1, false, 'Invalid reward ID'],
      ['constructor', 1, false, 'Invalid reward ID'],
      ['dear', 1, false, 'Insufficient points'],
      ['gone', 1, false, 'Reward not available'],
      ['past', 1, false, 'Reward not available'],
      ['hidden', 1, false, 'Reward not available'],
      ['vip', 1, false, 'Not eligible for this reward'],
      ['once', 2, false, 'Limit exceeded'],
      ['once', 1, true, 'Redemption valid'],
      ['broken', 1, false, 'Rule failed'],
    ];
    for (const [rewardId, quantity, valid, message] of cases)
      expect(await validate(user, rewardId, quantity, 'platform_o')).toEqual({ valid, message });
    expect(await validate(other, 'cheap', 1, 'platform_b')).toEqual({
      valid: false,
      message: 'No rules defined for this platform',
    });
    expect(await api.balance('platform_o', user)).toBe(100);
    expect(await redeem(user, 'vip', 1)).toMatchObject({
      status: 403,
      body: { code: 'reward_not_eligible' },
    });
    await api.call('platform_o', 'PUT', `/api/users/${user}/tags`, { tags: ['vip'] });
    expect(await redeem(user, 'vip', 1)).toMatchObject({ status: 200 });
  });
});

describe('the engine of the source requirement (5.2)', () => {
  interface NaiveRule {
    readonly reward_id: string;
    readonly min_points: number;
  }

  /** A port of its Python code, line by line. */
  class NaiveEngine {
    readonly rules: Record<string, NaiveRule[]> = {};

    addRedemptionRule(platform: string, rule: NaiveRule): void {
      if (!Object.hasOwn(this.rules, platform)) this.rules[platform] = [];
      this.rules[platform]?.push(rule);
    }

    getRedemptionOptions(platform: string, balance: number): string[] {
      const result: string[] = [];
      if (!Object.hasOwn(this.rules, platform)) return result;
      for (const rule of this.rules[platform] ?? [])
        if (rule.min_points <= balance) result.push(rule.reward_id);
      return result;
    }

    validateRedemption(platform: string, rewardId: string, balance: number): [boolean, string] {
      if (!Object.hasOwn(this.rules, platform))
        return [false, 'No rules defined for this platform'];
      for (const rule of this.rules[platform] ?? []) {
        if (rule.reward_id === rewardId)
          return balance >= rule.min_points
            ? [true, 'Redemption valid']
            : [false, 'Insufficient points'];
      }
      return [false, 'Invalid reward ID'];
    }
  }

  it('says the same of any catalogue and balance', async () => {
    await api.join('platform_n', '1');
    const rewardIds = ['coupon_10', 'gift_card_50', 'x', 'y.z', 'toString'];
    const points = fc.integer({ min: 1, max: 500 }).map((minor) => minor / 100);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.constantFrom(...rewardIds), points), {
          minLength: 0,
          maxLength: 5,
          selector: ([id]) => id,
        }),
        fc.array(points, { minLength: 1, maxLength: 3 }),
        async (catalogue, balances) => {
          const naive = new NaiveEngine();
          for (const [rewardId, price] of catalogue)
            naive.addRedemptionRule('platform_n', { reward_id: rewardId, min_points: price });
          const listed = Object.fromEntries(
            catalogue.map(([rewardId, price]) => [
              rewardId,
              {
                points_required: price.toFixed(2),
                stock: 5,
                name_zh: 'z',
                name_en: 'e',
                description_zh: 'z',
                description_en: 'e',
              },
            ]),
          );
          await api.amend((document) => {
            const { platform_n: _before, ...others } = document.rewards;
            return {
              ...document,
              rewards: catalogue.length === 0 ? others : { ...others, platform_n: listed },
            };
          });
          for (const balance of balances) {
            const user = await api.user('platform_n', balance);
            const told = (await options(user, {}, 'platform_n')).body['options'] as unknown as {
              reward_id: string;
            }[];
            expect(told.map(({ reward_id }) => reward_id).sort()).toEqual(
              naive.getRedemptionOptions('platform_n', balance).sort(),
            );
            for (const rewardId of [...rewardIds, 'unknown']) {
              const [valid, message] = naive.validateRedemption('platform_n', rewardId, balance);
              expect(await validate(user, rewardId, undefined, 'platform_n')).toEqual({
                valid,
                message,
              });
            }
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});
