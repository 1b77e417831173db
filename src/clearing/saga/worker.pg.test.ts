// The workers of a process survive faults between them and the queue: no job waits for a restart of
// the program.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { patience } from '../../../test/fixtures/patience.ts';
import type { Bucket, MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import { insertSagas } from './store.ts';
import { addJobs, renewLostJobs } from './store-queue.ts';
import { startWorkers, type SagaWorkers } from './worker.ts';

let database: TestDatabase;
let workers: SagaWorkers | undefined;
let advanced: TransactionId[];

beforeEach(async () => {
  database = await createTestDatabase();
  advanced = [];
});
afterEach(async () => {
  await workers?.stop();
  await database?.drop();
});

function start(advance: (sagaId: TransactionId) => void = () => undefined): void {
  workers = startWorkers({
    pool: database.pool,
    log: database.log,
    clock: { now: Date.now },
    bucketCount: () => 1,
    concurrency: 4,
    advance: async (_bucket, sagaId) => {
      advanced.push(sagaId);
      advance(sagaId);
    },
  });
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await sleep(10);
}

function enqueue(sagaId: TransactionId): Promise<unknown> {
  return addJobs(database.pool, 0 as Bucket, [sagaId], new Date());
}

const FIRST = '00000000-0000-8000-8000-000000000001' as TransactionId;
const SECOND = '00000000-0000-8000-8000-000000000002' as TransactionId;

it.each([
  ['done', 'delete', () => undefined],
  [
    'failed',
    'update of last_error',
    () => {
      throw new Error('on purpose');
    },
  ],
])(
  'after it could not be written that a job is %s, others are taken all the same, and that one again',
  async (_what, event, advance) => {
    await database.pool.query(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception
      'refused on purpose'; end $$;
    create trigger refuse before ${event} on graphile_worker._private_jobs for each row execute
      function refuse()`);
    start(advance);
    await enqueue(FIRST);
    await until(() => advanced.includes(FIRST));
    // By then it has reacted to its failure.
    await sleep(300);
    await database.pool.query('drop trigger refuse on graphile_worker._private_jobs');
    await enqueue(SECOND);
    await until(() => advanced.includes(SECOND));
    await until(() => advanced.filter((sagaId) => sagaId === FIRST).length > 1);
  },
  patience(30_000),
);

it('a queue that starts while the database cannot tell its tasks takes jobs as soon as it can', async () => {
  await database.pool.query(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception
      'refused on purpose'; end $$;
    create trigger refuse before insert on graphile_worker._private_tasks for each row execute
      function refuse()`);
  start();
  await sleep(300);
  await database.pool.query('drop trigger refuse on graphile_worker._private_tasks');
  await enqueue(FIRST);
  await until(() => advanced.includes(FIRST));
});

it.each([
  ['waits for its time', `run_at = now() - interval '1 second'`, 0],
  [
    'is being carried out',
    `run_at = now() + interval '1 hour', locked_at = now(), locked_by = 'somebody'`,
    0,
  ],
  ['the queue has put off after a failure', `run_at = now() + interval '1 hour', attempts = 8`, 1],
  ['has failed for good', 'attempts = max_attempts', 1],
])(
  'a saga whose time is over and whose job %s gets a new one where it needs it',
  async (_which, job, renewed) => {
    const [source, target] = ['platform_a', 'platform_x'] as [PlatformId, PlatformId];
    const member = FIRST as string as MemberId;
    const saga = {
      sagaId: FIRST,
      purpose: 'transfer',
      state: 'adding',
      source,
      target,
      sourceConnected: false,
      targetConnected: true,
      sourceMember: member,
      targetMember: member,
      amount: 1n,
      credited: 1n,
      reversedId: null,
      bucket: 0 as Bucket,
    } as const;
    await insertSagas(database.pool, saga.bucket, [saga], Date.now() - 60_000, 600_000);
    await database.pool.query(`update graphile_worker._private_jobs set ${job}`);
    expect(await renewLostJobs(database.pool, saga.bucket, Date.now(), 10_000, 100)).toBe(renewed);
    if (renewed === 0) return;
    const { rows } = await database.pool.query<{ due: boolean }>(
      `select run_at <= now() + interval '5 seconds' and attempts < max_attempts as due
          from graphile_worker.jobs where key = $1`,
      [FIRST],
    );
    expect(rows).toEqual([{ due: true }]);
  },
);
