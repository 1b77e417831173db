// What operators do about transfers that cannot go on, with real platforms that are down, lose
// answers or stay unknown.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../fixtures/api.ts';
import { createConnectedNetwork, type ConnectedNetwork } from '../fixtures/connected.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { formatId, parseId, type PlatformId, type TransactionId } from '../../src/kernel/ids.ts';
import { expectSound } from '../fixtures/journal.ts';
import { patience } from '../fixtures/patience.ts';

let database: TestDatabase;
let network: ConnectedNetwork;
let olga: string;
let otto: string;

beforeAll(async () => {
  database = await createTestDatabase();
  // Every first attempt that comes to nothing is past it.
  network = await createConnectedNetwork(database, 2, { sagaDeadlineMs: 1 });
  network.work();
  olga = await network.api.operator('olga');
  otto = await network.api.operator('otto');
});
afterAll(async () => {
  await network?.close();
  await database?.drop();
});

const operate = (method: string, url: string, body?: object): Promise<Answer> =>
  network.api.operate(olga, method, `/operator/transfers${url}`, body);
const decide = (id: string, action: string, reason = 'seen'): Promise<Answer> =>
  operate('POST', `/${id}/${action}`, { reason });
const force = (id: string, action: string, reason: string): Promise<Answer> =>
  network.api.operateByTwo([olga, otto], 'POST', `/operator/transfers/${id}/${action}`, { reason });
const show = async (id: string): Promise<Record<string, unknown>> =>
  (await operate('GET', `/${id}`)).body;
const idOf = ({ body }: Answer): string => String(body['transaction_id']);
const sagaIdOf = (id: string): TransactionId => parseId('txn', id) as TransactionId;
const attentionEvents = async (): Promise<unknown[]> =>
  (
    (await network.api.operate(olga, 'GET', '/operator/events?limit=1000')).body[
      'events'
    ] as unknown as { type: string }[]
  ).filter(({ type }) => type === 'transfer.attention');
const clearingCenter = async (): Promise<{ status: string; message: string }> =>
  (await network.api.server.inject('/health')).json().checks.clearing_center;
const metric = async (line: string): Promise<number> =>
  Number(new RegExp(`^${line} (\\S+)$`, 'm').exec(await network.api.parts.metrics.render())?.[1]);

/** Until a transfer is on the list. */
async function listed(id: string): Promise<Record<string, unknown>> {
  await expect
    .poll(async () => (await show(id))['attention'], { timeout: patience(15_000) })
    .not.toBeNull();
  return show(id);
}

/** Reverses a transfer as a dispute does that was upheld. */
async function undo(id: string): Promise<string> {
  const { ledger } = network.api.parts;
  const [leg] = await ledger.findTransaction(sagaIdOf(id));
  if (leg === undefined) throw new Error('no such transfer');
  const outcome = await ledger.submit({
    kind: 'reverse',
    agreed: true,
    platformId: 'platform_a' as PlatformId,
    memberId: leg.memberId,
    key: `undo ${id}`,
    transactionId: leg.transactionId,
    reason: 'wrong user',
  });
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return formatId('txn', outcome.transaction.transactionId);
}

async function ended(id: string): Promise<unknown> {
  return network.api.parts.sagas.waitFor(sagaIdOf(id), patience(15_000));
}

/** Points of all users of the test on all platforms. */
async function everything(): Promise<number[]> {
  const points: number[] = [];
  for (const user of network.users)
    for (const platform of ['platform_a', 'platform_x', 'platform_y'])
      points.push(await network.pointsOf(platform, user));
  return points;
}

