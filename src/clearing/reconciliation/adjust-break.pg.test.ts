// Differences that two operators correct in the books of the network: a connected platform credited
// less than it was paid for. The points are given back once, whatever dies or races; other
// differences are refused.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createConnectedNetwork, type ConnectedNetwork } from '../../../test/fixtures/connected.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import type { Answer } from '../../../test/fixtures/api.ts';
import { patience } from '../../../test/fixtures/patience.ts';
import { audit } from '../../monitor/monitor.ts';
import { createDisputes } from '../disputes/create-disputes.ts';

const USER = 'user-1';
type Connected = 'platform_x' | 'platform_y';

let database: TestDatabase;
let network: ConnectedNetwork;
let olga: string;
let otto: string;

beforeAll(async () => {
  database = await createTestDatabase();
  network = await createConnectedNetwork(database, 1);
  [olga, otto] = [await network.api.operator('olga'), await network.api.operator('otto')];
  network.work();
  for (const platform of ['platform_x', 'platform_y']) await run(platform);
});
afterAll(async () => {
  const report = database === undefined ? undefined : await audit(database.pool);
  await network?.close();
  await database?.drop();
  expect(report?.checks.filter(({ ok }) => !ok)).toEqual([]);
});

async function run(platform: string): Promise<{ readonly state: string; readonly breaks: object }> {
  // The statement is read long after the step.
  await database.pool.query(`update clearing.saga set changed_at = changed_at - interval '1 hour'`);
  const runs = await network.api.parts.reconciliation.reconcile({
    platformId: platform,
    mode: 'full',
    operatorId: null,
  });
  const [one] = runs.ok ? runs.value : [];
  if (one === undefined) throw new Error('there was no run');
  return { state: one.state, breaks: one.breaks };
}

async function moved(target: string, source = 'platform_a', amount = 100): Promise<string> {
  const answer = await network.transfer(source, target, USER, USER, amount, { prefer: 'wait=30' });
  expect(answer).toMatchObject({ status: 200, body: { status: 'completed' } });
  return String(answer.body['transaction_id']);
}

/** Changes the platform's record of a transaction's effect, in hundredths, also in its backup. */
function restate(platform: Connected, id: string, change: (was: bigint) => bigint): void {
  const books = new DatabaseSync(join(network.dataOf(platform), 'sandbox.sqlite'), {
    readBigInts: true,
  });
  books.exec('pragma busy_timeout = 5000');
  const row = books
    .prepare('select user_id, moved_hundredths as was from operation where transaction_id = ?')
    .get(id) as { user_id: string; was: bigint };
  const now = change(row.was);
  books.prepare('update operation set moved_hundredths = ? where transaction_id = ?').run(now, id);
  books
    .prepare('update user set balance_hundredths = balance_hundredths + ? where user_id = ?')
    .run(now - row.was, row.user_id);
  books.close();
}

async function breakOf(id: string): Promise<Record<string, unknown>> {
  const { rows } = await database.pool.query<{ break_id: string }>(
    'select break_id from clearing.break where subject = $1',
    [id],
  );
  return (
    await network.api.operate(olga, 'GET', `/operator/breaks/${rows[0]?.break_id ?? randomUUID()}`)
  ).body;
}

/** A transfer of which the platform has lost a part, and its break. */
async function lost(
  change: (was: bigint) => bigint,
  target: Connected = 'platform_x',
  source = 'platform_a',
): Promise<[id: string, breakId: string]> {
  const id = await moved(target, source);
  restate(target, id, change);
  expect(await run(target)).toMatchObject({ state: 'complete' });
  return [id, String((await breakOf(id))['break_id'])];
}

const ask = (breakId: string): Promise<Answer> =>
  network.api.operate(olga, 'POST', `/operator/breaks/${breakId}/adjust`, {
    reason: 'their backup lost it',
  });
const approve = ({ body }: Answer, token = otto): Promise<Answer> =>
  network.api.operate(
    token,
    'POST',
    `/operator/requests/${String(body['request_id'])}/approve`,
    {},
  );
const points = (): Promise<number> => network.pointsOf('platform_a', USER);

async function positions(): Promise<Record<string, bigint>> {
  const { rows } = await database.pool.query<{ platform: string; sum: bigint }>(
    `select p.platform_id as platform, sum(credits_posted - debits_posted)::bigint as sum
       from ledger.account a join identity.platform p using (owner_id) where purpose = 'position'
         group by 1`,
  );
  return Object.fromEntries(rows.map(({ platform, sum }) => [platform, sum]));
}

async function adjustments(id: string): Promise<number> {
  const { rowCount } = await database.pool.query(
    `select from ledger.transaction t join clearing.dispute d on d.resolution_id = t.transaction_id
      where t.kind = 'adjust' and d.transaction_id = $1::uuid`,
    [id.slice('txn_'.length)],
  );
  return rowCount ?? 0;
}

