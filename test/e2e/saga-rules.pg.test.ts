// Rules over transfers with connected platforms: reviews, quotes and limits hold for every pair of
// custody as they do for points that are kept here.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../fixtures/api.ts';
import { createConnectedNetwork, type ConnectedNetwork } from '../fixtures/connected.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectSound } from '../fixtures/journal.ts';
import { patience } from '../fixtures/patience.ts';

let database: TestDatabase;
let network: ConnectedNetwork;
let olga: string;
let otto: string;

const WAIT = { prefer: 'wait=20' };
const DAILY = 300;
const PAIRS = [
  ['platform_a', 'platform_x', 120, 150],
  ['platform_x', 'platform_a', 150, 120],
  ['platform_x', 'platform_y', 110, 80],
] as const;

beforeAll(async () => {
  database = await createTestDatabase();
  network = await createConnectedNetwork(database, 4);
  network.work();
  olga = await network.api.operator('olga');
  otto = await network.api.operator('otto');
  await network.api.amend((document) => ({
    ...document,
    rules: {
      look: { kind: 'review', when: 'category == "look"', reason: 'Looked at' },
      daily: {
        kind: 'limit',
        when: 'category == "limited"',
        limit: { maximum: String(DAILY), measure: 'points', per: 'day', of: 'member' },
      },
    },
  }));
});
afterAll(async () => {
  await network?.close();
  await database?.drop();
});

interface Asked {
  readonly source: string;
  readonly target: string;
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly category?: string;
  readonly quote_id?: string;
}

function ask(
  { source, target, from, to, amount, ...more }: Asked,
  key: string = crypto.randomUUID(),
  headers: Readonly<Record<string, string>> = WAIT,
): Promise<Answer> {
  return network.api.call(
    source,
    'POST',
    '/api/points/transfer',
    { from_user_id: from, to_user_id: to, amount, target_platform: target, ...more },
    { headers: { 'idempotency-key': key, ...headers } },
  );
}

const points = async (
  source: string,
  from: string,
  target: string,
  to: string,
): Promise<number[]> => [await network.pointsOf(source, from), await network.pointsOf(target, to)];
const holdOf = (answer: Answer): string =>
  String(answer.body['transaction_id']).replace('txn_', 'hold_');
const decide = (hold: string, word: 'approve' | 'reject'): Promise<Answer> =>
  network.api.operate(olga, 'POST', `/operator/reviews/${hold}/${word}`, { reason: 'looked' });
async function openAuthorisations(): Promise<number> {
  const {
    rows: [row],
  } = await database.pool.query<{ pending: string }>(
    `select coalesce(sum(debits_pending + credits_pending), 0)::text as pending from ledger.account`,
  );
  return Number(row?.pending);
}

describe.each(PAIRS)(
  'a transfer from %s to %s that a rule sets aside',
  (source, target, amount, credited) => {
    it('asks no platform until an operator lets it pass, and then runs to its end', async () => {
      const [from = '', to = ''] = network.users;
      const before = await points(source, from, target, to);
      const key = `look-${source}-${target}`;
      const fields = { source, target, from, to, amount, category: 'look' };
      const asked = await ask(fields, key);
      expect(asked).toMatchObject({
        status: 200,
        body: { success: true, status: 'pending_review' },
      });
      expect(await points(source, from, target, to)).toEqual(before);
      expect(
        (await network.api.operate(olga, 'GET', '/operator/transfers?which=open')).body,
      ).toEqual({ transfers: [] });
      expect((await network.api.operate(olga, 'GET', '/operator/reviews')).body).toMatchObject({
        reviews: [{ hold_id: holdOf(asked), platform_id: source, target_platform: target, amount }],
      });
      expect((await ask(fields, key)).body).toMatchObject({
        status: 'pending_review',
        transaction_id: asked.body['transaction_id'],
      });
      await expectSound(database.pool);

      // While the connected platforms cannot be reached, the repeated request tells that they are
      // asked.
      for (const sandbox of Object.values(network.sandboxes))
        await sandbox.setFaults({ down: true });
      const approved = await decide(holdOf(asked), 'approve');
      expect(approved).toMatchObject({
        status: 200,
        body: { status: 'pending', transaction_id: expect.stringMatching(/^txn_/) },
      });
      const id = approved.body['transaction_id'];
      const underWay = await ask(fields, key, {});
      expect(underWay).toMatchObject({
        status: 202,
        headers: { location: `/api/transactions/${id}`, 'idempotency-replayed': 'true' },
        body: { success: true, status: 'pending', transaction_id: id, credited_amount: credited },
      });
      await expectSound(database.pool);
      for (const sandbox of Object.values(network.sandboxes)) await sandbox.setFaults({});

      expect(await ask(fields, key)).toMatchObject({
        status: 200,
        body: { success: true, status: 'completed', transaction_id: id, credited_amount: credited },
      });
      expect(await points(source, from, target, to)).toEqual([
        before[0]! - amount,
        before[1]! + credited,
      ]);
      expect((await decide(holdOf(asked), 'reject')).body).toMatchObject({ code: 'hold_resolved' });
      expect(await openAuthorisations()).toBe(0);
      await expectSound(database.pool);
    });

    it('leaves everything as it was when it is turned down, or nobody answers', async () => {
      const [from = '', to = ''] = network.users;
      const before = await points(source, from, target, to);
      const fields = { source, target, from, to, amount, category: 'look' };
      const key = `no-${source}-${target}`;
      const refused = await ask(fields, key);
      expect(await decide(holdOf(refused), 'reject')).toMatchObject({
        status: 200,
        body: { status: 'rejected' },
      });
      expect((await ask(fields, key)).body).toMatchObject({ status: 'rejected' });

      const forgotten = await ask(fields);
      await database.pool.query(
        `update ledger.hold set expires_at = now() - interval '1 minute'
            where state = 'held' and hold_id = $1::uuid`,
        [holdOf(forgotten).slice('hold_'.length)],
      );
      await network.api.parts.ledger.sweep();
      expect((await decide(holdOf(forgotten), 'approve')).body).toMatchObject({
        code: 'hold_resolved',
      });
      expect(await points(source, from, target, to)).toEqual(before);
      expect(await openAuthorisations()).toBe(0);
      await expectSound(database.pool);
    });
  },
);

