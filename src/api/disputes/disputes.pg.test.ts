// Tests disputes over HTTP: two platforms and an operator from the claim to the decision, and who
// may see and do what.

import { hash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestApi, type Answer, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { audit } from '../../monitor/monitor.ts';

const [A, B, C] = ['platform_a', 'platform_b', 'platform_c'] as const;

let database: TestDatabase;
let api: TestApi;
let olga: string;
let otto: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  [olga, otto] = [await api.operator('olga'), await api.operator('otto')];
});
afterAll(async () => {
  expect((await audit(database.pool)).checks.filter(({ ok }) => !ok)).toEqual([]);
  await api?.close();
  await database?.drop();
});

async function moved(): Promise<{ id: string; giver: string; receiver: string }> {
  const [giver, receiver] = [await api.user(A, 100), await api.user(B)];
  const { body } = await api.call(A, 'POST', '/api/points/transfer', {
    from_user_id: giver,
    to_user_id: receiver,
    amount: 100,
    target_platform: B,
  });
  return { giver, receiver, id: String(body['transaction_id']) };
}
const open = (platform: string, fields: object, key: string = randomUUID()): Promise<Answer> =>
  api.call(
    platform,
    'POST',
    '/api/disputes',
    { reason_code: 'not_received', description: 'Nothing came', ...fields },
    { headers: { 'idempotency-key': key } },
  );
const get = (platform: string, id: string, path = ''): Promise<Answer> =>
  api.call(platform, 'GET', `/api/disputes/${id}${path}`);
const post = (platform: string, id: string, what: string, body: object): Promise<Answer> =>
  api.call(platform, 'POST', `/api/disputes/${id}/${what}`, body);
const idsOf = (answer: Answer): string[] =>
  (answer.body['disputes'] as unknown as { dispute_id: string }[]).map(
    ({ dispute_id }) => dispute_id,
  );

it('from opening to decision: both sides are heard, the operator decides, points go back', async () => {
  const { id: transactionId, giver, receiver } = await moved();
  const key = randomUUID();
  const opened = await open(A, { transaction_id: transactionId, opened_by: 'member' }, key);
  expect(opened).toMatchObject({
    status: 200,
    body: {
      dispute_id: expect.stringMatching(/^dsp_[0-9a-f]{32}$/),
      transaction_id: transactionId,
      state: 'opened',
      reason_code: 'not_received',
      reason_zh: '积分未到账',
      opened_by: 'member',
      claimant_platform: A,
      respondent_platform: B,
      amount: 100,
      credited_amount: 83.33,
      frozen_amount: 83.33,
      outcome: null,
      resolution: null,
      overdue: false,
    },
  });
  const id = String(opened.body['dispute_id']);
  expect(await open(A, { transaction_id: transactionId, opened_by: 'member' }, key)).toMatchObject({
    body: opened.body,
    headers: { 'idempotency-replayed': 'true' },
  });
  expect((await api.call(B, 'GET', `/api/points/balance?user_id=${receiver}`)).body).toMatchObject({
    balance: 83.33,
    available: 0,
    held: 83.33,
  });

  const note = 'First line\nsecond: 收据\n';
  expect(await post(B, id, 'evidence', { name: 'log.txt', text: note })).toMatchObject({
    status: 200,
    body: { evidence: 1, media_type: 'text/plain', sha256: hash('sha256', note), platform_id: B },
  });
  expect(await post(B, id, 'evidence', { name: 'log.txt', text: note })).toMatchObject({
    status: 200,
    body: { evidence: 1 },
  });
  const png = Buffer.from([0x89, 0x50, 0, 255, 13, 10]);
  expect(
    await post(A, id, 'evidence', {
      name: 'screen.png',
      media_type: 'image/png',
      content: png.toString('base64'),
    }),
  ).toMatchObject({ status: 200, body: { evidence: 2, bytes: 6 } });
  expect(
    await post(B, id, 'respond', { answer: 'contest', description: 'It was credited' }),
  ).toMatchObject({ status: 200, body: { state: 'contested' } });
  expect(
    await post(A, id, 'respond', { answer: 'rebut', description: 'Not to her' }),
  ).toMatchObject({ status: 200, body: { state: 'under_review', due_at: expect.any(String) } });

  const file = await api.server.inject({
    method: 'GET',
    url: `/api/disputes/${id}/evidence/2`,
    headers: api.sign(B, 'GET', `/api/disputes/${id}/evidence/2`),
  });
  expect(file.rawPayload).toEqual(png);
  expect(file.headers).toMatchObject({
    'content-type': 'image/png',
    'content-disposition': 'attachment; filename="screen.png"',
    'x-content-type-options': 'nosniff',
    'content-digest': `sha-256=:${hash('sha256', png, 'base64')}:`,
  });

  const asOperator = await api.operate(olga, 'GET', `/operator/disputes/${id}`);
  expect(asOperator).toMatchObject({
    status: 200,
    body: {
      state: 'under_review',
      opener_id: A,
      hold_id: expect.stringMatching(/^hold_/),
      evidence: [{ name: 'log.txt' }, { name: 'screen.png' }],
    },
  });
  expect((await api.operate(olga, 'GET', `/operator/disputes/${id}/evidence/1`)).body).toEqual({
    text: note,
  });
  expect(
    await api.operate(olga, 'POST', `/operator/disputes/${id}/decide`, {
      outcome: 'upheld',
      reason: 'The log shows another user',
    }),
  ).toMatchObject({
    status: 200,
    body: {
      state: 'upheld',
      outcome: 'upheld',
      resolution: { kind: 'reversal', amount: 100 },
      resolution_transaction_id: expect.stringMatching(/^txn_/),
    },
  });
  expect([await api.balance(A, giver), await api.balance(B, receiver)]).toEqual([100, 0]);

  for (const platform of [A, B]) {
    const seen = await get(platform, id);
    expect(
      (seen.body['steps'] as unknown as { action: string; by: string }[]).map(
        ({ action, by }) => `${by}: ${action}`,
      ),
    ).toEqual([
      'member: open',
      'ledger: freeze',
      'platform: evidence',
      'platform: evidence',
      'platform: contest',
      'platform: rebut',
      'operator: uphold',
      'ledger: settleUpheld',
    ]);
    const text = JSON.stringify(seen.body);
    for (const secret of [
      giver,
      receiver,
      'olga',
      asOperator.body['source_member_id'],
      asOperator.body['target_member_id'],
    ])
      expect(text).not.toContain(secret);
    const events = (await api.call(platform, 'GET', '/api/events?limit=1000')).body[
      'events'
    ] as unknown as { type: string; data: { dispute_id?: string } }[];
    expect(events.filter(({ data }) => data.dispute_id === id).map(({ type }) => type)).toEqual([
      'dispute.opened',
      'dispute.responded',
      'dispute.responded',
      'dispute.decided',
      'dispute.resolved',
    ]);
  }
  expect(await post(A, id, 'evidence', { name: 'late.txt', text: 'late' })).toMatchObject({
    status: 409,
    body: { code: 'wrong_dispute_state' },
  });
});

