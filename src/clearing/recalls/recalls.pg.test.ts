// A posted transfer across platforms is final: for a short while the source alone takes back what
// is unspent, then it needs consent, or a dispute decides.

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../test/fixtures/api.ts';
import {
  A,
  B,
  setUpDisputes,
  DAY_MS,
  publicId,
  decision,
  type Moved,
} from '../../../test/fixtures/disputes.ts';
import { formatId, type TransactionId } from '../../kernel/ids.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { createRecalls } from './create-recalls.ts';

const test = await setUpDisputes();
const { database, api } = test;
const { recalls } = api.parts;
const operator = await api.operator('olga');

const keyed = (key: string = randomUUID()): { headers: { 'idempotency-key': string } } => ({
  headers: { 'idempotency-key': key },
});
const alone = (id: TransactionId, amount?: number, key?: string): Promise<Answer> =>
  api.call(
    A,
    'POST',
    '/api/points/reverse',
    { transaction_id: formatId('txn', id), amount, reason: 'sent in error' },
    keyed(key),
  );
const ask = (
  id: TransactionId,
  fields: object = {},
  platform = 'platform_a',
  key?: string,
): Promise<Answer> =>
  api.call(
    platform,
    'POST',
    `/api/transactions/${formatId('txn', id)}/recall`,
    { reason: 'sent in error', ...fields },
    keyed(key),
  );
const asked = async (id: TransactionId, fields: object = {}): Promise<string> => {
  const { status, body } = await ask(id, fields);
  expect(body).toMatchObject({ state: 'asked' });
  expect(status).toBe(200);
  return String(body['recall_id']);
};
const say = (
  recallId: string,
  what: 'accept' | 'refuse' | 'withdraw',
  platform = 'platform_b',
): Promise<Answer> =>
  api.call(platform, 'POST', `/api/recalls/${recallId}/${what}`, { description: 'so be it' });
const show = async (recallId: string, platform = 'platform_a'): Promise<Record<string, unknown>> =>
  (await api.call(platform, 'GET', `/api/recalls/${recallId}`)).body;
const setting = (fields: object): Promise<void> =>
  api.amend((document) => ({ ...document, settings: { ...document.settings, ...fields } }));
/** The points of the source's member and of the target's. */
const both = async ({ giver, receiver }: Moved): Promise<unknown[]> => [
  await test.points(A, giver),
  await test.points(B, receiver),
];

