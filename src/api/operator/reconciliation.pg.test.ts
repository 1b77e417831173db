// Tests reconciliation as operators use it: runs are requested and done by a worker; differences
// are listed, rechecked, accepted, noted, and counted in the metrics.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exactly } from '../../../test/fixtures/exactly.ts';
import { createTestApi, type Answer, type TestApi } from '../../../test/fixtures/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { insertSaga, type TestSaga } from '../../../test/fixtures/sagas.ts';
import { SANDBOX, startSandbox, type RunningSandbox } from '../../../test/fixtures/sandbox.ts';

const PLATFORM = 'own_points';

let database: TestDatabase;
let api: TestApi;
let folder: string;
let sandbox: RunningSandbox;
let operator: string;
let otto: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await createTestApi(database);
  folder = mkdtempSync(join(tmpdir(), 'pontis-breaks-'));
  [operator, otto] = [await api.operator('olga'), await api.operator('otto')];
  await api.join(PLATFORM, '1.0', { url: 'http://127.0.0.1:45999', token: SANDBOX.token });
  sandbox = await startSandbox(folder, { ann: '100' }, [
    '--platform',
    PLATFORM,
    '--secret',
    api.secrets[PLATFORM]?.secret ?? '',
  ]);
  await api.operateByTwo([operator, otto], 'PUT', `/operator/connections/${PLATFORM}`, {
    url: sandbox.target.url,
    token: SANDBOX.token,
  });
});
afterAll(async () => {
  await sandbox?.program.stop();
  await api?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

const operate = (method: string, url: string, body?: unknown): Promise<Answer> =>
  api.operate(operator, method, url, body);

/** Asks for a run of one platform and does it, as a worker would. */
async function reconcile(platform = PLATFORM): Promise<unknown> {
  const asked = await operate('POST', '/operator/reconciliations', { platform_id: platform });
  expect(asked).toMatchObject({
    status: 200,
    body: {
      runs: [{ platform_id: platform, mode: 'incremental', state: 'queued', asked_by: 'olga' }],
    },
  });
  await api.parts.reconciliation.runDue();
  const { body } = await operate(
    'GET',
    `/operator/reconciliations?platform_id=${platform}&limit=1`,
  );
  return (body['runs'] as unknown as unknown[])[0];
}

async function listBreaks(query = ''): Promise<readonly Record<string, unknown>[]> {
  const { body } = await operate('GET', `/operator/breaks${query}`);
  return body['breaks'] as unknown as Record<string, unknown>[];
}

it('shows what runs came to, and what operators do about the differences', async () => {
  expect(await reconcile()).toMatchObject({
    state: 'complete',
    breaks: exactly({}),
    total: { state: 'baseline', theirs: 100 },
  });
  const sagas: TestSaga[] = [];
  for (const effect of [150n, 250n])
    sagas.push(await insertSaga(database.pool, { effect, platformId: PLATFORM }));
  await sandbox.setFaults({ wrong_total: '0.05' });
  expect(await reconcile()).toMatchObject({
    state: 'complete',
    compared: 2,
    matched: 0,
    opened: 3,
    breaks: exactly({ missing_there: 2, total: 1 }),
    total: { state: 'differs', ours: 100, theirs: 100.05 },
  });

  const open = await operate('GET', '/operator/breaks');
  expect(open.body['open']).toEqual([
    { platform_id: PLATFORM, category: 'missing_there', age: '0-1', count: 2 },
    { platform_id: PLATFORM, category: 'total', age: '0-1', count: 1 },
  ]);
  const [first, second] = sagas.map(({ publicId }) =>
    (open.body['breaks'] as unknown as Record<string, unknown>[]).find(
      ({ subject }) => subject === publicId,
    ),
  );
  expect(first).toMatchObject({
    category: 'missing_there',
    ours: 1.5,
    theirs: null,
    state: 'open',
    age: '0-1',
    age_days: 0,
    times_opened: 1,
    closed_at: null,
    resolution: null,
  });
  expect(await api.parts.metrics.render()).toContain(
    `pontis_reconciliation_open_breaks{platform="${PLATFORM}",category="missing_there"} 2`,
  );

  const rechecked = await operate(
    'POST',
    `/operator/breaks/${String(first?.['break_id'])}/recheck`,
    {},
  );
  expect(rechecked).toMatchObject({
    status: 200,
    body: {
      state: 'open',
      actions: [
        {
          operator_id: 'olga',
          action: 'recheck',
          words: 'missing_there: here 1.50, there nothing',
        },
      ],
    },
  });
  const noted = await operate('POST', `/operator/breaks/${String(first?.['break_id'])}/note`, {
    note: 'asked their support',
  });
  expect(noted).toMatchObject({
    status: 200,
    body: { actions: [{}, { action: 'note', words: 'asked their support' }] },
  });
  expect(
    await operate('POST', `/operator/breaks/${String(second?.['break_id'])}/accept`, {}),
  ).toMatchObject({ status: 400, body: { code: 'missing_field' } });
  const accepted = await api.operateByTwo(
    [operator, otto],
    'POST',
    `/operator/breaks/${String(second?.['break_id'])}/accept`,
    { reason: 'paid back by hand' },
  );
  expect(accepted).toMatchObject({
    status: 200,
    body: { state: 'done', outcome: { state: 'accepted' } },
  });
  expect(await operate('GET', `/operator/breaks/${String(second?.['break_id'])}`)).toMatchObject({
    status: 200,
    body: {
      state: 'accepted',
      resolution: 'accepted',
      actions: [
        {
          operator_id: 'olga',
          words: expect.stringMatching(/^paid back by hand \(approved by otto, request \S+\)$/),
        },
      ],
    },
  });
  expect(await listBreaks('?state=accepted')).toHaveLength(1);
  expect(await listBreaks(`?category=total&platform_id=${PLATFORM}`)).toMatchObject([
    { subject: 'total', ours: 100, theirs: 100.05 },
  ]);

  await sandbox.setFaults({ down: true });
  expect(await reconcile()).toMatchObject({
    state: 'incomplete',
    reason: expect.stringContaining('did not answer'),
    breaks: exactly({}),
    total: null,
  });
  await sandbox.setFaults({});
  expect(await reconcile()).toMatchObject({
    state: 'complete',
    breaks: exactly({ missing_there: 2 }),
    opened: 0,
    resolved: 1,
    total: { state: 'agrees' },
  });
  const feed = await api.call(PLATFORM, 'GET', '/api/events?limit=100');
  expect(
    (feed.body['events'] as unknown as { type: string }[])
      .map(({ type }) => type)
      .filter((type) => type.startsWith('reconciliation.')),
  ).toEqual([
    'reconciliation.completed',
    'reconciliation.break',
    'reconciliation.break',
    'reconciliation.break',
    'reconciliation.completed',
    'reconciliation.accepted',
    'reconciliation.completed',
    'reconciliation.completed',
  ]);
});

it('of a hosted platform compares the ledger with itself', async () => {
  await api.user('platform_a', 25);
  expect(await reconcile('platform_a')).toMatchObject({
    state: 'complete',
    breaks: exactly({}),
    total: { state: 'agrees', ours: 25, theirs: 25 },
  });
  expect(await api.parts.metrics.render()).toMatch(
    /pontis_reconciliation_last_complete_seconds\{platform="platform_a"\} \d+/,
  );
});

it('is for operators, of platforms that there are', async () => {
  expect((await api.operate(undefined, 'GET', '/operator/breaks')).status).toBe(401);
  expect(
    await operate('POST', '/operator/reconciliations', { platform_id: 'platform_x' }),
  ).toMatchObject({ status: 404, body: { code: 'platform_not_found' } });
});

it('leads from a difference to a dispute in one step, which another operator decides', async () => {
  const [from, to] = [await api.user('platform_a', 20), await api.user('platform_b')];
  const { body: moved } = await api.call('platform_a', 'POST', '/api/points/transfer', {
    from_user_id: from,
    to_user_id: to,
    amount: 12,
    target_platform: 'platform_b',
  });
  const id = String(moved['transaction_id']);
  const breakId = randomUUID();
  await database.pool.query(
    `insert into clearing.break (break_id, platform_id, category, subject, transaction_id, ours,
        theirs, state, first_seen_at, opened_at, last_seen_at, last_run_id)
     values ($1, 'platform_b', 'missing_there', $2, $3::uuid, 1000, null, 'open', now(), now(),
       now(), $1)`,
    [breakId, id, id.slice('txn_'.length)],
  );
  const dispute = (): Promise<Answer> =>
    operate('POST', `/operator/breaks/${breakId}/dispute`, { reason: 'their backup lost it' });
  const opened = await dispute();
  expect(opened).toMatchObject({
    status: 200,
    body: { transaction_id: id, state: 'opened', reason_code: 'not_received', amount: 12 },
  });
  expect((await dispute()).body['dispute_id']).toBe(opened.body['dispute_id']);
  const story = await operate('GET', `/operator/breaks/${breakId}`);
  expect(story.body['actions']).toMatchObject([
    {
      operator_id: 'olga',
      action: 'note',
      words: `disputed: ${String(opened.body['dispute_id'])}`,
    },
  ]);
});