describe('a platform that is down past the deadline', () => {
  it('puts the transfer on the list and tells of it once; a retry after it is back completes it', async () => {
    const [user = '', other = ''] = network.users;
    const before = [
      await network.pointsOf('platform_a', user),
      await network.pointsOf('platform_x', other),
    ];
    await network.sandboxes.platform_x.setFaults({ down: true });
    const id = idOf(await network.transfer('platform_a', 'platform_x', user, other, 80));
    expect(await listed(id)).toMatchObject({
      transaction_id: id,
      platform_transaction_id: id,
      purpose: 'transfer',
      state: 'looking_up_target',
      step: { call: 'look_up', platform_id: 'platform_x' },
      source_platform: 'platform_a',
      target_platform: 'platform_x',
      amount: 80,
      credited_amount: 100,
      attempts: 1,
      next_attempt_at: expect.stringMatching(/Z$/),
      attention: expect.stringContaining('not done by its deadline'),
      last_error: expect.stringContaining('platform_x'),
      ordered: null,
      actions: ['retry', 'undo', 'force_completed', 'force_failed'],
      decisions: [],
    });
    expect((await operate('GET', '')).body['transfers']).toMatchObject([{ transaction_id: id }]);
    expect((await operate('GET', '?which=open&limit=1')).body['transfers']).toMatchObject([
      { transaction_id: id },
    ]);
    await expect
      .poll(clearingCenter)
      .toEqual({ status: 'degraded', message: 'Transfers that wait for an operator: 1' });
    expect([
      await metric('pontis_sagas_open'),
      await metric('pontis_sagas_attention'),
      await metric('pontis_sagas_overdue'),
    ]).toEqual([1, 1, 1]);
    expect(await metric('pontis_saga_oldest_open_seconds')).toBeGreaterThan(0);
    expect(
      await metric(
        'pontis_saga_calls_total\\{platform_id="platform_x",call="look_up",word="unknown"\\}',
      ),
    ).toBeGreaterThan(0);

    // Still down: it stays on the list, and nobody is told twice.
    expect((await decide(id, 'retry', 'they say it is back')).status).toBe(200);
    await expect
      .poll(async () => (await show(id))['attempts'], { timeout: patience(15_000) })
      .toBe(2);
    expect(await attentionEvents()).toMatchObject([
      {
        platform_id: null,
        data: { transaction_id: id, state: 'looking_up_target', target_platform: 'platform_x' },
      },
    ]);

    await network.sandboxes.platform_x.setFaults({});
    const decided = await decide(id, 'retry', 'now it is');
    expect(decided).toMatchObject({
      status: 200,
      body: {
        transaction_id: id,
        decisions: [
          {
            action: 'retry',
            operator_id: 'olga',
            reason: 'they say it is back',
            state: 'looking_up_target',
            decided_at: expect.stringMatching(/Z$/),
          },
          { action: 'retry', operator_id: 'olga', reason: 'now it is', state: 'looking_up_target' },
        ],
      },
    });
    expect(await ended(id)).toEqual({ status: 'completed' });
    expect(await show(id)).toMatchObject({
      state: 'completed',
      step: null,
      next_attempt_at: null,
      attention: null,
      actions: [],
    });
    expect((await operate('GET', '?which=open')).body['transfers']).toEqual([]);
    expect([
      await network.pointsOf('platform_a', user),
      await network.pointsOf('platform_x', other),
    ]).toEqual([before[0]! - 80, before[1]! + 100]);
    await expect.poll(clearingCenter).toMatchObject({ status: 'healthy' });
    expect(
      await metric('pontis_saga_seconds_count\\{purpose="transfer",outcome="completed"\\}'),
    ).toBe(1);
    expect((await decide(id, 'retry')).body).toMatchObject({ code: 'saga_ended' });
    await expectSound(database.pool);
  });
});

