// SQL of the queue of sagas: jobs, and the workers that take them.

import type { Bucket, TransactionId } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';

/** The queue's name for advancing a saga. */
export const TASK = 'saga';

/** Adds a job for each saga; a job that waits already is moved to that time. */
export function addJobs(
  db: Queryable,
  bucket: Bucket,
  sagaIds: readonly TransactionId[],
  runAt: Date,
): Promise<unknown> {
  return db.query({
    name: 'saga-add-jobs',
    text: `select count(*) from graphile_worker.add_jobs(array(
             select row('${TASK}', json_build_object('bucket', $1::integer, 'saga_id', id), null,
               $3::timestamptz, null, id::text, null, null)::graphile_worker.job_spec
               from unnest($2::uuid[]) as id))`,
    values: [bucket, sagaIds, runAt],
  });
}

/**
 * Adds a new job for each open saga that is well past its time: whatever became of its old job, the
 * saga is not forgotten. The queue delays a failed job longer each time, and all jobs fail when the
 * database goes away. The saga's `next_attempt_at` decides when it is retried, not the queue.
 */
export async function renewLostJobs(
  db: Queryable,
  bucket: Bucket,
  nowMs: number,
  graceMs: number,
  limit: number,
): Promise<number> {
  const { rows } = await db.query<{ saga_id: TransactionId }>(
    `select s.saga_id from clearing.saga s
      where s.bucket = $1 and s.state not in ('completed', 'failed') and s.next_attempt_at < $2
        and not exists (select from graphile_worker.jobs j
          where j.key = s.saga_id::text and j.attempts < j.max_attempts
          and (j.locked_at is not null or j.run_at <= $4))
      order by s.next_attempt_at limit $3`,
    [bucket, new Date(nowMs - graceMs), limit, new Date(nowMs)],
  );
  if (rows.length > 0)
    await addJobs(
      db,
      bucket,
      rows.map((row) => row.saga_id),
      new Date(nowMs),
    );
  return rows.length;
}

/** Records that a worker is alive, by the database's clock. */
export async function beat(db: Queryable, workerId: string): Promise<void> {
  await db.query({
    name: 'saga-beat',
    text: `insert into clearing.worker (worker_id, seen_at) values ($1, clock_timestamp())
        on conflict (worker_id) do update set seen_at = excluded.seen_at`,
    values: [workerId],
  });
}

/**
 * Gives the jobs of workers that have been silent for so long to live workers; returns the ids of
 * the silent ones.
 */
export async function unlockDead(db: Queryable, silentMs: number): Promise<string[]> {
  const { rows } = await db.query<{ worker_id: string }>(
    `select distinct j.locked_by as worker_id from graphile_worker.jobs j left
        join clearing.worker w on w.worker_id = j.locked_by
      where j.locked_by is not null and j.locked_at < clock_timestamp() - make_interval(secs => $1)
        and coalesce(w.seen_at, '-infinity') < clock_timestamp() - make_interval(secs => $1)`,
    [silentMs / 1_000],
  );
  const dead = rows.map((row) => row.worker_id);
  if (dead.length > 0) await db.query('select graphile_worker.force_unlock_workers($1)', [dead]);
  await db.query(
    `delete from clearing.worker where seen_at < clock_timestamp() - interval '1 hour'`,
  );
  return dead;
}
