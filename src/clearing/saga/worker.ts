// The workers of a process: each job of the durable queue (graphile-worker) advances one saga. Also
// watches for workers that died. Before this: `begin-sagas.ts` wrote the job. Next:
// `advance-saga.ts`.

import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Logger,
  runTaskList,
  runMigrations,
  type TaskList,
  type WorkerPool,
} from 'graphile-worker';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { assert } from '../../kernel/assert.ts';
import { buckets, type Bucket, type TransactionId } from '../../kernel/ids.ts';
import type { Pool } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { startLoop, type Loop } from '../../runtime/loop.ts';
import { beat, renewLostJobs, TASK, unlockDead } from './store-queue.ts';

export interface SagaWorkers {
  /** Takes no new jobs and finishes those under way. */
  stop(): Promise<void>;
}

export interface WorkerParts {
  readonly pool: Pool;
  readonly log: Log;
  readonly clock: { now(): number };
  readonly bucketCount: () => number;
  /** Sagas that one process advances at a time; they mostly wait for platforms. */
  readonly concurrency?: number;
  /** Advances one saga as far as possible. */
  advance(bucket: Bucket, sagaId: TransactionId): Promise<void>;
}

export const CONCURRENCY = 200;
const BEAT_EVERY_MS = 1_000;
/**
 * A worker that has been silent for this long counts as dead. If it is alive after all, nothing is
 * harmed: every step may be done twice.
 */
const SILENT_MS = 4_000;
/** A saga that nobody has looked at for this long after its time has lost its job. */
const LOST_AFTER_MS = 10_000;
const RENEW_LIMIT = 1_000;
/**
 * The queue announces new jobs; while it puts others off, an announcement may be missed, and a job
 * waits for the next look.
 */
const POLL_MS = 100;

const Payload = Compile(Type.Object({ bucket: Type.Integer(), saga_id: Type.String() }));

/** Brings the queue's own schema up to date; in every process, before anything is posted. */
export async function migrateQueue(pool: Pool, log: Log): Promise<void> {
  await runMigrations({ pgPool: pool, logger: toLogger(log) });
}

export function startWorkers({
  pool,
  log,
  clock,
  bucketCount,
  concurrency = CONCURRENCY,
  advance,
}: WorkerParts): SagaWorkers {
  const tasks: TaskList = {
    [TASK]: async (given) => {
      assert(Payload.Check(given), "a saga's job names its bucket and id");
      const { bucket, saga_id: sagaId } = given as Static<ReturnType<typeof Payload.Type>>;
      await advance(bucket as Bucket, sagaId as TransactionId);
    },
  };
  const queue = keepQueueRunning(pool, log, concurrency, tasks);
  const watch: Loop = startLoop({
    // Also after an outage of the database: a worker that pauses longer counts as dead, and must
    // not leave a dead worker's sagas lying.
    name: 'saga watch',
    log,
    everyMs: BEAT_EVERY_MS,
    longestRestMs: BEAT_EVERY_MS,
    run: async () => {
      await beat(pool, queue.workerId());
      // The database answers, so a working queue would have taken jobs by now.
      queue.restartIfIdle();
      const dead = await unlockDead(pool, SILENT_MS);
      if (dead.length > 0)
        log.warn({ workers: dead }, 'jobs of dead workers were reassigned to live ones');
      let renewed = 0;
      for (const bucket of buckets(bucketCount()))
        renewed += await renewLostJobs(pool, bucket, clock.now(), LOST_AFTER_MS, RENEW_LIMIT);
      if (renewed > 0) log.warn({ sagas: renewed }, 'sagas that had lost their jobs got new ones');
      return false;
    },
  });
  return {
    async stop() {
      await Promise.all([watch.stop(), queue.stop()]);
    },
  };
}

interface Queue {
  /** The id of the present workers, as the queue knows them. */
  workerId(): string;
  /** Restarts workers that have never been able to ask for jobs. */
  restartIfIdle(): void;
  stop(): Promise<void>;
}

/** When the first request for jobs should have been answered. */
const FIRST_FETCH_MS = 2_500;
/** How long workers that gave up may take for the calls that they had under way. */
const LAST_CALLS_MS = 15_000;

/**
 * The queue gives up when it cannot write that a job is done or has failed, for example when the
 * database goes away at that moment. A queue that starts while the database is away never finds its
 * tasks. In both cases it is restarted under another id. The old worker id sends no more
 * heartbeats, so its jobs are reassigned to live workers.
 */
function keepQueueRunning(pool: Pool, log: Log, concurrency: number, tasks: TaskList): Queue {
  const running = new Set<WorkerPool>();
  let stopping = false;
  let current = run();

  function run(): { readonly workers: WorkerPool; readonly startedAt: number; fetched: boolean } {
    const events = new EventEmitter();
    const workers = runQueue(pool, log, concurrency, tasks, events);
    const started = { workers, startedAt: performance.now(), fetched: false };
    running.add(workers);
    events.once('localQueue:getJobs:complete', () => void (started.fetched = true));
    events.once('pool:gracefulShutdown', () => {
      if (stopping) return;
      log.warn({ worker: workers.id }, "the queue's workers gave up and are started again");
      current = run();
    });
    workers.promise
      .catch((error: unknown) =>
        log.warn({ err: error, worker: workers.id }, "the queue's workers ended"),
      )
      .finally(() => void running.delete(workers));
    return started;
  }

  return {
    workerId: () => current.workers.id,
    restartIfIdle() {
      if (!current.fetched && performance.now() - current.startedAt > FIRST_FETCH_MS)
        void end(current.workers);
    },
    async stop() {
      stopping = true;
      const ends = [...running].map((workers) =>
        workers === current.workers ? end(workers) : workers.promise.catch(() => undefined),
      );
      await Promise.race([Promise.all(ends), sleep(LAST_CALLS_MS, undefined, { ref: false })]);
    },
  };
}

/**
 * Takes no more jobs and finishes those under way; its errors are reported where its end is
 * awaited.
 */
async function end(workers: WorkerPool): Promise<void> {
  try {
    await workers.gracefulShutdown('the program stops, or starts it again');
  } catch {
    // Reported by its promise.
  }
}

/** Jobs are fetched and completed many at a time; a failure of the database ends no process. */
function runQueue(
  pool: Pool,
  log: Log,
  concurrency: number,
  tasks: TaskList,
  events: EventEmitter,
): WorkerPool {
  return runTaskList(
    {
      pgPool: pool,
      logger: toLogger(log),
      noHandleSignals: true,
      concurrency,
      events,
      preset: {
        worker: {
          concurrentJobs: concurrency,
          localQueue: {
            size: concurrency * 2,
            refetchDelay: { durationMs: 20, threshold: 0, maxAbortThreshold: concurrency },
          },
          pollInterval: POLL_MS,
          completeJobBatchDelay: 5,
          failJobBatchDelay: 5,
        },
      },
    },
    tasks,
    pool,
  );
}

/** The queue logs every job it runs; only errors go to our log. */
function toLogger(log: Log): Logger {
  return new Logger(() => (level, message, meta) => {
    if (level === 'error') log.error({ queue: meta?.['error'] }, message);
    else if (level === 'warning') log.warn(message);
    else log.trace(message);
  });
}
