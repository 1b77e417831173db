// SQL of operators' acts: who proposed to leave out, abort or take back, who decided, and which
// platforms are still to be suspended.

import type { PlatformId } from '../../kernel/ids.ts';
import type { SettlementAct } from './types.ts';
import type { Queryable } from '../../runtime/database.ts';

type ActRow = Omit<SettlementAct, 'proposedAtMs' | 'decidedAtMs'> & {
  readonly proposedAt: Date;
  readonly decidedAt: Date | null;
};

const ACT = `act_id as "actId", window_id as "windowId", kind, participants, reason, state, proposed_by as "proposedBy", proposed_at as "proposedAt",
  decided_by as "decidedBy", decided_at as "decidedAt"`;

function readAct({ proposedAt, decidedAt, ...row }: ActRow): SettlementAct {
  return { ...row, proposedAtMs: proposedAt.getTime(), decidedAtMs: decidedAt?.getTime() ?? null };
}

/** False when the window has an open one. */
export async function insertAct(
  db: Queryable,
  { actId, windowId, kind, participants, reason, proposedBy, proposedAtMs }: SettlementAct,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into clearing.settlement_act (act_id, window_id, kind, participants, reason,
        proposed_by, proposed_at) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (window_id) where state = 'open' do nothing`,
    [actId, windowId, kind, participants, reason, proposedBy, new Date(proposedAtMs)],
  );
  return rowCount === 1;
}

/** Oldest first. */
export async function selectActs(db: Queryable, windowId: number): Promise<SettlementAct[]> {
  const { rows } = await db.query<ActRow>(
    `select ${ACT} from clearing.settlement_act where window_id = $1 order by proposed_at, act_id`,
    [windowId],
  );
  return rows.map(readAct);
}

export async function decideAct(
  db: Queryable,
  { actId }: Pick<SettlementAct, 'actId'>,
  state: 'approved' | 'withdrawn',
  decidedBy: string,
  nowMs: number,
): Promise<void> {
  await db.query(
    `update clearing.settlement_act set state = $2, decided_by = $3, decided_at = $4
        where act_id = $1 and state = 'open'`,
    [actId, state, decidedBy, new Date(nowMs)],
  );
}

/** An open act has nothing left to act on. */
export async function closeActs(db: Queryable, windowId: number, nowMs: number): Promise<void> {
  await db.query(
    `update clearing.settlement_act set state = 'withdrawn', decided_by = 'settlement',
        decided_at = $2 where window_id = $1 and state = 'open'`,
    [windowId, new Date(nowMs)],
  );
}

/** Platforms that were left out and are not suspended yet. */
export async function selectToSuspend(db: Queryable): Promise<
  {
    readonly actId: string;
    readonly windowId: number;
    readonly platformId: PlatformId;
    readonly decidedBy: string;
  }[]
> {
  const { rows } = await db.query<{
    actId: string;
    windowId: number;
    platformId: PlatformId;
    decidedBy: string;
  }>(
    `select act_id as "actId", window_id as "windowId", participants[1] as "platformId",
        decided_by as "decidedBy"
       from clearing.settlement_act where kind = 'leave_out' and state = 'approved'
         and suspended_at is null order by decided_at`,
  );
  return rows;
}

export async function noteSuspended(db: Queryable, actId: string, nowMs: number): Promise<void> {
  await db.query('update clearing.settlement_act set suspended_at = $2 where act_id = $1', [
    actId,
    new Date(nowMs),
  ]);
}