describe('an answer that was lost after the platform had done its part', () => {
  it('undo takes it back at both platforms, and everybody is told why', async () => {
    const [user = '', other = ''] = network.users;
    const before = await everything();
    await network.sandboxes.platform_y.setFaults({ reset_after_apply: 1 });
    const key = { 'idempotency-key': 'to-be-undone' };
    const id = idOf(await network.transfer('platform_x', 'platform_y', user, other, 110, key));
    await listed(id);
    await network.sandboxes.platform_y.setFaults({});
    expect(await everything()).not.toEqual(before);
    expect((await decide(id, 'undo', 'the member asked for it')).status).toBe(200);
    expect(await ended(id)).toEqual({ status: 'failed', reason: 'Undone by an operator' });
    expect(await everything()).toEqual(before);
    expect(await show(id)).toMatchObject({
      state: 'failed',
      refusal: 'Undone by an operator',
      decisions: [{ action: 'undo', state: 'adding', reason: 'the member asked for it' }],
    });
    expect(
      (await network.api.call('platform_x', 'GET', `/api/transactions/${id}`)).body,
    ).toMatchObject({ status: 'failed', reason: 'Undone by an operator' });
    expect(
      (await network.transfer('platform_x', 'platform_y', user, other, 110, key)).body,
    ).toMatchObject({
      success: false,
      status: 'failed',
      message: 'Transfer failed: Undone by an operator',
    });
    await expectSound(database.pool);
  });

  it('force_completed posts it without asking anybody again', async () => {
    const [user = '', other = ''] = network.users;
    const before = [
      await network.pointsOf('platform_x', user),
      await network.pointsOf('platform_y', other),
    ];
    await network.sandboxes.platform_y.setFaults({ reset_after_apply: 1 });
    const id = idOf(await network.transfer('platform_x', 'platform_y', user, other, 110));
    await listed(id);
    await network.sandboxes.platform_y.setFaults({ down: true });
    expect((await force(id, 'force_completed', 'seen in their books')).status).toBe(200);
    expect(await ended(id)).toEqual({ status: 'completed' });
    await network.sandboxes.platform_y.setFaults({});
    expect([
      await network.pointsOf('platform_x', user),
      await network.pointsOf('platform_y', other),
    ]).toEqual([before[0]! - 110, before[1]! + 80]);
    expect(await show(id)).toMatchObject({
      decisions: [{ action: 'force_completed', operator_id: 'olga' }],
    });
    await expectSound(database.pool);
  });
});

describe('a platform that has done nothing and will not come back', () => {
  it('force_failed gives the points back', async () => {
    const [user = '', other = ''] = network.users;
    const before = await everything();
    await network.sandboxes.platform_x.setFaults({ down: true });
    const id = idOf(await network.transfer('platform_a', 'platform_x', user, other, 30));
    await listed(id);
    expect(
      (await network.api.call('platform_a', 'GET', `/api/points/balance?user_id=${user}`)).body,
    ).toMatchObject({ held: 30 });
    expect((await force(id, 'force_failed', 'their books were looked at')).status).toBe(200);
    expect(await ended(id)).toEqual({ status: 'failed', reason: 'Ended by an operator' });
    await network.sandboxes.platform_x.setFaults({});
    expect(await everything()).toEqual(before);
    await expectSound(database.pool);
  });
});

describe('a reversal', () => {
  it('is not undone, and can be told to be done', async () => {
    const [user = '', other = ''] = network.users;
    const before = await network.pointsOf('platform_a', user);
    const id = idOf(
      await network.transfer('platform_a', 'platform_x', user, other, 8, { prefer: 'wait=20' }),
    );
    await network.sandboxes.platform_x.setFaults({ reset_after_apply: 1 });
    const reversal = await undo(id);
    expect(await listed(reversal)).toMatchObject({
      purpose: 'reversal',
      state: 'undoing_add',
      platform_transaction_id: id,
      step: { call: 'reverse', platform_id: 'platform_x' },
      actions: ['retry', 'force_completed'],
    });
    expect((await decide(reversal, 'undo')).body).toMatchObject({
      code: 'saga_action_not_possible',
    });
    expect((await force(reversal, 'force_completed', 'seen in their books')).status).toBe(200);
    expect(await ended(reversal)).toEqual({ status: 'completed' });
    await network.sandboxes.platform_x.setFaults({});
    expect(await network.pointsOf('platform_a', user)).toBe(before);
    await expectSound(database.pool);
  });
});

