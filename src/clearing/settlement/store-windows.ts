// SQL on windows, their figures and the settings; obligations, what is paid of them and the
// operators' acts have files of their own, and so has what is read of the ledger.

import type { Bucket, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import {
  windowTransitions,
  type FromOf,
  type ToOf,
  type WindowChange,
  type WindowState,
} from './states.ts';
import type {
  CarveOut,
  Cut,
  Net,
  Pair,
  Participant,
  Schedule,
  SettlementSettings,
  SettlementWindow,
} from './types.ts';

interface WindowRow {
  readonly window_id: number;
  readonly state: WindowState;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly closed_by: string | null;
  readonly counted_at: Date | null;
  readonly mismatch: string | null;
  readonly proposed_by: string | null;
  readonly proposed_at: Date | null;
  readonly approved_by: string | null;
  readonly approved_at: Date | null;
  readonly settled_at: Date | null;
}

function ms(at: Date | null): number | null {
  return at?.getTime() ?? null;
}

function readWindow(row: WindowRow): SettlementWindow {
  return {
    windowId: row.window_id,
    state: row.state,
    openedAtMs: row.opened_at.getTime(),
    closedAtMs: ms(row.closed_at),
    closedBy: row.closed_by,
    countedAtMs: ms(row.counted_at),
    mismatch: row.mismatch,
    proposedBy: row.proposed_by,
    proposedAtMs: ms(row.proposed_at),
    approvedBy: row.approved_by,
    approvedAtMs: ms(row.approved_at),
    settledAtMs: ms(row.settled_at),
  };
}

/**
 * One change of windows at a time, by whomever; the lock is held to the end of the dbTransaction
 * and keeps no posting waiting.
 */
export async function lockWindows(db: Queryable): Promise<void> {
  await db.query('select 1 from clearing.settlement_setting for update');
}

/**
 * Nobody else pays a window, or changes what is to be paid of it, to the end of the dbTransaction.
 */
export async function lockPaying(db: Queryable, windowId: number): Promise<void> {
  // It waits for the ledger meanwhile.
  await db.query(`set local idle_in_transaction_session_timeout = '10min'`);
  await db.query(
    `select pg_advisory_xact_lock(hashtextextended('settlement window ' || $1::integer, 0))`,
    [windowId],
  );
}

export async function selectOpenWindow(db: Queryable): Promise<SettlementWindow<'open'>> {
  const { rows } = await db.query<WindowRow>(
    `select * from clearing.settlement_window where state = 'open'`,
  );
  if (rows[0] === undefined) throw new Error('there is no open settlement window');
  return readWindow(rows[0]) as SettlementWindow<'open'>;
}

export async function selectWindow(
  db: Queryable,
  windowId: number,
): Promise<SettlementWindow | undefined> {
  const { rows } = await db.query<WindowRow>(
    'select * from clearing.settlement_window where window_id = $1',
    [windowId],
  );
  return rows[0] === undefined ? undefined : readWindow(rows[0]);
}

/** Newest first, before a number. */
export async function selectWindows(
  db: Queryable,
  before: number,
  limit: number,
  state: WindowState | undefined,
): Promise<SettlementWindow[]> {
  const { rows } = await db.query<WindowRow>(
    `select * from clearing.settlement_window
        where window_id < $1 and ($3::text is null or state = $3) order by window_id desc limit $2`,
    [before, limit, state ?? null],
  );
  return rows.map(readWindow);
}

/** Oldest first. */
export async function selectUncounted(db: Queryable): Promise<SettlementWindow[]> {
  const { rows } = await db.query<WindowRow>(
    `select * from clearing.settlement_window where state not in ('open', 'settled')
        and counted_at is null order by window_id`,
  );
  return rows.map(readWindow);
}

/** Windows of which something can be taken, paid out or ended now; oldest first. */
export async function selectPayable(db: Queryable, nowMs: number): Promise<number[]> {
  const { rows } = await db.query<{ window_id: number }>(
    `select w.window_id from clearing.settlement_window w
      where w.state in ('settling', 'aborting') and (
            exists (
              select from clearing.obligation o
                left join lateral (
                  select coalesce(sum(p.amount) filter (where p.state = 'posted'), 0) as paid,
                    bool_or(p.state = 'planned') as planned
                    from clearing.part_payment p
                   where p.window_id = o.window_id and p.participant = o.participant
                     and p.basis = o.basis) p on true
               where o.window_id = w.window_id and o.state = 'approved'
                 and (o.next_attempt_at is null or o.next_attempt_at <= $1)
                 and (o.amount <= p.paid or p.planned))
         or (select sum(p.amount) from clearing.part_payment p where p.window_id = w.window_id) < 0
         or not exists (select from clearing.obligation o
           where o.window_id = w.window_id and o.state <> 'paid'))
      order by w.window_id`,
    [new Date(nowMs)],
  );
  return rows.map((row) => row.window_id);
}

/** Who changed a window's state, and when; what is absent stays as it is, and null clears. */
export interface WindowMarks {
  readonly closedAtMs?: number;
  readonly closedBy?: string;
  readonly proposedBy?: string | null;
  readonly proposedAtMs?: number | null;
  readonly approvedBy?: string | null;
  readonly approvedAtMs?: number | null;
  readonly settledAtMs?: number;
}

const MARKS = {
  closedAtMs: 'closed_at',
  closedBy: 'closed_by',
  proposedBy: 'proposed_by',
  proposedAtMs: 'proposed_at',
  approvedBy: 'approved_by',
  approvedAtMs: 'approved_at',
  settledAtMs: 'settled_at',
} as const satisfies Record<keyof WindowMarks, string>;

/**
 * Takes a window from one state to the next, as the table of transitions has it; nothing else
 * changes a state. Callers hold the lock.
 */
export async function moveWindow<Change extends WindowChange>(
  db: Queryable,
  window: SettlementWindow<FromOf<Change>>,
  change: Change,
  marks: WindowMarks,
): Promise<SettlementWindow<ToOf<Change>>> {
  const names = Object.keys(marks) as (keyof WindowMarks)[];
  const values = names.map((name) =>
    name.endsWith('AtMs') && marks[name] !== null ? new Date(marks[name] as number) : marks[name],
  );
  const { rows } = await db.query<WindowRow>(
    `update clearing.settlement_window
        set state = $2${names.map((name, index) => `, ${MARKS[name]} = $${index + 4}`).join('')}
        where window_id = $1 and state = $3 returning *`,
    [window.windowId, windowTransitions[change].to, window.state, ...values],
  );
  if (rows[0] === undefined)
    throw new Error(`settlement window ${window.windowId} is no longer ${window.state}`);
  return readWindow(rows[0]) as SettlementWindow<ToOf<Change>>;
}

export async function insertWindow(
  db: Queryable,
  windowId: number,
  openedAtMs: number,
): Promise<void> {
  await db.query(
    `insert into clearing.settlement_window (window_id, state, opened_at) values ($1, 'open', $2)`,
    [windowId, new Date(openedAtMs)],
  );
}

/** Where each bucket's rows ended when a window was closed. */
export async function selectCuts(db: Queryable, windowId: number): Promise<Cut[]> {
  const { rows } = await db.query<Cut>(
    `select bucket, from_sequence as "from", to_sequence as "to" from clearing.window_cut
        where window_id = $1 order by bucket`,
    [windowId],
  );
  return rows;
}

export async function insertCuts(
  db: Queryable,
  windowId: number,
  cuts: readonly Cut[],
): Promise<void> {
  await db.query(
    `insert into clearing.window_cut (window_id, bucket, from_sequence, to_sequence,
        counted_through) select $1, bucket, "from", "to", "from"
        from unnest($2::integer[], $3::bigint[], $4::bigint[]) as c (bucket, "from", "to")`,
    [
      windowId,
      cuts.map(({ bucket }) => bucket),
      cuts.map(({ from }) => from),
      cuts.map(({ to }) => to),
    ],
  );
}

/** The closed window that a journal row is in. */
export async function findWindowOf(
  db: Queryable,
  bucket: Bucket,
  sequence: bigint,
): Promise<number | undefined> {
  const { rows } = await db.query<{ window_id: number }>(
    `select window_id from clearing.window_cut where bucket = $1 and from_sequence < $2
        and to_sequence >= $2`,
    [bucket, sequence],
  );
  return rows[0]?.window_id;
}

/**
 * A cut whose pairs are not counted to the end, locked so that nobody else counts it; those that
 * somebody counts are passed over.
 */
export async function lockUncountedCut(
  db: Queryable,
  windowId: number,
): Promise<{ readonly bucket: Bucket; readonly counted: bigint; readonly to: bigint } | undefined> {
  const { rows } = await db.query<{ bucket: Bucket; counted: bigint; to: bigint }>(
    `select bucket, counted_through as counted, to_sequence as "to" from clearing.window_cut
      where window_id = $1 and counted_through < to_sequence order by bucket limit 1
        for update skip locked`,
    [windowId],
  );
  return rows[0];
}

export async function hasUncountedCut(db: Queryable, windowId: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `select 1 from clearing.window_cut where window_id = $1 and counted_through < to_sequence
        limit 1`,
    [windowId],
  );
  return rowCount !== 0;
}