describe('the source alone', () => {
  it('takes back what is unspent, in parts, and the last part gives the exact whole', async () => {
    const moved = await test.moved();
    for (const amount of [30, 30, undefined])
      expect(await alone(moved.id, amount)).toMatchObject({ status: 200 });
    expect(await both(moved)).toEqual([
      { balance: 10_000n, available: 10_000n, held: 0n, debt: 0n },
      { balance: 0n, available: 0n, held: 0n, debt: 0n },
    ]);
    expect(await alone(moved.id)).toMatchObject({
      status: 409,
      body: { code: 'already_reversed' },
    });
  });

  it('of what is spent takes nothing, whatever the clawback policy, and is told how much it can', async () => {
    const moved = await test.moved();
    await test.spend(moved.receiver, 50);
    const before = await both(moved);
    for (const amount of [undefined, 40]) {
      const refused = await alone(moved.id, amount);
      expect(refused).toMatchObject({
        status: 409,
        body: {
          code: 'recall_exceeds_unspent',
          recallable: 39.99,
          detail: expect.stringContaining('39.99'),
        },
      });
    }
    expect(await both(moved)).toEqual(before);
    expect(await alone(moved.id, 39.99)).toMatchObject({ status: 200 });
    expect(await alone(moved.id, 0.01)).toMatchObject({
      status: 409,
      body: { code: 'recall_exceeds_unspent' },
    });
    expect(await test.points(B, moved.receiver)).toMatchObject({ debt: 0n });
  });

  it('leaves alone what the receiver has set aside, and what it owes makes less available', async () => {
    const moved = await test.moved();
    await api.call(
      B,
      'POST',
      '/api/points/holds',
      { user_id: moved.receiver, amount: 83.33 },
      keyed(),
    );
    expect(await alone(moved.id, 0.01)).toMatchObject({
      status: 409,
      body: { code: 'recall_exceeds_unspent', recallable: 0 },
    });
  });

  it("has until the network's time is over, not a moment longer; the first answer is given again", async () => {
    const [moved, later] = [await test.moved(), await test.moved()];
    const key = randomUUID();
    const first = await alone(moved.id, 10, key);
    expect(first.status).toBe(200);
    api.clock.advance(905_000);
    expect(await alone(moved.id, 10, key)).toMatchObject({
      status: 200,
      body: { transaction_id: first.body['transaction_id'] },
    });
    for (const id of [moved.id, later.id]) {
      expect(await alone(id, 10)).toMatchObject({
        status: 409,
        body: { code: 'transfer_final', detail: expect.stringContaining('/recall') },
      });
    }
    api.clock.advance(61 * DAY_MS);
    expect(await alone(later.id)).toMatchObject({ status: 409, body: { code: 'transfer_final' } });
  });

  it('has the time that the rulebook sets; none at 0', async () => {
    const moved = await test.moved();
    await setting({ recall_seconds: 0 });
    expect(await alone(moved.id)).toMatchObject({ status: 409, body: { code: 'transfer_final' } });
    await setting({ recall_seconds: 7_200 });
    api.clock.advance(3_600_000);
    expect(await alone(moved.id)).toMatchObject({ status: 200 });
    await setting({ recall_seconds: 900 });
  });

  it('within one platform has all the time in the world, and takes what its policy takes', async () => {
    const moved = await test.moved('platform_a');
    await test.spend(moved.receiver, 60, 'platform_a');
    api.clock.advance(50 * DAY_MS);
    expect(await alone(moved.id)).toMatchObject({ status: 200 });
    expect(await test.points(A, moved.receiver)).toMatchObject({ debt: 6_000n });
  });

  it.each(['rejected', 'upheld', 'contested', 'open', 'withdrawn after an answer'])(
    'has no say once there was a dispute: %s',
    async (how) => {
      await setting({ recall_seconds: 86_400 });
      const moved = await test.moved();
      // Less than all, so that something is left to be recalled.
      const dispute =
        how === 'open'
          ? await test.opened(moved.id, { amount: 5_000n })
          : await test.underReview(moved.id, { amount: 5_000n });
      if (how === 'rejected')
        await api.parts.disputes.decide(publicId(dispute), decision({ outcome: 'rejected' }));
      if (how === 'upheld')
        await api.parts.disputes.decide(publicId(dispute), decision({ amount: 1_000n }));
      if (how === 'withdrawn after an answer')
        await api.parts.disputes.withdraw(publicId(dispute), A, 'x');
      const code =
        how === 'open' || how === 'contested' ? 'transaction_disputed' : 'transfer_final';
      expect(await alone(moved.id, 10)).toMatchObject({ status: 409, body: { code } });
      await setting({ recall_seconds: 900 });
    },
  );

  it('may still when a dispute was withdrawn before anybody answered', async () => {
    const moved = await test.moved();
    const dispute = await test.opened(moved.id);
    await api.parts.disputes.withdraw(publicId(dispute), A, 'x');
    expect(await alone(moved.id)).toMatchObject({ status: 200 });
  });

  it.each(['accept', 'refuse', 'silence'] as const)(
    'has no say once the target was asked and answered: %s',
    async (how) => {
      await setting({ recall_seconds: 86_400, recall_answer_days: 1 });
      const moved = await test.moved();
      const recallId = await asked(moved.id, { amount: 50 });
      expect(await alone(moved.id, 10)).toMatchObject({
        status: 409,
        body: { code: 'recall_open' },
      });
      if (how === 'silence') {
        api.clock.advance(86_390_000);
        await setting({ recall_seconds: 86_400 });
        api.clock.advance(15_000);
        await recalls.follow();
      } else expect(await say(recallId, how)).toMatchObject({ status: 200 });
      expect(await alone(moved.id, 10)).toMatchObject({
        status: 409,
        body: { code: 'transfer_final' },
      });
      await setting({ recall_seconds: 900, recall_answer_days: 7 });
    },
  );

  it('and a dispute or a recall at the same moment give back at most what there was', async () => {
    for (let round = 0; round < 4; round += 1) {
      const moved = await test.moved();
      const [, claimed, recall] = await Promise.all([
        alone(moved.id, 40),
        test.claim(moved.id),
        ask(moved.id, { amount: 50 }),
        alone(moved.id, 30),
      ]);
      if (claimed.ok)
        await api.parts.disputes.respond(publicId(claimed.value.dispute), B, 'accept', 'x');
      if (recall.status === 200) await say(String(recall.body['recall_id']), 'accept');
      for (let again = 0; again < 2; again += 1) {
        api.clock.advance(61_000);
        await Promise.all([api.parts.disputes.follow(), recalls.follow()]);
      }
      const [giver, receiver] = [
        await test.points(A, moved.giver),
        await test.points(B, moved.receiver),
      ];
      expect(giver.balance).toBeLessThanOrEqual(10_000n);
      expect(receiver).toMatchObject({
        balance: (8_333n * (10_000n - giver.balance)) / 10_000n,
        held: 0n,
        debt: 0n,
      });
    }
  });

  it('may still when it has withdrawn its recall unanswered', async () => {
    const moved = await test.moved();
    expect(await say(await asked(moved.id), 'withdraw', 'platform_a')).toMatchObject({
      status: 200,
      body: { state: 'withdrawn' },
    });
    expect(await alone(moved.id)).toMatchObject({ status: 200 });
  });

  it('has no say once the window with the transfer is settled', async () => {
    const moved = await test.moved();
    const { rows } = await database.pool.query<{ open: number }>(
      `select window_id as open from clearing.settlement_window where state = 'open'`,
    );
    const open = rows[0]?.open;
    expect(
      await api.operate(operator, 'POST', `/operator/windows/${open}/close`, {}),
    ).toMatchObject({ status: 200 });
    await api.parts.settlement.count();
    expect(await alone(moved.id, 10)).toMatchObject({ status: 200 });
    await database.pool.query(
      `update clearing.settlement_window set state = 'settled', settled_at = now()
          where window_id = $1`,
      [open],
    );
    expect(await alone(moved.id, 10)).toMatchObject({
      status: 409,
      body: { code: 'transfer_final', detail: expect.stringContaining('settled') },
    });
    await database.pool.query(
      `update clearing.settlement_window set state = 'closed', settled_at = null
          where window_id = $1`,
      [open],
    );
  });
});

