// Transfers over connected platforms, through the API and real platforms: every pair of custody,
// refusals, faults, and operators.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnectedNetwork, type ConnectedNetwork } from '../fixtures/connected.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { backtest } from '../../src/monitor/monitor.ts';
import { parseId, type PlatformId, type TransactionId } from '../../src/kernel/ids.ts';
import { expectSound } from '../fixtures/journal.ts';
import { patience } from '../fixtures/patience.ts';

let database: TestDatabase;
let network: ConnectedNetwork;

beforeAll(async () => {
  database = await createTestDatabase();
  network = await createConnectedNetwork(database, 3);
  network.work();
});
afterAll(async () => {
  await network?.close();
  await database?.drop();
});

const WAIT = { prefer: 'wait=20' };

/** A user that is linked, and that the platform does not have. */
async function stranger(platform: string): Promise<string> {
  const user = `nobody-${crypto.randomUUID()}`;
  expect(
    (await network.api.call(platform, 'POST', '/api/users', { platform_user_id: user })).status,
  ).toBe(201);
  return user;
}
/** What a platform knows of a transaction. */
function seenAt(platform: string, id: string): Promise<unknown> {
  return (
    network.api.parts.connections.connectorOf(platform as PlatformId)?.findTransaction(id) ??
    Promise.reject(new Error('no connection'))
  );
}

describe('a transfer', () => {
  it.each([
    ['platform_a', 'platform_x', 80, 100],
    ['platform_x', 'platform_a', 100, 80],
    ['platform_x', 'platform_y', 110, 80],
  ])('from %s to %s moves the points at both', async (source, target, amount, credited) => {
    const [user = '', other = ''] = network.users;
    const before = [await network.pointsOf(source, user), await network.pointsOf(target, other)];
    const { status, body } = await network.transfer(source, target, user, other, amount, WAIT);
    expect({ ...body, http: status }).toMatchObject({
      http: 200,
      status: 'completed',
      success: true,
      credited_amount: credited,
      amount,
    });
    expect([await network.pointsOf(source, user), await network.pointsOf(target, other)]).toEqual([
      before[0]! - amount,
      before[1]! + credited,
    ]);
    const shown = await network.api.call(
      source,
      'GET',
      `/api/transactions/${body['transaction_id']}`,
    );
    expect(shown.body).toMatchObject({ kind: 'authorise', status: 'completed' });
    await expectSound(database.pool);
  });

  it('that the source platform refuses fails, and nothing is left of it', async () => {
    const [, user = ''] = network.users;
    const before = await network.pointsOf('platform_y', user);
    const { status, body } = await network.transfer(
      'platform_x',
      'platform_y',
      user,
      user,
      50_000,
      WAIT,
    );
    expect({ status, success: body['success'], as: body['status'] }).toEqual({
      status: 200,
      success: false,
      as: 'failed',
    });
    expect(await network.pointsOf('platform_y', user)).toBe(before);
    await expectSound(database.pool);
  });
});

describe('while the platforms are asked', () => {
  it('the answer is 202 with where to ask; the same key tells how it stands; the points are held', async () => {
    const [user = '', other = ''] = network.users;
    await network.sandboxes.platform_x.setFaults({ down: true });
    const key = { 'idempotency-key': 'while-asked' };
    const before = await network.api.call(
      'platform_a',
      'GET',
      `/api/points/balance?user_id=${user}`,
    );
    const asked = await network.transfer('platform_a', 'platform_x', user, other, 10, {
      ...key,
      prefer: 'wait=0',
    });
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({ success: true, status: 'pending', credited_amount: 12.5 });
    expect(asked.headers).toMatchObject({
      location: `/api/transactions/${asked.body['transaction_id']}`,
      'preference-applied': 'wait=0',
    });
    const held = await network.api.call('platform_a', 'GET', `/api/points/balance?user_id=${user}`);
    expect(held.body).toMatchObject({ balance: before.body['balance'], held: 10 });
    const shown = await network.api.call('platform_a', 'GET', String(asked.headers['location']));
    expect(shown.body).toMatchObject({ status: 'pending', kind: 'authorise' });
    // Nobody but the saga ends it.
    const early = await network.api.call('platform_a', 'POST', '/api/points/reverse', {
      transaction_id: asked.body['transaction_id'],
      reason: 'too early',
    });
    expect(early.body).toMatchObject({ code: 'transfer_pending', status: 409 });
    const hold = String(asked.body['transaction_id']).replace('txn_', 'hold_');
    expect(
      (await network.api.call('platform_a', 'POST', `/api/points/holds/${hold}/release`)).body,
    ).toMatchObject({ code: 'hold_not_found' });
    await network.sandboxes.platform_x.setFaults({});
    const again = await network.transfer('platform_a', 'platform_x', user, other, 10, {
      ...key,
      ...WAIT,
    });
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body).toMatchObject({
      status: 'completed',
      transaction_id: asked.body['transaction_id'],
    });
    expect((await network.transfer('platform_a', 'platform_x', user, other, 10, key)).status).toBe(
      200,
    );
  });

  it.each([
    ['platform_a', 'platform_x', 'target'],
    ['platform_y', 'platform_x', 'target'],
    ['platform_x', 'platform_a', 'source'],
    ['platform_x', 'platform_y', 'source'],
  ])(
    'from %s to %s, a user that the %s does not have ends it before any step',
    async (source, target, ghost) => {
      const [user = ''] = network.users;
      const nobody = await stranger('platform_x');
      const points = async (): Promise<number[]> => [
        await network.pointsOf('platform_a', user),
        await network.pointsOf('platform_y', user),
      ];
      const before = await points();
      const [from, to] = ghost === 'source' ? [nobody, user] : [user, nobody];
      const { body } = await network.transfer(source, target, from, to, 10, WAIT);
      expect(body).toMatchObject({
        success: false,
        status: 'failed',
        message: 'Transfer failed: Unknown user',
      });
      // No step has come to any platform, not even one that was undone.
      for (const platform of [source, target].filter((one) => one !== 'platform_a')) {
        expect(await seenAt(platform, String(body['transaction_id']))).toEqual({
          outcome: 'yes',
          value: { state: 'unknown' },
        });
      }
      expect(await points()).toEqual(before);
      await expectSound(database.pool);
    },
  );

  it('a user who cannot be looked up leaves it pending, with nothing moved', async () => {
    const [user = ''] = network.users;
    const before = await network.pointsOf('platform_y', user);
    await network.sandboxes.platform_x.setFaults({ error_500: 1 });
    const asked = await network.transfer('platform_y', 'platform_x', user, user, 10, {
      prefer: 'wait=1',
    });
    expect(asked).toMatchObject({ status: 202, body: { status: 'pending' } });
    const id = String(asked.body['transaction_id']);
    expect(await network.api.parts.sagas.find(parseId('txn', id) as never)).toMatchObject({
      state: 'looking_up_target',
    });
    expect([await network.pointsOf('platform_y', user), await seenAt('platform_y', id)]).toEqual([
      before,
      { outcome: 'yes', value: { state: 'unknown' } },
    ]);
    await network.sandboxes.platform_x.setFaults({});
    expect(
      await network.api.parts.sagas.waitFor(parseId('txn', id) as never, patience(20_000)),
    ).toEqual({
      status: 'completed',
    });
    await expectSound(database.pool);
  });

  it('a saga that was begun before look-ups goes on from where it is', async () => {
    const [user = '', other = ''] = network.users;
    await network.sandboxes.platform_x.setFaults({ down: true });
    const { body } = await network.transfer('platform_a', 'platform_x', user, other, 8);
    const id = parseId('txn', String(body['transaction_id'])) as never;
    await database.pool.query(
      `update clearing.saga set state = 'adding', revision = revision + 1 where saga_id = $1`,
      [id],
    );
    await network.sandboxes.platform_x.setFaults({});
    expect(await network.api.parts.sagas.waitFor(id, patience(20_000))).toEqual({
      status: 'completed',
    });
    await expectSound(database.pool);
  });
});