/** Adds what was counted to a window's pairs, and moves on to where it was counted. */
export async function addPairs(
  db: Queryable,
  windowId: number,
  bucket: Bucket,
  through: bigint,
  pairs: readonly Pair[],
): Promise<void> {
  await db.query(
    'update clearing.window_cut set counted_through = $3 where window_id = $1 and bucket = $2',
    [windowId, bucket, through],
  );
  // In one order, so that two who count different buckets never wait for each other in a circle.
  const sorted = pairs.toSorted((a, b) =>
    `${a.source} ${a.target} ${a.kind}` < `${b.source} ${b.target} ${b.kind}` ? -1 : 1,
  );
  await db.query(
    `insert into clearing.window_pair as p (window_id, source_platform, target_platform, kind,
        transactions, amount, credited, owed, due)
     select $1, n.* from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
       $7::bigint[], $8::bigint[], $9::bigint[])
            as n (source_platform, target_platform, kind, transactions, amount, credited, owed, due)
         on conflict (window_id, source_platform, target_platform, kind) do update
        set transactions = p.transactions + excluded.transactions,
          amount = p.amount + excluded.amount, credited = p.credited + excluded.credited,
            owed = p.owed + excluded.owed, due = p.due + excluded.due`,
    [
      windowId,
      sorted.map(({ source }) => source),
      sorted.map(({ target }) => target),
      sorted.map(({ kind }) => kind),
      sorted.map(({ transactions }) => transactions),
      sorted.map(({ amount }) => amount),
      sorted.map(({ credited }) => credited),
      sorted.map(({ owed }) => owed),
      sorted.map(({ due }) => due),
    ],
  );
}