it('a reviewed transfer that a platform refuses fails, and the repeated request tells why', async () => {
  const [from = '', to = ''] = network.users;
  const fields = {
    source: 'platform_x',
    target: 'platform_a',
    from,
    to,
    amount: 90_000,
    category: 'look',
  };
  const asked = await ask(fields, 'too-much');
  expect((await decide(holdOf(asked), 'approve')).status).toBe(200);
  expect((await ask(fields, 'too-much')).body).toMatchObject({
    success: false,
    status: 'failed',
    message: 'Transfer failed: Insufficient balance',
  });
  await expectSound(database.pool);
});

describe.each(PAIRS)('a quote for a transfer from %s to %s', (source, target, amount) => {
  it('is used once, and its terms are exactly those posted, whatever the rates are by then', async () => {
    const [, , from = '', to = ''] = network.users;
    const { body: quoted } = await network.api.call(source, 'POST', '/api/points/quote', {
      from_user_id: from,
      amount,
      target_platform: target,
    });
    const before = await points(source, from, target, to);
    const platform = target === 'platform_y' ? target : 'platform_x';
    const worth = { platform_x: '0.8', platform_y: '1.1' }[platform];
    const amendWorth = (multiplier: string): Promise<void> =>
      network.api.amend((document) => ({
        ...document,
        platforms: {
          ...document.platforms,
          [platform]: { ...document.platforms[platform], multiplier },
        },
      }));
    await amendWorth('2.5');
    const fields = { source, target, from, to, amount, quote_id: String(quoted['quote_id']) };
    const { body } = await ask(fields, `quote-${source}-${target}`);
    expect(body).toMatchObject({
      status: 'completed',
      credited_amount: quoted['credited_amount'],
      rate: quoted['rate'],
      fee: quoted['fee'],
    });
    await amendWorth(worth);
    expect(await points(source, from, target, to)).toEqual([
      before[0]! - amount,
      before[1]! + Number(quoted['credited_amount']),
    ]);
    expect((await ask(fields)).body).toMatchObject({ code: 'quote_used' });
    expect((await ask(fields, `quote-${source}-${target}`)).body).toMatchObject({
      status: 'completed',
      transaction_id: body['transaction_id'],
    });
    await expectSound(database.pool);
  });
});

describe('a limit', () => {
  it.each([
    ['platform_a', 'platform_x'],
    ['platform_x', 'platform_a'],
  ])(
    'from %s to %s counts what is under way, and a failed transfer gives its allowance back',
    async (source, target) => {
      const from = network.users[source === 'platform_a' ? 0 : 1] ?? '';
      await network.api.call(target, 'POST', '/api/users', { platform_user_id: 'nobody-there' });
      const fields = { source, target, from, to: from, amount: 200, category: 'limited' };
      for (const sandbox of Object.values(network.sandboxes))
        await sandbox.setFaults({ down: true });
      const first = await ask(fields, `limit-${source}`, {});
      expect(first.status).toBe(202);
      expect((await ask(fields)).body).toMatchObject({ code: 'limit_exceeded' });
      const url = `/operator/transfers/${first.body['transaction_id']}/force_failed`;
      expect(
        (await network.api.operateByTwo([olga, otto], 'POST', url, { reason: 'for the test' }))
          .status,
      ).toBe(200);
      expect((await ask(fields, `limit-${source}`)).body).toMatchObject({ status: 'failed' });
      for (const sandbox of Object.values(network.sandboxes)) await sandbox.setFaults({});
      expect((await ask(fields)).body).toMatchObject({ status: 'completed' });
      expect((await ask(fields)).body).toMatchObject({ code: 'limit_exceeded' });
      await expectSound(database.pool);
    },
  );
});

