// SQL of breaks: the differences, operators' actions on them, and adjustments.

import type { Bucket, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { DbClient, Queryable } from '../../runtime/database.ts';
import type {
  Break,
  BreakAction,
  BreakCategory,
  BreakState,
  OpenCount,
  Resolution,
} from './types.ts';
import { toBigint } from './to-bigint.ts';

interface BreakRow extends Omit<Break, 'ours' | 'theirs'> {
  readonly ours: string | null;
  readonly theirs: string | null;
}

const BREAK_COLUMNS = `break_id as "breakId", platform_id as "platformId", category, subject, transaction_id as "transactionId", ours, theirs, state, first_seen_at as "firstSeenAt",
  opened_at as "openedAt", last_seen_at as "lastSeenAt", times_opened as "timesOpened", closed_at as "closedAt", resolution`;

function readBreak(row: BreakRow): Break {
  return { ...row, ours: toBigint(row.ours), theirs: toBigint(row.theirs) };
}

/**
 * The existing breaks of the given subjects; their rows stay locked to the end of the
 * dbTransaction, in the order of subjects.
 */
export async function lockBreaks(
  client: DbClient,
  platformId: PlatformId,
  subjects: readonly string[],
  ofTotal: boolean,
): Promise<Break[]> {
  const { rows } = await client.query<BreakRow>(
    `select ${BREAK_COLUMNS} from clearing.break
        where platform_id = $1 and (category = 'total') = $3 and subject = any($2) order by subject
        for update`,
    [platformId, subjects, ofTotal],
  );
  return rows.map(readBreak);
}

/** Writes new and known breaks as they are now. */
export async function writeBreaks(
  client: DbClient,
  runId: string,
  breaks: readonly Break[],
): Promise<void> {
  const column = <T>(read: (one: Break) => T): T[] => breaks.map(read);
  await client.query(
    `insert into clearing.break as b (break_id, platform_id, category, subject, transaction_id,
        ours, theirs, state, first_seen_at, opened_at, last_seen_at, times_opened, closed_at,
        resolution, last_run_id)
     select x.*, $15
       from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::numeric[],
       $7::numeric[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[],
            $12::integer[], $13::timestamptz[], $14::text[]) as x
         on conflict (platform_id, (category = 'total'), subject) do update
           set category = excluded.category, transaction_id = excluded.transaction_id,
           ours = excluded.ours, theirs = excluded.theirs,
            state = excluded.state, opened_at = excluded.opened_at,
              last_seen_at = excluded.last_seen_at, times_opened = excluded.times_opened,
              closed_at = excluded.closed_at,
            resolution = excluded.resolution, last_run_id = excluded.last_run_id`,
    [
      column((one) => one.breakId),
      column((one) => one.platformId),
      column((one) => one.category),
      column((one) => one.subject),
      column((one) => one.transactionId),
      column((one) => one.ours),
      column((one) => one.theirs),
      column((one) => one.state),
      column((one) => one.firstSeenAt),
      column((one) => one.openedAt),
      column((one) => one.lastSeenAt),
      column((one) => one.timesOpened),
      column((one) => one.closedAt),
      column((one) => one.resolution),
      runId,
    ],
  );
}

/** Closes breaks that a complete comparison no longer shows; returns how many. */
export async function resolveUnseen(
  client: DbClient,
  platformId: PlatformId,
  runId: string,
  ofTotal: boolean,
  now: Date,
): Promise<number> {
  const { rowCount } = await client.query(
    `update clearing.break set state = 'resolved', resolution = 'vanished', closed_at = $4
      where platform_id = $1 and last_run_id <> $2 and (category = 'total') = $3
        and state <> 'resolved'`,
    [platformId, runId, ofTotal, now],
  );
  return rowCount ?? 0;
}

export async function closeBreak(
  db: Queryable,
  breakId: string,
  state: 'resolved' | 'accepted',
  resolution: Resolution,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update clearing.break set state = $2, resolution = $3, closed_at = $4
        where break_id = $1 and state <> 'resolved' and state <> $2`,
    [breakId, state, resolution, now],
  );
  return rowCount === 1;
}

export interface AdjustmentRow {
  readonly bucket: Bucket;
  /** The dispute that carries it out. */
  readonly disputeId: TransactionId;
  readonly transactionId: TransactionId;
  readonly platformId: PlatformId;
  readonly breakId: string;
  readonly missing: bigint;
  readonly decidedAt: Date;
}

export async function insertAdjustment(
  db: Queryable,
  { bucket, disputeId, transactionId, platformId, breakId, missing, decidedAt }: AdjustmentRow,
): Promise<void> {
  await db.query(
    `insert into clearing.break_adjustment
       (bucket, dispute_id, transaction_id, platform_id, break_id, missing, decided_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [bucket, disputeId, transactionId, platformId, breakId, missing, decidedAt],
  );
}

/** The figures that a recheck has found, where the sides still differ. */
export async function setFigures(
  db: Queryable,
  { breakId, category, ours, theirs }: Pick<Break, 'breakId' | 'category' | 'ours' | 'theirs'>,
  now: Date,
): Promise<void> {
  await db.query(
    `update clearing.break set category = $2, ours = $3, theirs = $4, last_seen_at = $5
        where break_id = $1 and state <> 'resolved'`,
    [breakId, category, ours, theirs, now],
  );
}

export async function selectBreak(
  db: Queryable,
  breakId: string,
  lock = false,
): Promise<Break | undefined> {
  const { rows } = await db.query<BreakRow>(
    `select ${BREAK_COLUMNS} from clearing.break where break_id = $1${lock ? ' for update' : ''}`,
    [breakId],
  );
  return rows[0] === undefined ? undefined : readBreak(rows[0]);
}

export interface BreakFilter {
  readonly platformId?: PlatformId | undefined;
  readonly category?: BreakCategory | undefined;
  readonly state?: BreakState | undefined;
}

/** Oldest first. */
export async function selectBreaks(
  db: Queryable,
  { platformId, category, state }: BreakFilter,
  limit: number,
): Promise<Break[]> {
  const { rows } = await db.query<BreakRow>(
    `select ${BREAK_COLUMNS} from clearing.break where ($1::text is null or platform_id = $1)
        and ($2::text is null or category = $2) and ($3::text is null or state = $3)
      order by opened_at, break_id limit $4`,
    [platformId ?? null, category ?? null, state ?? null, limit],
  );
  return rows.map(readBreak);
}

/** The number of open breaks. */
export async function countOpenBreaks(db: Queryable, now: Date): Promise<OpenCount[]> {
  const { rows } = await db.query<OpenCount>(
    `select platform_id as "platformId", category, age, count(*)::integer as count
       from (select platform_id, category, case when opened_at > $1::timestamptz - interval '1 day'
         then '0-1' when opened_at > $1::timestamptz - interval '3 days' then '1-3'
                    when opened_at > $1::timestamptz - interval '7 days' then '3-7'
                      else '7+' end as age
               from clearing.break where state = 'open') b group by 1, 2, 3 order by 1, 2, 3`,
    [now],
  );
  return rows;
}

export async function insertAction(
  db: Queryable,
  actionId: string,
  breakId: string,
  { actedAt, operatorId, action, words }: BreakAction,
): Promise<void> {
  await db.query(
    `insert into clearing.break_action (action_id, break_id, acted_at, operator_id, action, words)
        values ($1, $2, $3, $4, $5, $6)`,
    [actionId, breakId, actedAt, operatorId, action, words],
  );
}

export async function selectActions(db: Queryable, breakId: string): Promise<BreakAction[]> {
  const { rows } = await db.query<BreakAction>(
    `select acted_at as "actedAt", operator_id as "operatorId", action, words
        from clearing.break_action where break_id = $1 order by acted_at, action_id`,
    [breakId],
  );
  return rows;
}
