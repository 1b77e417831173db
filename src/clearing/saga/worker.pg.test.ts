// The workers of a process outlive what goes wrong between them and the queue: no job waits for a start of the program.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import type { Bucket, TransactionId } from '../../kernel/ids.ts';
import { addJobs } from './store.ts';
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
    pool: database.pool, log: database.log, clock: { now: Date.now }, bucketCount: () => 1, concurrency: 4,
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
  ['failed', 'update of last_error', () => {
    throw new Error('on purpose');
  }],
])('after it could not be written that a job is %s, others are taken all the same, and that one again', async (_what, event, advance) => {
  await database.pool.query(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused on purpose'; end $$;
    create trigger refuse before ${event} on graphile_worker._private_jobs for each row execute function refuse()`);
  start(advance);
  await enqueue(FIRST);
  await until(() => advanced.includes(FIRST));
  // Whatever it did about its failure it has done by then.
  await sleep(300);
  await database.pool.query('drop trigger refuse on graphile_worker._private_jobs');
  await enqueue(SECOND);
  await until(() => advanced.includes(SECOND));
  await until(() => advanced.filter((sagaId) => sagaId === FIRST).length > 1);
}, 30_000);