describe('the history of a member', () => {
  it('shows a transfer under way as pending, and takes its points once', async () => {
    const [, , , user = ''] = network.users;
    const rows = async (): Promise<Record<string, unknown>[]> =>
      (
        await network.api.call(
          'platform_a',
          'GET',
          `/api/points/history?user_id=${user}&per_page=3`,
        )
      ).body['transactions'] as never;
    const balance = await network.api.balance('platform_a', user);
    const [last] = await rows();
    await network.sandboxes.platform_x.setFaults({ down: true });
    const asked = await ask(
      { source: 'platform_a', target: 'platform_x', from: user, to: user, amount: 16 },
      'in-history',
      {},
    );
    const id = asked.body['transaction_id'];
    expect((await rows())[0]).toMatchObject({
      transaction_id: id,
      kind: 'authorise',
      status: 'pending',
      change: 0,
    });
    await network.sandboxes.platform_x.setFaults({});
    await ask(
      { source: 'platform_a', target: 'platform_x', from: user, to: user, amount: 16 },
      'in-history',
    );
    const [moved, before] = await rows();
    const line = {
      transaction_id: id,
      kind: 'authorise',
      status: 'completed',
      change: -16,
      balance_after: balance - 16,
      from_user_id: user,
      to_user_id: user,
    };
    expect(moved).toMatchObject(line);
    expect(before).toEqual(last);
    expect(
      (await network.api.call('platform_a', 'GET', `/api/transactions/${id}`)).body,
    ).toMatchObject(line);

    const { body } = await ask({
      source: 'platform_a',
      target: 'platform_x',
      from: user,
      to: 'nobody-there',
      amount: 16,
    });
    expect(body).toMatchObject({
      success: false,
      status: 'failed',
      message: expect.stringMatching(/^Transfer failed: .*\w/),
    });
    const [failed, second] = await rows();
    expect(failed).toMatchObject({
      transaction_id: body['transaction_id'],
      kind: 'authorise',
      status: 'failed',
      change: 0,
      reason: 'Unknown user',
      to_user_id: 'nobody-there',
    });
    expect(second).toMatchObject(line);
    expect(
      (await network.api.call('platform_a', 'GET', `/api/transactions/${body['transaction_id']}`))
        .body,
    ).toEqual(failed);

    // What the target has accepted to give back is a line of its own.
    const recall = await network.api.call('platform_a', 'POST', `/api/transactions/${id}/recall`, {
      reason: 'r',
    });
    const accept = `/api/recalls/${recall.body['recall_id']}/accept`;
    expect((await network.api.call('platform_x', 'POST', accept, {})).status).toBe(200);
    await expect
      .poll(async () => (await rows())[0], { timeout: patience(20_000) })
      .toMatchObject({
        kind: 'reverse',
        related_transaction_id: id,
        change: 16,
        from_user_id: user,
        to_user_id: user,
      });
  });

  it('is one line at the target too, and names of the source only the platform', async () => {
    const [from = '', , , to = ''] = network.users;
    const read = async (): Promise<Record<string, unknown>[]> =>
      (
        await network.api.call(
          'platform_a',
          'GET',
          `/api/points/history?user_id=${to}&per_page=100`,
        )
      ).body['transactions'] as never;
    const before = await read();
    const { body } = await ask({
      source: 'platform_x',
      target: 'platform_a',
      from,
      to,
      amount: 10,
    });
    const id = body['transaction_id'];
    const history = await read();
    expect(history.slice(1)).toEqual(before);
    expect(history[0]).toMatchObject({
      transaction_id: id,
      kind: 'authorise',
      status: 'completed',
      change: 8,
      to_user_id: to,
    });
    expect(history[0]).not.toHaveProperty('from_user_id');
    expect((await network.api.call('platform_a', 'GET', `/api/transactions/${id}`)).body).toEqual(
      history[0],
    );
    expect(
      (await network.api.call('platform_x', 'GET', `/api/transactions/${id}`)).body,
    ).toMatchObject({ from_user_id: from, to_user_id: to });
  });
});