it('a transfer that nobody had to let pass is no review in a backtest', async () => {
  const [user = '', other = ''] = network.users;
  expect(
    (await network.transfer('platform_a', 'platform_x', user, other, 10, WAIT)).body,
  ).toMatchObject({ status: 'completed' });
  const { examples } = await backtest(network.api.parts.valuation.rulebook(), network.api.parts, {
    days: 1,
  });
  expect(examples.filter(({ before }) => before.outcome !== 'posted')).toEqual([]);
});

describe('a reversal', () => {
  it('undoes the transfer at both platforms, whole only', async () => {
    const [user = '', other = ''] = network.users;
    const before = [
      await network.pointsOf('platform_x', user),
      await network.pointsOf('platform_y', other),
    ];
    const { body } = await network.transfer('platform_x', 'platform_y', user, other, 110, WAIT);
    const id = parseId('txn', String(body['transaction_id'])) as TransactionId;
    // The source alone cannot; a dispute that the target does not contest does.
    const alone = await network.api.call('platform_x', 'POST', '/api/points/reverse', {
      transaction_id: body['transaction_id'],
      reason: 'alone',
    });
    expect(alone.body).toMatchObject({ code: 'transfer_final', status: 409 });
    const disputed = await network.api.call('platform_x', 'POST', '/api/disputes', {
      transaction_id: body['transaction_id'],
      reason_code: 'other',
      description: 'x',
    });
    await network.api.call(
      'platform_y',
      'POST',
      `/api/disputes/${disputed.body['dispute_id']}/respond`,
      { answer: 'accept', description: 'x' },
    );
    const resolved = await network.api.call(
      'platform_x',
      'GET',
      `/api/disputes/${disputed.body['dispute_id']}`,
    );
    expect(resolved.body).toMatchObject({
      state: 'upheld',
      resolution: { kind: 'reversal', amount: 110 },
    });
    await network.api.parts.sagas.waitFor(
      parseId('txn', String(resolved.body['resolution_transaction_id'])) as TransactionId,
      patience(20_000),
    );
    expect(await network.api.parts.ledger.findTransaction(id)).toHaveLength(1);
    expect([
      await network.pointsOf('platform_x', user),
      await network.pointsOf('platform_y', other),
    ]).toEqual(before);
    const again = await network.api.call(
      'platform_x',
      'POST',
      `/api/transactions/${body['transaction_id']}/recall`,
      { reason: 'again' },
    );
    expect(again.body).toMatchObject({ code: 'already_reversed' });
    await expectSound(database.pool);
  });
});

describe('a connected platform', () => {
  it.each(['earn', 'redeem', 'hold'])('cannot %s here', async (what) => {
    const [user = ''] = network.users;
    const bodies: Record<string, object> = {
      earn: { user_id: user, amount: 1 },
      redeem: { user_id: user, amount: 1, reward_id: 'x' },
      hold: { user_id: user, amount: 1, expires_in: 60 },
    };
    const url = what === 'hold' ? '/api/points/holds' : `/api/points/${what}`;
    const { status, body } = await network.api.call('platform_x', 'POST', url, bodies[what]);
    expect([status, body['code']]).toEqual([409, 'connected_platform']);
  });
});
