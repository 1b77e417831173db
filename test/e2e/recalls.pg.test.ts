// Recalls over platforms that keep their points themselves: what the target accepts is a deduct of
// its own there, whose no ends the recall.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRecalls } from '../../src/clearing/recalls/recalls.ts';
import { findMoved } from '../../src/clearing/disputes/moved.ts';
import { parseId, type PlatformId, type TransactionId } from '../../src/kernel/ids.ts';
import type { Answer } from '../fixtures/api.ts';
import { createConnectedNetwork, type ConnectedNetwork } from '../fixtures/connected.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { expectSound } from '../fixtures/journal.ts';
import { patience } from '../fixtures/patience.ts';

let database: TestDatabase;
let network: ConnectedNetwork;
let operator: string;

beforeAll(async () => {
  database = await createTestDatabase();
  network = await createConnectedNetwork(database, 3);
  network.work();
  operator = await network.api.operator('olga');
});
afterEach(() => expectSound(database.pool));
afterAll(async () => {
  await network?.close();
  await database?.drop();
});

const WAIT = { prefer: 'wait=20' };
const call = (platform: string, url: string, body: object): Promise<Answer> =>
  network.api.call(platform, 'POST', url, body, {
    headers: { 'idempotency-key': crypto.randomUUID() },
  });
async function sent(source: string, target: string, amount: number, to = 1): Promise<string> {
  const { body } = await network.transfer(
    source,
    target,
    network.users[0] ?? '',
    network.users[to] ?? '',
    amount,
    { ...WAIT },
  );
  expect(body).toMatchObject({ status: 'completed' });
  return String(body['transaction_id']);
}
const asked = async (source: string, id: string): Promise<string> => {
  const answer = await call(source, `/api/transactions/${id}/recall`, { reason: 'sent in error' });
  expect(answer).toMatchObject({ status: 200, body: { state: 'asked' } });
  return String(answer.body['recall_id']);
};
const shown = async (recallId: string): Promise<Record<string, unknown>> =>
  (await network.api.operate(operator, 'GET', `/operator/recalls/${recallId}`)).body;
/** Follows a recall until it is over. */
async function over(recallId: string): Promise<Record<string, unknown>> {
  // Jobs of the queue are due by the clock of the database, which no test moves.
  const later = createRecalls({
    ...network.api.parts,
    clock: { now: () => network.api.clock.now() + 2_000 },
  });
  await expect
    .poll(
      async () => {
        await later.follow();
        return (await shown(recallId))['state'];
      },
      { timeout: patience(30_000) },
    )
    .not.toBe('taking');
  return shown(recallId);
}
async function everything(): Promise<number[]> {
  const points: number[] = [];
  for (const user of network.users)
    for (const platform of ['platform_a', 'platform_x', 'platform_y'])
      points.push(await network.pointsOf(platform, user));
  return points;
}
/** What a platform has done under a transaction_id. */
const operationsAt = async (platform: string, user: string): Promise<string[]> => {
  const found: string[] = [];
  const connector = network.api.parts.connections.connectorOf(platform as PlatformId);
  for (let cursor: string | undefined; ;) {
    const page = await connector?.readStatement(cursor);
    if (page?.outcome !== 'yes') throw new Error('no statement');
    found.push(
      ...page.value.entries
        .filter((entry) => entry.userId === user)
        .map(({ operation }) => operation),
    );
    if (!page.value.more) return found;
    cursor = page.value.nextCursor;
  }
};