it('a platform that has no part in it sees nothing and can do nothing', async () => {
  const { id: transactionId } = await moved();
  const id = String((await open(A, { transaction_id: transactionId })).body['dispute_id']);
  await post(A, id, 'evidence', { name: 'a.txt', text: 'x' });
  for (const answer of [
    await get(C, id),
    await get(C, id, '/evidence/1'),
    await post(C, id, 'respond', { answer: 'accept', description: 'x' }),
    await post(C, id, 'withdraw', { description: 'x' }),
    await post(C, id, 'evidence', { name: 'a.txt', text: 'x' }),
  ])
    expect(answer).toMatchObject({ status: 404, body: { code: 'dispute_not_found' } });
  expect(await open(C, { transaction_id: transactionId })).toMatchObject({
    status: 404,
    body: { code: 'transaction_not_found' },
  });
  expect(JSON.stringify((await api.call(C, 'GET', '/api/disputes')).body)).not.toContain(id);
});

it('sides keep to their part, and a repeated request changes nothing', async () => {
  const { id: transactionId } = await moved();
  const id = String(
    (await open(B, { transaction_id: transactionId, reason_code: 'fraud', amount: '40' })).body[
      'dispute_id'
    ],
  );
  expect(await get(B, id)).toMatchObject({
    body: { claimant_side: 'target', claimant_platform: B, respondent_platform: A, amount: 40 },
  });
  expect(await post(B, id, 'respond', { answer: 'accept', description: 'x' })).toMatchObject({
    status: 403,
    body: { code: 'not_your_side' },
  });
  expect(await post(A, id, 'withdraw', { description: 'x' })).toMatchObject({
    status: 403,
    body: { code: 'not_your_side' },
  });
  expect(await open(A, { transaction_id: transactionId, side: 'target' })).toMatchObject({
    status: 403,
    body: { code: 'not_your_side' },
  });
  expect(await post(B, id, 'withdraw', { description: 'found' })).toMatchObject({
    status: 200,
    body: { state: 'withdrawn' },
  });
  expect(await post(B, id, 'withdraw', { description: 'found' })).toMatchObject({
    status: 409,
    body: { code: 'wrong_dispute_state', state: 'withdrawn' },
  });
});