describe('a recall by consent', () => {
  it("that is accepted takes the points under the target's own policy, tells both, and freezes nothing before", async () => {
    const moved = await test.moved();
    await test.spend(moved.receiver, 50);
    api.clock.advance(20 * DAY_MS);
    const recallId = await asked(moved.id);
    expect(await test.points(B, moved.receiver)).toMatchObject({ held: 0n });
    expect(await show(recallId, 'platform_b')).toMatchObject({
      amount: 100,
      credited_amount: 83.33,
      due_at: expect.any(String),
      source_platform: A,
      target_platform: B,
    });
    const accepted = await say(recallId, 'accept');
    expect(accepted).toMatchObject({
      status: 200,
      body: {
        state: 'taken',
        due_at: null,
        resolution_transaction_id: expect.stringMatching(/^txn_/),
      },
    });
    expect(await both(moved)).toMatchObject([
      { balance: 10_000n },
      { balance: -5_000n, debt: 5_000n },
    ]);
    expect((await show(recallId))['steps']).toMatchObject([
      { action: 'ask', by: 'platform', platform_id: A, state_after: 'asked' },
      { action: 'accept', platform_id: B, state_after: 'taking' },
      { action: 'take', by: 'ledger', state_after: 'taken' },
    ]);
    const { rows } = await database.pool.query<{ type: string; platform_id: string }>(
      `select type, platform_id from feed.event where data ->> 'recall_id' = $1 order by event_id`,
      [recallId],
    );
    for (const platform of [A, B])
      expect(rows.filter((row) => row.platform_id === platform).map(({ type }) => type)).toEqual([
        'recall.asked',
        'recall.accepted',
        'recall.taken',
      ]);
    const told = JSON.stringify(rows);
    for (const secret of [moved.giver, moved.receiver]) expect(told).not.toContain(secret);
    expect(await say(recallId, 'accept')).toMatchObject({
      status: 409,
      body: { code: 'wrong_recall_state', state: 'taken' },
    });
  });

  it('that is refused, or not answered in time, leaves everything; it is not asked for again, and a dispute can decide', async () => {
    for (const how of ['refuse', 'silence'] as const) {
      const moved = await test.moved();
      const before = await both(moved);
      const recallId = await asked(moved.id, { amount: 60 });
      if (how === 'refuse')
        expect(await say(recallId, 'refuse')).toMatchObject({
          status: 200,
          body: { state: 'refused' },
        });
      else {
        api.clock.advance(7 * DAY_MS + 1_000);
        expect(await say(recallId, 'accept')).toMatchObject({
          status: 409,
          body: { code: 'recall_too_late' },
        });
        await recalls.follow();
        expect(await show(recallId)).toMatchObject({ state: 'refused' });
      }
      expect(await both(moved)).toEqual(before);
      expect(await ask(moved.id, { amount: 41 })).toMatchObject({
        status: 409,
        body: { code: 'recall_exceeds_rest', recallable: 40 },
      });
      expect(await test.opened(moved.id, { amount: 6_000n })).toMatchObject({ state: 'opened' });
    }
  });

  it('and disputes together claim at most what is there', async () => {
    const moved = await test.moved();
    const recallId = await asked(moved.id, { amount: 60 });
    expect(await test.claim(moved.id, { amount: 4_001n })).toMatchObject({
      ok: false,
      problem: { code: 'dispute_exceeds_rest', extra: { disputable: 40 } },
    });
    const dispute = await test.opened(moved.id, { amount: 1_000n });
    expect(await ask(moved.id, { amount: 31 })).toMatchObject({
      status: 409,
      body: { code: 'recall_exceeds_rest', recallable: 30 },
    });
    // An agreed recall leaves the freeze of the dispute alone.
    expect(await say(recallId, 'accept')).toMatchObject({ status: 200, body: { state: 'taken' } });
    expect(await test.points(B, moved.receiver)).toMatchObject({ held: dispute.frozen });
    await api.parts.disputes.respond(publicId(dispute), B, 'accept', 'x');
    expect(await test.points(A, moved.giver)).toMatchObject({ balance: 7_000n });
  });

  it('is asked for by the source, answered by the target, and seen by nobody else', async () => {
    await api.join('platform_z', '1.0');
    const moved = await test.moved();
    expect(await ask(moved.id, {}, 'platform_b')).toMatchObject({
      status: 403,
      body: { code: 'not_your_recall' },
    });
    expect(await ask(moved.id, {}, 'platform_z')).toMatchObject({
      status: 404,
      body: { code: 'transaction_not_found' },
    });
    const recallId = await asked(moved.id);
    expect(await say(recallId, 'accept', 'platform_a')).toMatchObject({
      status: 403,
      body: { code: 'not_your_recall' },
    });
    expect(await say(recallId, 'withdraw')).toMatchObject({
      status: 403,
      body: { code: 'not_your_recall' },
    });
    for (const what of ['accept', 'refuse', 'withdraw'] as const)
      expect(await say(recallId, what, 'platform_z')).toMatchObject({ status: 404 });
    expect((await api.call('platform_z', 'GET', `/api/recalls/${recallId}`)).status).toBe(404);
    expect((await api.call('platform_z', 'GET', '/api/recalls')).body).toEqual({ recalls: [] });
    expect(
      (await api.operate(operator, 'GET', `/operator/recalls/${recallId}`)).body,
    ).toMatchObject({ state: 'asked', problem: null, steps: [{ action: 'ask' }] });
    expect(
      (await api.operate(operator, 'GET', '/operator/recalls?state=asked')).body,
    ).toMatchObject({
      recalls: expect.arrayContaining([expect.objectContaining({ recall_id: recallId })]),
    });
    const within = await test.moved('platform_a');
    expect(await ask(within.id)).toMatchObject({ status: 409, body: { code: 'not_recallable' } });
  });

  it('is asked once for one key, accepted once, and taken once, however often and at once', async () => {
    const moved = await test.moved();
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => ask(moved.id, { amount: 40 }, 'platform_a', key)),
    );
    const ids = new Set(answers.map(({ body }) => body['recall_id']));
    expect(ids.size).toBe(1);
    expect(await ask(moved.id, { amount: 41 }, 'platform_a', key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
    const recallId = String([...ids][0]);
    const said = await Promise.all([
      say(recallId, 'accept'),
      say(recallId, 'accept'),
      say(recallId, 'refuse'),
      say(recallId, 'withdraw', 'platform_a'),
      recalls.follow(),
    ]);
    expect(said.filter((one) => typeof one === 'object' && one.status === 200)).toHaveLength(1);
    for (let round = 0; round < 2; round += 1) {
      api.clock.advance(61_000);
      await Promise.all([recalls.follow(), recalls.follow()]);
    }
    const { state } = (await show(recallId)) as { state: string };
    expect(await test.points(A, moved.giver)).toMatchObject({
      balance: state === 'taken' ? 4_000n : 0n,
    });
  });

  it('answered several times at once has one answer, and the other callers are told its state', async () => {
    const recallId = await asked((await test.moved()).id);
    const said = await Promise.all(Array.from({ length: 3 }, () => say(recallId, 'accept')));
    expect(said.map(({ status, body }) => [status, body['code']]).toSorted()).toEqual([
      [200, undefined],
      [409, 'wrong_recall_state'],
      [409, 'wrong_recall_state'],
    ]);
  });

  it('that a process accepted and died before it took: others take it, once', async () => {
    const moved = await test.moved();
    const recallId = await asked(moved.id);
    for (const after of [false, true]) {
      const dying: Ledger = {
        ...api.parts.ledger,
        submit: async (command) => {
          if (after) await api.parts.ledger.submit(command);
          throw new Error('the process died');
        },
      };
      const elsewhere = createRecalls({ ...api.parts, ledger: dying });
      if (after) await elsewhere.follow();
      else
        expect(await elsewhere.answer(recallId, B, 'accept', null)).toMatchObject({
          ok: true,
          value: { state: 'taking' },
        });
      api.clock.advance(61_000);
    }
    await recalls.follow();
    expect(await show(recallId)).toMatchObject({ state: 'taken' });
    expect(await both(moved)).toMatchObject([{ balance: 10_000n }, { balance: 0n, debt: 0n }]);
  });

  it("that the target's policy refuses has failed, and may be asked for again in a smaller part", async () => {
    const moved = await test.moved();
    await test.spend(moved.receiver, 50);
    const assetId = api.parts.ledger.pointsOf(B)?.assetId ?? 0;
    await api.parts.ledger.setClawback(assetId, 'refuse');
    const recallId = await asked(moved.id);
    expect(await say(recallId, 'accept')).toMatchObject({ status: 200, body: { state: 'failed' } });
    const part = await asked(moved.id, { amount: 30 });
    expect(await say(part, 'accept')).toMatchObject({ status: 200, body: { state: 'taken' } });
    await api.parts.ledger.setClawback(assetId, 'debt');
  });
});
