// Tests redemptions whose process died before the end, and many redemptions at once: nothing is
// lost and nothing is done twice.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createTestApi,
  platformId,
  type Answer,
  type TestApi,
} from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { parseId, type TransactionId } from '../../kernel/ids.ts';
import { audit } from '../../monitor/monitor.ts';
import type { Command, Ledger, Outcome } from '../../ledger/ledger.ts';
import { createRewards, type Rewards } from '../../rewards/rewards.ts';

const A = 'platform_a';
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

const key = (): { headers: { 'idempotency-key': string } } => ({
  headers: { 'idempotency-key': randomUUID() },
});
const redeem = (
  userId: string,
  rewardId: string,
  amount: number,
  quantity = 1,
  platform = A,
  options = key(),
): Promise<Answer> =>
  api.call(
    platform,
    'POST',
    '/api/points/redeem',
    { user_id: userId, amount, reward_id: rewardId, quantity },
    options,
  );
const find = (id: unknown, platform = A): Promise<Answer> =>
  api.call(platform, 'GET', `/api/redemptions/${String(id)}`);
const fulfil = (id: unknown, options = key()): Promise<Answer> =>
  api.call(A, 'POST', `/api/redemptions/${String(id)}/fulfil`, {}, options);
const cancel = (id: unknown, reason = 'changed my mind'): Promise<Answer> =>
  api.call(A, 'POST', `/api/redemptions/${String(id)}/cancel`, { reason });
const reverse = (id: unknown, fields: object = {}, options = key()): Promise<Answer> =>
  api.call(
    A,
    'POST',
    '/api/points/reverse',
    { transaction_id: id, reason: 'returned', ...fields },
    options,
  );
const codesOf = (answer: Answer): string[] => answer.body['vouchers'] as unknown as string[];
const idOf = (answer: Answer): string => String(answer.body['redemption_id']);
const uuidOf = (id: string): TransactionId => parseId('rdm', id) as TransactionId;
const available = async (rewardId: string): Promise<unknown> =>
  (
    (await api.call(A, 'GET', '/api/rewards')).body['rewards'] as unknown as {
      reward_id: string;
      available: number;
    }[]
  ).find(({ reward_id }) => reward_id === rewardId)?.available;

async function follow(rewards: Rewards = api.parts.rewards): Promise<void> {
  while (await rewards.follow());
}

/** Types of the events of one redemption, in their order. */
async function eventsOf(id: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ type: string }>(
    `select type from feed.event where data ->> 'redemption_id' = $1 order by event_id`,
    [id],
  );
  return rows.map(({ type }) => type);
}

/** The redemption is posted, but the process died before it wrote its own rows. */
async function posted(quantity: bigint): Promise<{ user: string; id: string; outcome: Outcome }> {
  const user = await api.user(A, 100);
  const memberId = await api.parts.identity.resolveMember(platformId(A), user);
  const rewardAssetId =
    api.parts.ledger.assets().find(({ code }) => code === `reward:${A}/pen`)?.assetId ?? 0;
  const command: Command = {
    kind: 'redeem',
    platformId: platformId(A),
    memberId: memberId!,
    key: randomUUID(),
    amount: quantity * 100n,
    quantity,
    rewardAssetId,
    rewardId: 'pen',
  };
  const outcome = await api.parts.ledger.submit(command);
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return { user, outcome, id: `rdm_${outcome.transaction.transactionId.replaceAll('-', '')}` };
}
/** True if the module has a row of the redemption. */
const written = async (id: string): Promise<boolean> =>
  (
    await database.pool.query('select 1 from rewards.redemption where redemption_id = $1', [
      uuidOf(id),
    ])
  ).rowCount === 1;

/** The rewards of another process, whose ledger fails as the test says. */
const elsewhere = (faults: Partial<Ledger> = {}): Rewards =>
  createRewards({
    ...api.parts,
    masterKey: api.masterKey,
    ledger: { ...api.parts.ledger, ...faults },
  });
const died = (): Promise<never> => Promise.reject(new Error('the process died'));