it('lists by state, transaction, platform and due date', async () => {
  const { id: transactionId } = await moved();
  const id = String((await open(A, { transaction_id: transactionId })).body['dispute_id']);
  for (const platform of [A, B]) {
    expect(
      idsOf(await api.call(platform, 'GET', `/api/disputes?transaction_id=${transactionId}`)),
    ).toEqual([id]);
    expect(idsOf(await api.call(platform, 'GET', '/api/disputes?state=opened'))).toContain(id);
    expect(
      idsOf(await api.call(platform, 'GET', '/api/disputes?state=under_review')),
    ).not.toContain(id);
  }
  expect(
    idsOf(
      await api.operate(
        olga,
        'GET',
        `/operator/disputes?platform_id=${B}&transaction_id=${transactionId}&limit=1`,
      ),
    ),
  ).toEqual([id]);
  expect(idsOf(await api.operate(olga, 'GET', `/operator/disputes?platform_id=${C}`))).toEqual([]);
  expect(idsOf(await api.operate(olga, 'GET', '/operator/disputes?overdue=true'))).toEqual([]);
  api.clock.advance(7 * 86_400_000);
  expect(idsOf(await api.operate(olga, 'GET', '/operator/disputes?overdue=true'))).toContain(id);
  await api.parts.disputes.follow();
  expect(await get(A, id)).toMatchObject({
    body: {
      state: 'upheld',
      steps: expect.arrayContaining([
        expect.objectContaining({ by: 'clock', action: 'respondentSilent' }),
      ]),
    },
  });
});

it('an operator opens for a side and adds what the network knows; another one decides', async () => {
  const { id: transactionId, giver } = await moved();
  const opening = {
    idempotency_key: randomUUID(),
    transaction_id: transactionId,
    side: 'source',
    reason_code: 'duplicate',
    description: 'Found by reconciliation',
  };
  const opened = await api.operate(olga, 'POST', '/operator/disputes', opening);
  expect(opened).toMatchObject({
    status: 200,
    body: { opened_by: 'operator', opener_id: 'olga', claimant_platform: A },
  });
  const id = String(opened.body['dispute_id']);
  expect((await api.operate(olga, 'POST', '/operator/disputes', opening)).body['dispute_id']).toBe(
    id,
  );
  expect(
    await api.operate(olga, 'POST', `/operator/disputes/${id}/evidence`, {
      name: 'break.txt',
      text: 'posted twice',
    }),
  ).toMatchObject({ status: 200, body: { by: 'operator' } });
  await post(B, id, 'respond', { answer: 'contest', description: 'x' });
  await post(A, id, 'respond', { answer: 'rebut', description: 'x' });
  expect(
    await api.operate(olga, 'POST', `/operator/disputes/${id}/decide`, {
      outcome: 'upheld',
      reason: 'x',
    }),
  ).toMatchObject({ status: 409, body: { code: 'same_operator_opened' } });
  expect(
    await api.operate(otto, 'POST', `/operator/disputes/${id}/decide`, {
      outcome: 'upheld',
      reason: 'x',
      amount: 100.01,
    }),
  ).toMatchObject({ status: 409, body: { code: 'dispute_exceeds_rest' } });
  expect(
    await api.operate(otto, 'POST', `/operator/disputes/${id}/decide`, {
      outcome: 'upheld',
      reason: 'x',
      resolution: 'adjustment',
      amount: 60,
      borne_by: 'source',
    }),
  ).toMatchObject({
    status: 200,
    body: { state: 'upheld', resolution: { kind: 'adjustment', amount: 60, borne_by: 'source' } },
  });
  expect(await api.balance(A, giver)).toBe(60);
});

it.each([
  [{ name: 'a.txt' }, 'evidence_not_base64'],
  [{ name: 'a.txt', text: 'x', content: 'eA==' }, 'evidence_not_base64'],
  [{ name: 'a.txt', content: 'eA' }, 'evidence_not_base64'],
  [{ name: 'a.txt', text: '' }, 'evidence_not_base64'],
  [{ name: '../a', text: 'x' }, 'invalid_field'],
  [{ name: 'a"b.txt', text: 'x' }, 'invalid_field'],
  [{ name: 'a.exe', media_type: 'text/html', content: 'eA==' }, 'invalid_field'],
  [{ name: 'a.txt', text: '收'.repeat(100_000) }, 'evidence_not_base64'],
  [
    { name: 'a.pdf', content: Buffer.alloc(256 * 1024 + 1).toString('base64') },
    'evidence_not_base64',
  ],
])('evidence %# is refused as %s', async (body, code) => {
  const { id: transactionId } = await moved();
  const id = String(
    (await open(A, { transaction_id: transactionId, amount: 1 })).body['dispute_id'],
  );
  expect(await post(A, id, 'evidence', body)).toMatchObject({ status: 400, body: { code } });
});

it('the largest piece of evidence comes back as it was', async () => {
  const { id: transactionId } = await moved();
  const id = String(
    (await open(A, { transaction_id: transactionId, amount: 1 })).body['dispute_id'],
  );
  const content = Buffer.alloc(256 * 1024, 7);
  expect(
    await post(A, id, 'evidence', { name: 'big.pdf', content: content.toString('base64') }),
  ).toMatchObject({ status: 200, body: { bytes: content.length } });
  const path = `/api/disputes/${id}/evidence/1`;
  expect(
    (
      await api.server.inject({ method: 'GET', url: path, headers: api.sign(B, 'GET', path) })
    ).rawPayload.equals(content),
  ).toBe(true);
});