describe('a platform that refuses to undo', () => {
  it('is asked once and then left alone, until an operator has it asked again', async () => {
    const [user = '', other = ''] = network.users;
    const before = await everything();
    const told = (await attentionEvents()).length;
    const id = idOf(
      await network.transfer('platform_a', 'platform_x', user, other, 8, { prefer: 'wait=20' }),
    );
    let asked = 0;
    const stubborn = createServer((request, response) => {
      if (request.url === '/api/internal/reverse') asked += 1;
      response
        .writeHead(409, { 'content-type': 'application/json' })
        .end('{"error":"Account closed"}');
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => stubborn.on('listening', listening));
    const token = 'token-of-platform_x';
    try {
      await network.api.parts.connections.set(
        {
          platformId: 'platform_x',
          url: `http://127.0.0.1:${(stubborn.address() as AddressInfo).port}`,
          token,
        },
        'test',
      );
      const reversal = await undo(id);
      expect(await listed(reversal)).toMatchObject({
        state: 'undoing_add',
        attention: 'the platform refuses to undo: Account closed',
        next_attempt_at: null,
      });
      expect([asked, (await attentionEvents()).length]).toEqual([1, told + 1]);
      await network.api.parts.connections.set(
        { platformId: 'platform_x', url: network.sandboxes.platform_x.target.url, token },
        'test',
      );
      await decide(reversal, 'retry', 'the account is open again');
      expect(await ended(reversal)).toEqual({ status: 'completed' });
    } finally {
      stubborn.close();
      stubborn.closeAllConnections();
    }
    expect(await everything()).toEqual(before);
    expect(
      await metric(
        'pontis_saga_calls_total\\{platform_id="platform_x",call="reverse",word="no"\\}',
      ),
    ).toBe(1);
    await expectSound(database.pool);
  });
});

describe('a platform that says yes to another amount or user than it was asked for', () => {
  it.each([{ amount: 1 }, { user_id: 'somebody else' }])(
    'is on the list with nothing more tried: %j',
    async (other) => {
      const [user = ''] = network.users;
      const token = 'token-of-platform_x';
      const liar = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('end', () => {
            const step = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Record<
              string,
              unknown
            >;
            const body =
              request.method === 'GET'
                ? { user_id: decodeURIComponent(request.url?.split('/').at(-1) ?? ''), balance: 1 }
                : { success: true, ...step, ...other };
            response
              .writeHead(200, { 'content-type': 'application/json' })
              .end(JSON.stringify(body));
          });
      }).listen(0, '127.0.0.1');
      await new Promise((listening) => liar.on('listening', listening));
      try {
        await network.api.parts.connections.set(
          {
            platformId: 'platform_x',
            url: `http://127.0.0.1:${(liar.address() as AddressInfo).port}`,
            token,
          },
          'test',
        );
        const id = idOf(await network.transfer('platform_a', 'platform_x', user, user, 8));
        expect(await listed(id)).toMatchObject({
          state: 'adding',
          attention: 'the platform confirms its add, but for another user or amount',
          next_attempt_at: null,
        });
        await network.api.parts.connections.set(
          { platformId: 'platform_x', url: network.sandboxes.platform_x.target.url, token },
          'test',
        );
        await decide(id, 'retry', 'they have corrected it');
        expect(await ended(id)).toEqual({ status: 'completed' });
      } finally {
        liar.close();
        liar.closeAllConnections();
        await network.api.parts.connections.set(
          { platformId: 'platform_x', url: network.sandboxes.platform_x.target.url, token },
          'test',
        );
      }
      await expectSound(database.pool);
    },
  );
});

describe('a worker that was held up', () => {
  it('cannot post a transfer that is being undone', async () => {
    const [user = '', other = ''] = network.users;
    const before = await everything();
    await network.sandboxes.platform_y.setFaults({ reset_after_apply: 1 });
    const id = idOf(await network.transfer('platform_x', 'platform_y', user, other, 11));
    await listed(id);
    const held = await network.api.parts.sagas.find(sagaIdOf(id));
    if (held === undefined) throw new Error('no saga');
    // The undo begins, and waits for the platform.
    await decide(id, 'undo');
    await expect
      .poll(async () => (await show(id))['state'], { timeout: patience(15_000) })
      .toBe('undoing_add');
    // What the worker that had heard yes comes to post only now.
    const posted = await network.api.parts.ledger.submit({
      kind: 'transfer',
      platformId: held.source,
      memberId: held.sourceMember,
      toMemberId: held.targetMember,
      targetPlatformId: held.target,
      amount: held.amount,
      authorisedId: held.sagaId,
      key: `saga ${held.sagaId} posted`,
    });
    expect(posted).toMatchObject({ ok: false, problem: { code: 'unavailable' } });
    expect(await show(id)).toMatchObject({ state: 'undoing_add' });
    await network.sandboxes.platform_y.setFaults({});
    await decide(id, 'retry');
    expect(await ended(id)).toMatchObject({ status: 'failed' });
    expect(await everything()).toEqual(before);
    await expectSound(database.pool);
  });
});