describe('after a crash', () => {
  beforeEach(async () => {
    await api.reward(A, 'pen', { points_required: '1', stock: 100_000 });
  });

  it('what was posted and not written is written by the loop, once, however many run it', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => posted(2n)));
    await Promise.all([follow(), follow(elsewhere()), follow()]);
    await follow();
    for (const { id } of many) {
      expect(await written(id)).toBe(true);
      expect(await eventsOf(id)).toEqual(['redemption.issued']);
    }
    const [first] = many;
    const found = await find(first?.id);
    expect(await api.call(A, 'GET', `/api/vouchers/${codesOf(found)[1] ?? ''}`)).toMatchObject({
      status: 200,
      body: { redemption_id: first?.id, unit: 2 },
    });
  });

  it('a redeem whose row cannot be written is answered all the same, with the vouchers that the loop then writes', async () => {
    const { outcome, id } = await posted(2n);
    const broken = {
      connect: () => Promise.reject(new Error('no connection')),
    } as unknown as typeof database.pool;
    const issued = outcome.ok
      ? await createRewards({ ...api.parts, masterKey: api.masterKey, pool: broken }).issue(
          outcome.transaction,
        )
      : undefined;
    expect(issued).toMatchObject({
      expiresAtMs: null,
      vouchers: [expect.any(String), expect.any(String)],
    });
    expect(await written(id)).toBe(false);
    await follow();
    expect((await find(id)).body['vouchers']).toEqual(issued?.vouchers);
  });

  it('what was posted and not written is written by whoever asks for it', async () => {
    const { id } = await posted(1n);
    expect(await written(id)).toBe(false);
    expect(await find(id)).toMatchObject({ status: 200, body: { state: 'issued' } });
    expect(await fulfil((await posted(1n)).id)).toMatchObject({ status: 200 });
    expect(await cancel((await posted(1n)).id)).toMatchObject({
      status: 200,
      body: { state: 'cancelled' },
    });
  });

  it('what was given back before it was written is cancelled', async () => {
    const { id, user, outcome } = await posted(3n);
    if (!outcome.ok) return;
    await api.parts.ledger.submit({
      kind: 'reverse',
      platformId: platformId(A),
      memberId: outcome.transaction.memberId,
      key: randomUUID(),
      transactionId: uuidOf(id),
      reason: 'by an operator',
    });
    await follow();
    expect(await find(id)).toMatchObject({ body: { state: 'cancelled' } });
    expect(await eventsOf(id)).toEqual(['redemption.issued', 'redemption.cancelled']);
    expect(await api.balance(A, user)).toBe(100);
  });

  const points: [string, Partial<Ledger>][] = [
    ['before the reversal was posted', { submit: died }],
    ['after the reversal was posted', { getReversed: died }],
    [
      'when the ledger could not say',
      { submit: (command) => api.parts.ledger.submit(command).then(died) },
    ],
  ];
  for (const [point, faults] of points) {
    it(`a cancellation that stopped ${point} is finished by the loop`, async () => {
      const { id, user } = await posted(4n);
      await expect(elsewhere(faults).cancel(platformId(A), uuidOf(id), 'x')).rejects.toThrow(
        'died',
      );
      expect(await find(id)).toMatchObject({ body: { state: 'cancelling' } });
      api.clock.advance(11_000);
      await Promise.all([follow(), follow(elsewhere())]);
      expect(await find(id)).toMatchObject({ body: { state: 'cancelled' } });
      expect(await api.balance(A, user)).toBe(100);
      expect(await eventsOf(id)).toEqual(['redemption.issued', 'redemption.cancelled']);
      expect(await cancel(id)).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    });

    it(`a cancellation that stopped ${point} is finished by whoever cancels again`, async () => {
      const { id, user } = await posted(4n);
      await expect(elsewhere(faults).cancel(platformId(A), uuidOf(id), 'x')).rejects.toThrow(
        'died',
      );
      api.clock.advance(11_000);
      expect(await cancel(id)).toMatchObject({ status: 200, body: { state: 'cancelled' } });
      expect(await api.balance(A, user)).toBe(100);
      await follow();
      expect(await eventsOf(id)).toEqual(['redemption.issued', 'redemption.cancelled']);
    });
  }

  it('while nobody has finished it, others wait a little and are told to try again', async () => {
    const { id } = await posted(1n);
    await expect(
      elsewhere({ submit: died }).cancel(platformId(A), uuidOf(id), 'x'),
    ).rejects.toThrow('died');
    expect(await fulfil(id)).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    api.clock.advance(11_000);
    expect(await fulfil(id)).toMatchObject({ status: 409, body: { code: 'redemption_cancelled' } });
  });

  it('a reversal in part that stopped is finished, and the caller who repeats it gets its first result', async () => {
    const { id, user } = await posted(4n);
    const [leg] = await api.parts.ledger.findTransaction(uuidOf(id));
    const options = key();
    await expect(
      elsewhere({ getReversed: died }).reverse(leg!, platformId(A), {
        key: options.headers['idempotency-key'],
        amount: 100n,
        reason: 'returned',
      }),
    ).rejects.toThrow('died');
    api.clock.advance(11_000);
    await follow();
    expect(await find(id)).toMatchObject({ body: { state: 'issued' } });
    expect(await reverse(id, { amount: 1 }, options)).toMatchObject({
      status: 200,
      headers: { 'idempotency-replayed': 'true' },
    });
    expect(await api.balance(A, user)).toBe(97);
  });

  it('a reversal that the ledger refuses leaves the redemption as it was', async () => {
    await api.join('platform_rich', '1');
    await api.reward('platform_rich', 'yacht', { points_required: '100000000000', stock: 100 });
    const user = await api.user('platform_rich', 1e13);
    const id = idOf(await redeem(user, 'yacht', 1e13, 100, 'platform_rich'));
    await api.call('platform_rich', 'POST', '/api/points/earn', { user_id: user, amount: 1 });
    expect(
      await api.call('platform_rich', 'POST', `/api/redemptions/${id}/cancel`, { reason: 'x' }),
    ).toMatchObject({ status: 400, body: { code: 'balance_limit' } });
    expect(await find(id, 'platform_rich')).toMatchObject({ body: { state: 'issued' } });
    expect(await eventsOf(id)).toEqual(['redemption.issued']);
  });
});