/** False when somebody else has done so. */
export async function markCounted(
  db: Queryable,
  windowId: number,
  mismatch: string | undefined,
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update clearing.settlement_window set counted_at = $2, mismatch = $3
        where window_id = $1 and counted_at is null`,
    [windowId, new Date(nowMs), mismatch ?? null],
  );
  return rowCount === 1;
}

export async function selectPairs(db: Queryable, windowId: number): Promise<Pair[]> {
  const { rows } = await db.query<Pair>(
    `select source_platform as source, target_platform as target, kind, transactions, amount,
        credited, owed, due
       from clearing.window_pair where window_id = $1
         order by source_platform, target_platform, kind`,
    [windowId],
  );
  return rows;
}

export async function insertNets(
  db: Queryable,
  windowId: number,
  nets: readonly Net[],
): Promise<void> {
  await db.query(
    `insert into clearing.window_net (window_id, participant, opening, net, paid, closing)
     select $1, n.* from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[],
       $6::bigint[]) as n (participant, opening, net, paid, closing)`,
    [
      windowId,
      nets.map(({ participant }) => participant),
      nets.map(({ opening }) => opening),
      nets.map(({ net }) => net),
      nets.map(({ paid }) => paid),
      nets.map(({ closing }) => closing),
    ],
  );
}

export async function selectNets(db: Queryable, windowId: number): Promise<Net[]> {
  const { rows } = await db.query<Net>(
    `select participant, opening, net, paid, closing from clearing.window_net where window_id = $1
        order by participant`,
    [windowId],
  );
  return rows;
}

/** One participant's figures, by window. */
export async function selectNetsOf(
  db: Queryable,
  participant: Participant,
  windowIds: readonly number[],
): Promise<Map<number, Net>> {
  const { rows } = await db.query<Net & { window_id: number }>(
    `select window_id, participant, opening, net, paid, closing from clearing.window_net
        where participant = $1 and window_id = any($2)`,
    [participant, windowIds],
  );
  return new Map(rows.map((row) => [row.window_id, row]));
}

/** What a platform still owes by its obligations, for windows that are closed and not settled. */
export async function sumOwed(db: Queryable, platformId: PlatformId): Promise<bigint> {
  const { rows } = await db.query<{ owed: bigint }>(
    `select coalesce(sum(greatest(-left_over, 0)), 0)::bigint as owed
       from clearing.settlement_window w
      cross join lateral (
        select o.amount - coalesce((select sum(p.amount) from clearing.part_payment p
          where p.window_id = w.window_id and p.participant = $1 and p.basis = o.basis
                                     and p.state = 'posted'), 0) as left_over
          from clearing.obligation o where o.window_id = w.window_id and o.participant = $1) l
      where w.state not in ('open', 'settled')`,
    [platformId],
  );
  return rows[0]?.owed ?? 0n;
}

/**
 * Windows that are closed and have no obligations yet, or are to have new ones once all is given
 * back.
 */
export async function selectUnproposed(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ window_id: number }>(
    `select window_id from clearing.settlement_window w
      where state not in ('open', 'settled')
        and (state = 'aborting' or not exists (select from clearing.obligation o
          where o.window_id = w.window_id))
      order by window_id`,
  );
  return rows.map(({ window_id }) => window_id);
}

interface CarveOutRow {
  readonly window_id: number;
  readonly bucket: Bucket;
  readonly row_id: TransactionId;
  readonly transaction_id: TransactionId;
  readonly direction: 'out' | 'in';
  readonly source_platform: PlatformId;
  readonly target_platform: PlatformId;
  readonly amount: bigint;
  readonly source_effect: bigint;
  readonly target_effect: bigint;
}

function readCarveOut(row: CarveOutRow): CarveOut {
  return {
    windowId: row.window_id,
    bucket: row.bucket,
    rowId: row.row_id,
    transactionId: row.transaction_id,
    direction: row.direction,
    source: row.source_platform,
    target: row.target_platform,
    amount: row.amount,
    sourceEffect: row.source_effect,
    targetEffect: row.target_effect,
  };
}

export async function selectCarveOuts(db: Queryable, windowId: number): Promise<CarveOut[]> {
  const { rows } = await db.query<CarveOutRow>(
    `select * from clearing.window_carve_out where window_id = $1
        order by direction, transaction_id`,
    [windowId],
  );
  return rows.map(readCarveOut);
}

/**
 * Of all windows: those of the named rows, and those of rows of which something is still left out.
 */
export async function selectCarveOutsOf(
  db: Queryable,
  rowIds: readonly TransactionId[],
): Promise<CarveOut[]> {
  const { rows } = await db.query<CarveOutRow>(
    `select * from clearing.window_carve_out where row_id = any($1) or row_id in (
       select row_id from clearing.window_carve_out group by row_id
         having sum(case direction when 'out' then amount else -amount end) > 0)
      order by row_id, window_id`,
    [rowIds],
  );
  return rows.map(readCarveOut);
}

export async function addCarveOuts(
  db: Queryable,
  carved: readonly CarveOut[],
  nowMs: number,
): Promise<void> {
  for (const {
    windowId,
    bucket,
    rowId,
    transactionId,
    direction,
    source,
    target,
    amount,
    sourceEffect,
    targetEffect,
  } of carved) {
    await db.query(
      `insert into clearing.window_carve_out as c (window_id, bucket, row_id, transaction_id,
          direction, source_platform, target_platform, amount, source_effect, target_effect,
          changed_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
       on conflict (window_id, row_id, direction) do update
          set amount = c.amount + excluded.amount,
            source_effect = c.source_effect + excluded.source_effect,
            target_effect = c.target_effect + excluded.target_effect,
            changed_at = excluded.changed_at`,
      [
        windowId,
        bucket,
        rowId,
        transactionId,
        direction,
        source,
        target,
        amount,
        sourceEffect,
        targetEffect,
        new Date(nowMs),
      ],
    );
  }
}

export async function selectSettings(db: Queryable): Promise<SettlementSettings> {
  const { rows } = await db.query<{ daily_at: string | null; every_minutes: number | null }>(
    'select daily_at, every_minutes from clearing.settlement_setting',
  );
  const pairs = await db.query<{ platform_a: PlatformId; platform_b: PlatformId }>(
    'select platform_a, platform_b from clearing.gross_pair order by 1, 2',
  );
  return {
    schedule: readSchedule(rows[0]),
    grossPairs: pairs.rows.map((row) => [row.platform_a, row.platform_b] as const),
  };
}

function readSchedule(
  row: { readonly daily_at: string | null; readonly every_minutes: number | null } | undefined,
): Schedule {
  if (typeof row?.daily_at === 'string') return { kind: 'daily', at: row.daily_at };
  return typeof row?.every_minutes === 'number'
    ? { kind: 'every', minutes: row.every_minutes }
    : { kind: 'none' };
}

export async function updateSchedule(
  db: Queryable,
  schedule: Schedule,
  operatorId: string,
  nowMs: number,
): Promise<void> {
  await db.query(
    `update clearing.settlement_setting set daily_at = $1, every_minutes = $2, changed_by = $3,
        changed_at = $4`,
    [
      schedule.kind === 'daily' ? schedule.at : null,
      schedule.kind === 'every' ? schedule.minutes : null,
      operatorId,
      new Date(nowMs),
    ],
  );
}

export async function replaceGrossPairs(
  db: Queryable,
  pairs: readonly (readonly [PlatformId, PlatformId])[],
  operatorId: string,
  nowMs: number,
): Promise<void> {
  const inOrder = pairs.map(([a, b]) => (a < b ? [a, b] : [b, a]) as [PlatformId, PlatformId]);
  await db.query('delete from clearing.gross_pair');
  await db.query(
    `insert into clearing.gross_pair (platform_a, platform_b, changed_by, changed_at)
        select distinct a, b, $3, $4::timestamptz from unnest($1::text[], $2::text[]) as p (a, b)`,
    [inOrder.map(([a]) => a), inOrder.map(([, b]) => b), operatorId, new Date(nowMs)],
  );
}
