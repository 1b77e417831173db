// All SQL of reconciliation.

import type { Bucket, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { DbClient, Queryable } from '../../runtime/database.ts';
import type {
  Break,
  BreakAction,
  BreakCategory,
  BreakCounts,
  BreakState,
  OpenCount,
  OurEffect,
  Resolution,
  Run,
  StatementOperation,
  TheirLine,
  TotalFinding,
} from './types.ts';

/** A merge may sort more than any request would wait for. */
const MERGE_TIMEOUT_MS = 3_600_000;
const FETCH = 1_000;

// ---- platforms and their statements

/** Between two signs of life of whoever holds a platform's lock. */
const LOCK_IDLE = '15min';

export async function ensurePlatform(db: Queryable, platformId: PlatformId): Promise<void> {
  await db.query(
    'insert into clearing.reconciled_platform (platform_id) values ($1) on conflict do nothing',
    [platformId],
  );
}

/**
 * Answers which reading of its statement counts. The row's lock is held until the client's
 * dbTransaction ends: one process at a time reconciles a platform. Undefined when another one has
 * it. Taken before any other lock of this part.
 */
export async function lockPlatform(
  client: DbClient,
  platformId: PlatformId,
): Promise<number | undefined> {
  await client.query(`set local idle_in_transaction_session_timeout = '${LOCK_IDLE}'`);
  const { rows } = await client.query<{ generation: number }>(
    `select generation from clearing.reconciled_platform
        where platform_id = $1 for no key update skip locked`,
    [platformId],
  );
  return rows[0]?.generation;
}

/**
 * Tells the server that whoever holds the lock is still at work; throws when it is not held any
 * more.
 */
export async function keepLock(client: DbClient): Promise<void> {
  await client.query('select 1');
}

export interface Statement {
  readonly platformId: PlatformId;
  readonly generation: number;
  readonly nextCursor: string | null;
  readonly lastSequence: bigint;
  readonly effectSum: bigint;
  readonly mergedSequence: bigint;
  readonly mergedAt: Date | null;
  /** Why it cannot be gone on with; null while it can. */
  readonly brokenOff: string | null;
}

/** A reading of a platform's statement, begun when there is none of that generation. */
export async function openStatement(
  db: Queryable,
  platformId: PlatformId,
  generation: number,
): Promise<Statement> {
  await db.query(
    `insert into clearing.statement (platform_id, generation) values ($1, $2)
        on conflict do nothing`,
    [platformId, generation],
  );
  const { rows } = await db.query<Omit<Statement, 'effectSum'> & { effectSum: string }>(
    `select platform_id as "platformId", generation, next_cursor as "nextCursor",
        last_sequence as "lastSequence", effect_sum as "effectSum",
            merged_sequence as "mergedSequence", merged_at as "mergedAt", broken_off as "brokenOff"
       from clearing.statement where platform_id = $1 and generation = $2`,
    [platformId, generation],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the statement that was begun cannot be read');
  return { ...row, effectSum: BigInt(row.effectSum) };
}

/**
 * A reading from the beginning, under a number that no reading had before: what others left of
 * theirs is passed over, and whoever still writes one finds it gone. The one that counts stays
 * until this one is complete.
 */
export async function beginStatement(
  db: Queryable,
  platformId: PlatformId,
  counts: number,
): Promise<Statement> {
  const { rows } = await db.query<{ generation: number }>(
    'select max(generation) as generation from clearing.statement where platform_id = $1',
    [platformId],
  );
  const generation = Math.max(counts, rows[0]?.generation ?? 0) + 1;
  const statement = await openStatement(db, platformId, generation);
  await db.query(
    'delete from clearing.statement where platform_id = $1 and generation <> all ($2)',
    [platformId, [counts, generation]],
  );
  return statement;
}

/** Notes that a reading contradicts itself; the next run begins another one. */
export async function breakOff(
  db: Queryable,
  { platformId, generation }: Statement,
  reason: string,
): Promise<void> {
  await db.query(
    'update clearing.statement set broken_off = $3 where platform_id = $1 and generation = $2',
    [platformId, generation, reason],
  );
}

/** A line as it is kept: of the network's transaction, or of whatever the platform named. */
export interface NewLine {
  readonly transactionId: TransactionId | null;
  readonly reference: string | null;
  readonly operation: StatementOperation;
  readonly effect: bigint;
}

export interface NewPage {
  readonly lines: readonly NewLine[];
  readonly nextCursor: string;
  readonly otherLines: number;
  /** Effect of all lines of the page, the platform's own business included. */
  readonly effect: bigint;
}

/**
 * Adds a page where the last one ended. False when somebody else has read on meanwhile; then
 * nothing is written.
 */
export async function appendPage(
  client: DbClient,
  { platformId, generation, lastSequence }: Statement,
  { lines, nextCursor, otherLines, effect }: NewPage,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update clearing.statement set next_cursor = $4, last_sequence = $3::bigint + $5,
        effect_sum = effect_sum + $6, other_lines = other_lines + $7
      where platform_id = $1 and generation = $2 and last_sequence = $3`,
    [platformId, generation, lastSequence, nextCursor, lines.length, effect, otherLines],
  );
  if (rowCount !== 1) return false;
  if (lines.length > 0) {
    await client.query(
      `insert into clearing.statement_line (platform_id, generation, sequence, effect,
          transaction_id, operation, reference)
       select $1, $2, $3 + l.position, l.effect, l.transaction_id, l.operation::"char", l.reference
         from unnest($4::bigint[], $5::uuid[], $6::text[], $7::text[]) with ordinality as l (effect,
           transaction_id, operation, reference, position)`,
      [
        platformId,
        generation,
        lastSequence,
        listOf(lines, (line) => line.effect),
        listOf(lines, (line) => line.transactionId),
        listOf(lines, (line) => line.operation),
        lines.map((line) => line.reference),
      ],
    );
  }
  return true;
}

/**
 * An array as PostgreSQL reads it, of values that need no quotes: the driver would look at every
 * character of them.
 */
function listOf(
  lines: readonly NewLine[],
  read: (line: NewLine) => string | bigint | null,
): string {
  return `{${lines.map((line) => read(line) ?? 'null').join(',')}}`;
}

/** What the platform held before its statement begins; null until it is known. */
export async function selectOpeningTotal(
  db: Queryable,
  platformId: PlatformId,
): Promise<bigint | null> {
  const { rows } = await db.query<{ opening_total: string }>(
    'select opening_total from clearing.total_baseline where platform_id = $1',
    [platformId],
  );
  return toBigint(rows[0]?.opening_total ?? null);
}

export async function insertOpeningTotal(
  db: Queryable,
  platformId: PlatformId,
  openingTotal: bigint,
): Promise<void> {
  await db.query(
    `insert into clearing.total_baseline (platform_id, opening_total) values ($1, $2)
        on conflict do nothing`,
    [platformId, openingTotal],
  );
}

export async function moveOpeningTotal(
  db: Queryable,
  platformId: PlatformId,
  by: bigint,
): Promise<void> {
  await db.query(
    'update clearing.total_baseline set opening_total = opening_total + $2 where platform_id = $1',
    [platformId, by],
  );
}

/**
 * The next run compares what comes after the statement's last line and what changed here after
 * `mergedAt`; this reading is the one that counts.
 */
export async function markMerged(
  client: DbClient,
  { platformId, generation, lastSequence }: Statement,
  mergedAt: Date,
): Promise<void> {
  await client.query(
    `update clearing.statement set merged_sequence = $3, merged_at = $4
        where platform_id = $1 and generation = $2`,
    [platformId, generation, lastSequence, mergedAt],
  );
  await client.query(
    'update clearing.reconciled_platform set generation = $2 where platform_id = $1',
    [platformId, generation],
  );
  await client.query('delete from clearing.statement where platform_id = $1 and generation < $2', [
    platformId,
    generation,
  ]);
}

/**
 * Removes some lines of readings that another one has replaced, or that are gone; true when there
 * may be more.
 */
export async function deleteOldLines(
  db: Queryable,
  platformId: PlatformId,
  limit: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `delete from clearing.statement_line
        where ctid = any (array(select l.ctid from clearing.statement_line l
      where l.platform_id = $1 and l.generation <> (select generation
        from clearing.reconciled_platform where platform_id = $1) limit $2))`,
    [platformId, limit],
  );
  return rowCount === limit;
}

// ---- the two sides of a comparison

export interface Scope {
  readonly statement: Statement;
  /**
   * Only what is new, what changed here after this moment, and what is open; everything when it is
   * null.
   */
  readonly changedSince: Date | null;
  /** What changed here after this moment may be missing in the statement. */
  readonly recentSince: Date;
}

export interface Sides {
  readonly ours: AsyncIterable<readonly OurEffect[]>;
  readonly theirs: AsyncIterable<readonly TheirLine[]>;
  /** What the platform named that cannot be a transaction of the network, one row for each name. */
  readonly foreign: AsyncIterable<
    readonly { readonly reference: string; readonly effect: bigint; readonly repeated: boolean }[]
  >;
}

/**
 * Opens both sides, sorted by transaction, in one snapshot that lasts as long as the client's
 * dbTransaction.
 */
export async function openSides(
  client: DbClient,
  { statement: { platformId, generation, mergedSequence }, changedSince, recentSince }: Scope,
): Promise<Sides> {
  await client.query('set transaction isolation level repeatable read');
  // All rows will be read, not the first few; sorting them spills to disk beyond work_mem.
  await client.query(
    'set local statement_timeout = 0; set local cursor_tuple_fraction = 1; set local work_mem ' +
      `= '32MB'; set local jit = off`,
  );
  const whole = changedSince === null;
  if (!whole) {
    await client.query(
      'create temporary table touched (bucket integer, transaction_id uuid, primary key ' +
        '(transaction_id)) on commit drop',
    );
    await longQuery(
      client,
      `insert into touched select ('x' || left(transaction_id::text, 4))::bit(16)::integer,
          transaction_id from (
         select transaction_id from clearing.statement_line
           where platform_id = $1 and generation = $2 and sequence > $3
           and transaction_id is not null
         union select transaction_id from clearing.saga where changed_at >= $4
           and ((source_platform = $1 and source_connected)
             or (target_platform = $1 and target_connected))
         union select transaction_id from clearing.break
           where platform_id = $1 and state <> 'resolved' and transaction_id is not null) t`,
      [platformId, generation, mergedSequence, changedSince],
    );
    await client.query('analyze touched');
  }
  await longQuery(
    client,
    `declare ours no scroll cursor for select e.transaction_id, e.effect, e.changed_at >= $2
       from ${whole ? '' : 'touched join'} clearing.expected_effect e
         ${whole ? '' : 'using (bucket, transaction_id)'} where e.platform_id = $1
         order by e.transaction_id`,
    [platformId, recentSince],
  );
  await longQuery(
    client,
    `declare theirs no scroll cursor for select l.transaction_id, l.operation, l.effect
       from ${whole ? '' : 'touched join'} clearing.statement_line l
         ${whole ? '' : 'using (transaction_id)'}
      where l.platform_id = $1 and l.generation = $2 and l.transaction_id is not null
        order by l.transaction_id`,
    [platformId, generation],
  );
  await longQuery(
    client,
    `declare named no scroll cursor for
        select reference, sum(effect)::text, count(*) > count(distinct operation)
       from clearing.statement_line where platform_id = $1 and generation = $2
         and reference is not null group by reference`,
    [platformId, generation],
  );
  return {
    ours: fetchAll(
      client,
      'ours',
      ([transactionId, effect, recent]: [string, bigint | null, boolean]) => ({
        transactionId,
        effect,
        recent,
      }),
    ),
    theirs: fetchAll(
      client,
      'theirs',
      ([transactionId, operation, effect]: [string, StatementOperation, bigint]) => ({
        transactionId,
        operation,
        effect,
      }),
    ),
    foreign: fetchAll(
      client,
      'named',
      ([reference, effect, repeated]: [string, string, boolean]) => ({
        reference,
        effect: BigInt(effect),
        repeated,
      }),
    ),
  };
}

async function* fetchAll<Columns extends unknown[], Row>(
  client: DbClient,
  cursor: string,
  read: (columns: Columns) => Row,
): AsyncGenerator<readonly Row[]> {
  const fetch = {
    text: `fetch ${FETCH} from ${cursor}`,
    rowMode: 'array' as const,
    query_timeout: MERGE_TIMEOUT_MS,
  };
  for (;;) {
    const { rows } = await client.query<Columns>(fetch);
    if (rows.length > 0) yield rows.map(read);
    if (rows.length < FETCH) return;
  }
}

async function longQuery(client: DbClient, text: string, values: unknown[]): Promise<void> {
  const query = { text, values, query_timeout: MERGE_TIMEOUT_MS };
  await client.query(query);
}

/**
 * What one transaction should have come to at a platform by now: undefined when it has nothing to
 * do with it, null while it is under way.
 */
export async function selectExpected(
  db: Queryable,
  platformId: PlatformId,
  transactionId: TransactionId,
): Promise<bigint | null | undefined> {
  const { rows } = await db.query<{ open: boolean; effect: string | null }>(
    `select bool_or(effect is null) as open, sum(effect)::text as effect
        from clearing.expected_effect
      where bucket = $1 and transaction_id = $2 and platform_id = $3 having count(*) > 0`,
    [Number.parseInt(transactionId.slice(0, 4), 16), transactionId, platformId],
  );
  const [row] = rows;
  return row === undefined ? undefined : row.open ? null : toBigint(row.effect);
}

/**
 * Of a hosted platform: what its members hold, and what all its other accounts say that they must
 * hold; minor units, in one snapshot.
 */
export async function sumHosted(
  client: DbClient,
  assetId: number,
  bucketCount: number,
): Promise<{ readonly members: bigint; readonly rest: bigint }> {
  await client.query('set transaction isolation level repeatable read, read only');
  let [members, rest] = [0n, 0n];
  for (let bucket = 0; bucket < bucketCount; bucket += 1) {
    const { rows } = await client.query<{ members: string | null; rest: string | null }>({
      text: `select (sum(credits_posted::numeric - debits_posted) filter (where purpose in ('lot',
          'debt')))::text as members,
                    (sum(debits_posted::numeric - credits_posted) filter
                      (where purpose not in ('lot', 'debt')))::text as rest
               from ledger.account where bucket = $1 and asset_id = $2`,
      values: [bucket, assetId],
    });
    members += toBigint(rows[0]?.members ?? null) ?? 0n;
    rest += toBigint(rows[0]?.rest ?? null) ?? 0n;
  }
  return { members, rest };
}

// ---- breaks

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
 * Those that there are already of the given subjects; their rows stay locked to the end of the
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

/** Writes breaks as they are now, new ones and known ones. */
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

/** Closes what a complete comparison has not seen any more; answers how many. */
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

/** What a recheck has found, where the sides still differ. */
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

/** How many are open. */
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

// ---- runs

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

/** False when somebody else has ended it, believing that this process was gone. */
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

/** Ends runs of a platform whose process has gone; for whoever holds the platform's lock. */
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

/** What waits for a process that does it, longest waiting first. */
export async function selectQueued(db: Queryable): Promise<Run[]> {
  const { rows } = await db.query<RunRow>(
    `select ${RUN_COLUMNS} from clearing.reconciliation_run where state = 'queued'
        order by asked_at, run_id`,
  );
  return rows.map(readRun);
}

/** When each platform was last asked for, by anybody; absent when never. */
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

function toBigint(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}