describe('many at once', () => {
  it('500 redemptions of a stock of 100 give exactly 100', async () => {
    await api.reward(A, 'rare', { points_required: '1.5', stock: 100 });
    const users = await Promise.all(Array.from({ length: 25 }, () => api.user(A, 100)));
    const base = await api.server.listen({ host: '127.0.0.1', port: 0 });
    const send = async (userId: string, index: number): Promise<Answer> => {
      const body = JSON.stringify({
        user_id: userId,
        amount: 1.5,
        reward_id: 'rare',
        idempotency_key: `rare-${index}`,
      });
      const headers = {
        ...api.sign(A, 'POST', '/api/points/redeem', body),
        'content-type': 'application/json',
      };
      const answer = await fetch(`${base}/api/points/redeem`, { method: 'POST', headers, body });
      return { status: answer.status, body: (await answer.json()) as Answer['body'], headers: {} };
    };
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, index) => send(users[index % users.length] ?? '', index)),
    );
    const given = answers.filter(({ status }) => status === 200);
    expect(given).toHaveLength(100);
    expect(
      answers.filter(({ body }) => (body['code'] as unknown) === 'reward_not_available'),
    ).toHaveLength(400);
    expect(new Set(given.flatMap(codesOf)).size).toBe(100);
    expect(await available('rare')).toBe(0);
    const left = await Promise.all(users.map((user) => api.balance(A, user)));
    expect(left.reduce((sum, points) => sum + points, 0)).toBe(2_500 - 150);
    const { rows } = await database.pool.query<{ count: bigint }>(
      `select count(*) from rewards.redemption where reward_id = 'rare' and state = 'issued'`,
    );
    expect(rows[0]?.count).toBe(100n);

    // Two callers cancel at the same time; all points are returned once.
    const cancelled = await Promise.all(
      given.flatMap((answer) => [cancel(idOf(answer)), cancel(idOf(answer))]),
    );
    expect(cancelled.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await available('rare')).toBe(100);
    expect(
      (await Promise.all(users.map((user) => api.balance(A, user)))).every(
        (points) => points === 100,
      ),
    ).toBe(true);
  });

  it('no member has more than the limit for each', async () => {
    await api.reward(A, 'limited', { points_required: '1', stock: 1_000, per_member: 3 });
    const users = await Promise.all(Array.from({ length: 5 }, () => api.user(A, 100)));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        redeem(users[index % users.length] ?? '', 'limited', 1),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(15);
    expect(
      answers.filter(({ body }) => (body['code'] as unknown) === 'limit_exceeded'),
    ).toHaveLength(85);
    expect(await Promise.all(users.map((user) => api.balance(A, user)))).toEqual(
      users.map(() => 97),
    );
  });

  it('of fulfil, cancel and reverse exactly one wins, and points are back only when it was not fulfil', async () => {
    await api.reward(A, 'duel', { points_required: '1', stock: 1_000 });
    const winners = await Promise.all(
      Array.from({ length: 30 }, async (_, round) => {
        const user = await api.user(A, 1);
        const id = idOf(await redeem(user, 'duel', 1));
        const contestants = [() => fulfil(id), () => cancel(id), () => reverse(id)];
        const order = round % 2 === 0 ? contestants : contestants.toReversed();
        const answers = await Promise.all(order.map((contestant) => contestant()));
        const [used, cancelled, reversed] = round % 2 === 0 ? answers : answers.toReversed();
        const { state } = (await find(id)).body as unknown as { state: string };
        const isUsed = used?.status === 200;
        expect(state).toBe(isUsed ? 'fulfilled' : 'cancelled');
        expect(await api.balance(A, user)).toBe(isUsed ? 0 : 1);
        if (isUsed)
          expect([cancelled?.body['code'], reversed?.body['code']]).toEqual([
            'voucher_used',
            'voucher_used',
          ]);
        else expect([used?.status, cancelled?.status]).toEqual([409, 200]);
        expect(await eventsOf(id)).toEqual(['redemption.issued', `redemption.${state}`]);
        return state;
      }),
    );
    expect(winners).toHaveLength(30);
  });
});

it('and after all of it the ledger adds up', async () => {
  await follow();
  expect((await audit(database.pool)).checks.filter(({ ok }) => !ok)).toEqual([]);
});
