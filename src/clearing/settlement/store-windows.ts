// SQL of windows: their rows, states and locks.

import type { Queryable } from '../../runtime/database.ts';
import {
  windowTransitions,
  type FromOf,
  type ToOf,
  type WindowChange,
  type WindowState,
} from './states.ts';
import type { SettlementWindow } from './types.ts';

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
 * One change of windows at a time; the lock is held to the end of the dbTransaction and holds up no
 * posting.
 */
export async function lockWindows(db: Queryable): Promise<void> {
  await db.query('select 1 from clearing.settlement_setting for update');
}

/** No other process pays a window, or changes its payments, to the end of the dbTransaction. */
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
 * Moves a window from one state to the next, as the table of transitions has it; nothing else
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

/** Windows that are closed and have no obligations yet, or get new ones once all is given back. */
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