describe('at a connected target', () => {
  it('the source never acts alone', async () => {
    const id = await sent('platform_a', 'platform_x', 8);
    const alone = await call('platform_a', '/api/points/reverse', {
      transaction_id: id,
      reason: 'x',
    });
    expect(alone).toMatchObject({
      status: 409,
      body: { code: 'transfer_final', detail: expect.stringContaining('/recall') },
    });
    expect(
      (await call('platform_a', `/api/transactions/${id}/recall`, { reason: 'x', amount: 4 })).body,
    ).toMatchObject({ code: 'whole_reversal_only' });
  });

  it.each([
    ['platform_a', 'platform_x', 80],
    ['platform_x', 'platform_y', 110],
  ])(
    'from %s to %s: what is accepted is deducted there, and given back at the source',
    async (source, target, amount) => {
      const before = await everything();
      const id = await sent(source, target, amount);
      const was = (await operationsAt(target, network.users[1] ?? '')).length;
      const recallId = await asked(source, id);
      expect(await everything()).not.toEqual(before);
      expect(await call(target, `/api/recalls/${recallId}/accept`, {})).toMatchObject({
        status: 200,
        body: { state: 'taking' },
      });
      expect(await over(recallId)).toMatchObject({
        state: 'taken',
        resolution_transaction_id: expect.stringMatching(/^txn_/),
      });
      expect(await everything()).toEqual(before);
      expect((await operationsAt(target, network.users[1] ?? '')).slice(was)).toEqual(['deduct']);
      if (source !== 'platform_a')
        expect((await operationsAt(source, network.users[0] ?? '')).at(-1)).toBe('add');
      expect(
        await call(source, `/api/transactions/${id}/recall`, { reason: 'again' }),
      ).toMatchObject({ status: 409, body: { code: 'already_reversed' } });
    },
  );

  it('its no to the deduct ends the recall: everything stays, and a dispute can decide', async () => {
    const id = await sent('platform_a', 'platform_x', 80, 2);
    const user = network.users[2] ?? '';
    const has = await network.pointsOf('platform_x', user);
    expect(
      (await network.transfer('platform_x', 'platform_a', user, user, has, { ...WAIT })).body,
    ).toMatchObject({ status: 'completed' });
    const before = await everything();
    const recallId = await asked('platform_a', id);
    await call('platform_x', `/api/recalls/${recallId}/accept`, {});
    expect(await over(recallId)).toMatchObject({
      state: 'failed',
      resolution_transaction_id: null,
    });
    expect((await shown(recallId))['steps']).toMatchObject([
      { action: 'ask' },
      { action: 'accept' },
      { action: 'fail', text: expect.stringMatching(/\w/) },
    ]);
    expect(await everything()).toEqual(before);
    expect(
      await call('platform_a', '/api/disputes', {
        transaction_id: id,
        reason_code: 'other',
        description: 'x',
      }),
    ).toMatchObject({ status: 200, body: { state: 'opened' } });
  });

  it('a lost answer is asked for, and nothing is taken twice', async () => {
    const before = await everything();
    const id = await sent('platform_a', 'platform_x', 40);
    const recallId = await asked('platform_a', id);
    await network.sandboxes.platform_x.setFaults({ reset_after_apply: 1 });
    await call('platform_x', `/api/recalls/${recallId}/accept`, {});
    await expect
      .poll(
        async () =>
          (await network.api.operate(operator, 'GET', '/operator/transfers?which=open')).body,
        { timeout: patience(15_000) },
      )
      .toMatchObject({ transfers: [{ purpose: 'recall', state: 'deducting' }] });
    await network.sandboxes.platform_x.setFaults({});
    expect(await over(recallId)).toMatchObject({ state: 'taken' });
    expect(await everything()).toEqual(before);
  });

  it('what the ledger cannot carry out after the deduct goes back at the platform', async () => {
    const before = await everything();
    const id = await sent('platform_a', 'platform_x', 40);
    const recallId = await asked('platform_a', id);
    await network.sandboxes.platform_x.setFaults({ down: true });
    await call('platform_x', `/api/recalls/${recallId}/accept`, {});
    const { ledger } = network.api.parts;
    const moved = await findMoved(ledger, parseId('txn', id) as TransactionId);
    if (moved === undefined) throw new Error('nothing moved');
    // As a dispute that was upheld in the same moment.
    const reversed = await ledger.submit({
      kind: 'reverse',
      agreed: true,
      platformId: 'platform_a' as PlatformId,
      memberId: moved.memberId,
      key: 'meanwhile',
      transactionId: moved.transactionId,
      reason: 'x',
    });
    if (!reversed.ok) throw new Error(reversed.problem.detail);
    await network.sandboxes.platform_x.setFaults({});
    expect(await over(recallId)).toMatchObject({ state: 'failed' });
    expect((await shown(recallId))['steps']).toContainEqual(
      expect.objectContaining({ action: 'fail', text: 'Nothing was left to take' }),
    );
    await network.api.parts.sagas.waitFor(reversed.transaction.transactionId, patience(20_000));
    expect(await everything()).toEqual(before);
  });
});

describe('at a connected source', () => {
  it("a hosted target's member gives back what is unspent for a while, as a whole", async () => {
    const before = await everything();
    const id = await sent('platform_x', 'platform_a', 100);
    expect(
      (
        await call('platform_x', '/api/points/reverse', {
          transaction_id: id,
          amount: 10,
          reason: 'x',
        })
      ).body,
    ).toMatchObject({ code: 'whole_reversal_only' });
    expect(
      await call('platform_x', '/api/points/reverse', { transaction_id: id, reason: 'x' }),
    ).toMatchObject({ status: 200 });
    await expect.poll(everything, { timeout: patience(20_000) }).toEqual(before);
  });

  it('a recall that a hosted target accepts is undone at the source', async () => {
    const before = await everything();
    const id = await sent('platform_x', 'platform_a', 100);
    await network.api.amend((document) => ({
      ...document,
      settings: { ...document.settings, recall_seconds: 0 },
    }));
    expect(
      await call('platform_x', '/api/points/reverse', { transaction_id: id, reason: 'x' }),
    ).toMatchObject({ status: 409, body: { code: 'transfer_final' } });
    const recallId = await asked('platform_x', id);
    expect(await call('platform_a', `/api/recalls/${recallId}/accept`, {})).toMatchObject({
      status: 200,
      body: { state: 'taken' },
    });
    await expect.poll(everything, { timeout: patience(20_000) }).toEqual(before);
  });
});