it('all that was lost is given back at the source, the target pays, once, and it stays closed', async () => {
  const [before, owed] = [await points(), await positions()];
  const [id, breakId] = await lost(() => 0n);
  expect(await breakOf(id)).toMatchObject({
    category: 'missing_there',
    ours: 125,
    theirs: null,
    state: 'open',
  });
  expect(await points()).toBe(before - 100);

  const asked = await ask(breakId);
  expect(asked).toMatchObject({
    status: 202,
    body: {
      act: 'break_adjust',
      words: expect.stringContaining('Give back 100.00 points of platform_a for 125.00'),
    },
  });
  expect(await approve(asked, olga)).toMatchObject({
    status: 403,
    body: { code: 'approver_is_asker' },
  });
  const other = await ask(breakId);
  const answers = await Promise.all([
    approve(asked),
    approve(asked),
    approve(other),
    approve(other),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  const done = answers.find(({ status }) => status === 200);
  const outcome = done?.body['outcome'] as unknown as {
    dispute_id: string;
    transaction_id: string;
  };

  // Decided, but not posted: the next process posts it, and only one of them.
  expect([await points(), await adjustments(id)]).toEqual([before - 100, 0]);
  const others = [1, 2, 3].map(() => createDisputes(network.api.parts));
  await Promise.all(others.map((one) => one.follow()));
  for (const one of others) await one.follow();
  expect([await points(), await adjustments(id)]).toEqual([before, 1]);
  expect(await positions()).toEqual(owed);

  expect(await breakOf(id)).toMatchObject({
    state: 'resolved',
    resolution: 'adjusted',
    times_opened: 1,
    actions: [
      {
        operator_id: 'olga',
        action: 'adjust',
        words: `adjusted: ${outcome.dispute_id}, ${outcome.transaction_id}: their backup lost it`,
      },
    ],
  });
  const dispute = await network.api.operate(
    olga,
    'GET',
    `/operator/disputes/${outcome.dispute_id}`,
  );
  expect(dispute.body).toMatchObject({
    state: 'upheld',
    resolution: { kind: 'adjustment', amount: 100, borne_by: 'target' },
    resolution_transaction_id: outcome.transaction_id,
  });
  expect(await run('platform_x')).toEqual({ state: 'complete', breaks: {} });
  expect(await breakOf(id)).toMatchObject({ state: 'resolved', resolution: 'adjusted' });
  expect(await ask(breakId)).toMatchObject({ status: 409, body: { code: 'break_closed' } });
  // No part of it can be claimed again in another way.
  const claim = { transaction_id: id, reason_code: 'not_received', description: 'again' };
  expect(
    await network.api.call('platform_a', 'POST', '/api/disputes', claim, {
      headers: { 'idempotency-key': randomUUID() },
    }),
  ).toMatchObject({ status: 409, body: { code: 'dispute_exceeds_rest' } });
  expect(
    await network.api.call(
      'platform_a',
      'POST',
      `/api/transactions/${id}/recall`,
      { reason: 'again' },
      { headers: { 'idempotency-key': randomUUID() } },
    ),
  ).toMatchObject({ status: 409 });

  // Booked after all: now the platform has credited what was given back.
  restate('platform_x', id, () => 12_500n);
  expect(await run('platform_x')).toEqual({ state: 'complete', breaks: { missing_here: 1 } });
  expect(await breakOf(id)).toMatchObject({ state: 'open', ours: 0, theirs: 125, times_opened: 2 });
  expect(await ask(breakId)).toMatchObject({ status: 409, body: { code: 'break_not_adjustable' } });
  restate('platform_x', id, () => 0n);
  expect(await run('platform_x')).toEqual({ state: 'complete', breaks: {} });
});

it('what was credited in part is given back in part; what is lost afterwards, to the whole', async () => {
  const [before, owed] = [await points(), await positions()];
  const [id, breakId] = await lost((was) => was - 4_171n);
  expect(await breakOf(id)).toMatchObject({ category: 'amount', ours: 125, theirs: 83.29 });
  expect(await approve(await ask(breakId))).toMatchObject({ status: 200, body: { state: 'done' } });
  await network.api.parts.disputes.follow();
  // 100 × 41.71 / 125 = 33.368: never more than the share.
  expect(await points()).toBeCloseTo(before - 100 + 33.36, 2);
  expect(await run('platform_x')).toEqual({ state: 'complete', breaks: {} });
  restate('platform_x', id, () => 0n);
  expect(await run('platform_x')).toEqual({ state: 'complete', breaks: { missing_there: 1 } });
  expect(await breakOf(id)).toMatchObject({ ours: 83.29, theirs: null, times_opened: 2 });
  expect(await approve(await ask(breakId))).toMatchObject({ status: 200, body: { state: 'done' } });
  await network.api.parts.disputes.follow();
  expect([await points(), await adjustments(id)]).toEqual([before, 2]);
  expect(await positions()).toEqual(owed);
  expect(await run('platform_x')).toEqual({ state: 'complete', breaks: {} });
});

it('a source that keeps its points itself is paid, and gives them in its own books', async () => {
  const owed = await positions();
  const [id, breakId] = await lost(() => 0n, 'platform_x', 'platform_y');
  const there = await network.pointsOf('platform_y', USER);
  expect(await approve(await ask(breakId))).toMatchObject({ status: 200 });
  await network.api.parts.disputes.follow();
  expect([
    await positions(),
    await adjustments(id),
    await network.pointsOf('platform_y', USER),
  ]).toEqual([owed, 1, there]);
  for (const platform of ['platform_x', 'platform_y'])
    expect(await run(platform)).toEqual({ state: 'complete', breaks: {} });
});

it('whoever dies before its commit has done nothing, and it can be approved again', async () => {
  const before = await points();
  const [id, breakId] = await lost(() => 0n);
  const asked = await ask(breakId);
  const mend = (): Promise<unknown> =>
    database.pool.query('drop function if exists acts.dies() cascade');
  onTestFinished(async () => void (await mend()));
  await database.pool.query(`
    create function acts.dies() returns trigger language plpgsql as $$ begin raise 'killed'; end $$;
    create trigger dies before update on acts.request for each row
      when (new.state = 'done') execute function acts.dies()`);
  expect((await approve(asked)).status).toBeGreaterThanOrEqual(500);
  await mend();
  await network.api.parts.disputes.follow();
  expect(await breakOf(id)).toMatchObject({ state: 'open', actions: [] });
  expect([await points(), await adjustments(id)]).toEqual([before - 100, 0]);
  expect(await approve(asked)).toMatchObject({ status: 200, body: { state: 'done' } });
  await network.api.parts.disputes.follow();
  expect([await points(), await adjustments(id)]).toEqual([before, 1]);
});

it('is decided by what the platform says now, and refused while it says nothing', async () => {
  const [id, breakId] = await lost(() => 0n);
  const asked = await ask(breakId);
  expect(asked.status).toBe(202);
  await network.sandboxes.platform_x.setFaults({ down: true });
  expect(await approve(asked)).toMatchObject({
    status: 503,
    body: { code: 'platform_did_not_answer' },
  });
  await network.sandboxes.platform_x.setFaults({});
  restate('platform_x', id, () => 12_500n);
  expect(await approve(asked)).toMatchObject({
    status: 409,
    body: { code: 'break_not_adjustable', detail: expect.stringContaining('recheck') },
  });
  expect(
    await network.api.operate(olga, 'POST', `/operator/breaks/${breakId}/recheck`, {}),
  ).toMatchObject({ status: 200, body: { state: 'resolved' } });
  expect(await approve(asked)).toMatchObject({ status: 409, body: { code: 'break_closed' } });
  expect(await adjustments(id)).toBe(0);
});

it('while a dispute is open, or once one was decided, it is not given back a second way', async () => {
  const before = await points();
  const [id, breakId] = await lost(() => 0n);
  const asked = await ask(breakId);
  const opened = await network.api.operate(olga, 'POST', `/operator/breaks/${breakId}/dispute`, {
    reason: 'lost',
  });
  expect(opened.status).toBe(200);
  for (const again of [() => approve(asked), () => ask(breakId)]) {
    expect(await again()).toMatchObject({ status: 409, body: { code: 'dispute_exceeds_rest' } });
  }
  const disputeId = String(opened.body['dispute_id']);
  const word = (platform: string, answer: string): Promise<Answer> =>
    network.api.call(platform, 'POST', `/api/disputes/${disputeId}/respond`, {
      answer,
      description: 'x',
    });
  await word('platform_x', 'contest');
  await word('platform_a', 'rebut');
  const decided = { outcome: 'rejected', reason: 'it was credited elsewhere' };
  expect(
    await network.api.operate(otto, 'POST', `/operator/disputes/${disputeId}/decide`, decided),
  ).toMatchObject({ status: 200 });
  expect(await ask(breakId)).toMatchObject({ status: 409, body: { code: 'dispute_decided' } });
  expect([await points(), await adjustments(id)]).toEqual([before - 100, 0]);
  restate('platform_x', id, () => 12_500n);
});

it.each<[string, string, string, Connected, (was: bigint) => bigint]>([
  ['the target credited too much', 'platform_a', 'platform_x', 'platform_x', (was) => was + 1n],
  ['the target took points instead', 'platform_a', 'platform_x', 'platform_x', () => -1n],
  ['the source did not take them', 'platform_x', 'platform_a', 'platform_x', () => 0n],
  ['the source took too little', 'platform_x', 'platform_a', 'platform_x', (was) => was + 1n],
  ['the source took too much', 'platform_x', 'platform_a', 'platform_x', (was) => was - 1n],
])(
  '%s: it corrects its own books',
  async (_what, source, target, platform, change) => {
    const id = await moved(target, source, 10);
    restate(platform, id, change);
    await run(platform);
    const refused = await ask(String((await breakOf(id))['break_id']));
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'break_not_adjustable', detail: expect.stringContaining('its own books') },
    });
    const sign = source === platform ? -1_000n : 1_250n;
    restate(platform, id, () => sign);
  },
  patience(240_000),
);
