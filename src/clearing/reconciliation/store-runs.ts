// SQL of reconciliation runs.

import type { PlatformId } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import type { BreakCounts, Run, TotalFinding } from './types.ts';
import { toBigint } from './to-bigint.ts';

interface RunRow extends Omit<Run, 'total'> {
  readonly totalState: TotalFinding['state'] | null;
  readonly totalOurs: string | null;
  readonly totalTheirs: string | null;
}

const RUN_COLUMNS = `run_id as "runId", platform_id as "platformId", mode, asked_by as "askedBy", asked_at as "askedAt", state, started_at as "startedAt", finished_at as "finishedAt", reason,
  lines_read as "linesRead", compared, matched, under_way as "underWay", breaks, opened, resolved, total_state as "totalState", total_ours as "totalOurs", total_theirs as "totalTheirs"`;

function readRun({ totalState, totalOurs, totalTheirs, ...row }: RunRow): Run {
  return {
    ...row,
    total:
      totalState === null
        ? null
        : { state: totalState, ours: toBigint(totalOurs), theirs: toBigint(totalTheirs) },
  };
}

export async function insertRun(
  db: Queryable,
  run: Pick<Run, 'runId' | 'platformId' | 'mode' | 'askedBy' | 'askedAt'>,
): Promise<void> {
  await db.query(
    `insert into clearing.reconciliation_run (run_id, platform_id, mode, asked_by, asked_at, state)
        values ($1, $2, $3, $4, $5, 'queued')`,
    [run.runId, run.platformId, run.mode, run.askedBy, run.askedAt],
  );
}

/** False when it was begun before. */
export async function startRun(db: Queryable, runId: string, now: Date): Promise<boolean> {
  const { rowCount } = await db.query(
    `update clearing.reconciliation_run set state = 'running', started_at = $2
        where run_id = $1 and state = 'queued'`,
    [runId, now],
  );
  return rowCount === 1;
}

export interface RunResult {
  readonly state: 'complete' | 'incomplete';
  readonly reason: string | null;
  readonly linesRead: number;
  readonly compared: number;
  readonly matched: number;
  readonly underWay: number;
  readonly breaks: BreakCounts;
  readonly opened: number;
  readonly resolved: number;
  readonly total: TotalFinding | null;
}

/** False when another process has ended it, because this one seemed to be gone. */
export async function finishRun(
  db: Queryable,
  runId: string,
  result: RunResult,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update clearing.reconciliation_run set state = $2, reason = $3, lines_read = $4, compared = $5,
        matched = $6, under_way = $7, breaks = $8, opened = $9, resolved = $10,
            total_state = $11, total_ours = $12, total_theirs = $13, finished_at = $14
              where run_id = $1 and state = 'running'`,
    [
      runId,
      result.state,
      result.reason,
      result.linesRead,
      result.compared,
      result.matched,
      result.underWay,
      JSON.stringify(result.breaks),
      result.opened,
      result.resolved,
      result.total?.state ?? null,
      result.total?.ours ?? null,
      result.total?.theirs ?? null,
      now,
    ],
  );
  return rowCount === 1;
}

/** Ends runs of a platform whose process is gone; for the holder of the platform's lock. */
export async function endAbandonedRuns(
  db: Queryable,
  platformId: PlatformId,
  reason: string,
  now: Date,
): Promise<void> {
  await db.query(
    `update clearing.reconciliation_run set state = 'incomplete', reason = $2, finished_at = $3
        where platform_id = $1 and state = 'running'`,
    [platformId, reason, now],
  );
}

export async function selectRun(db: Queryable, runId: string): Promise<Run | undefined> {
  const { rows } = await db.query<RunRow>(
    `select ${RUN_COLUMNS} from clearing.reconciliation_run where run_id = $1`,
    [runId],
  );
  return rows[0] === undefined ? undefined : readRun(rows[0]);
}

/** Newest first. */
export async function selectRuns(
  db: Queryable,
  platformId: PlatformId | undefined,
  limit: number,
): Promise<Run[]> {
  const { rows } = await db.query<RunRow>(
    `select ${RUN_COLUMNS} from clearing.reconciliation_run
        where $1::text is null or platform_id = $1 order by asked_at desc, run_id limit $2`,
    [platformId ?? null, limit],
  );
  return rows.map(readRun);
}

/** Runs that wait for a process, longest waiting first. */
export async function selectQueued(db: Queryable): Promise<Run[]> {
  const { rows } = await db.query<RunRow>(
    `select ${RUN_COLUMNS} from clearing.reconciliation_run where state = 'queued'
        order by asked_at, run_id`,
  );
  return rows.map(readRun);
}

/** When a run was last requested for each platform; absent when never. */
export async function selectLastAsked(
  db: Queryable,
  platformIds: readonly PlatformId[],
): Promise<Map<PlatformId, Date>> {
  const { rows } = await db.query<{ platform_id: PlatformId; asked_at: Date }>(
    `select p.platform_id, r.asked_at from unnest($1::text[]) as p (platform_id)
      cross join lateral (select asked_at from clearing.reconciliation_run r
        where r.platform_id = p.platform_id order by asked_at desc limit 1) r`,
    [platformIds],
  );
  return new Map(rows.map((row) => [row.platform_id, row.asked_at]));
}

export async function selectLastComplete(
  db: Queryable,
  platformIds: readonly PlatformId[],
): Promise<{ readonly platformId: PlatformId; readonly finishedAt: Date }[]> {
  const { rows } = await db.query<{ platformId: PlatformId; finishedAt: Date }>(
    `select p.platform_id as "platformId", r.finished_at as "finishedAt"
        from unnest($1::text[]) as p (platform_id)
      cross join lateral (select finished_at from clearing.reconciliation_run r
        where r.platform_id = p.platform_id and r.state = 'complete' order by asked_at desc
        limit 1) r`,
    [platformIds],
  );
  return rows;
}
