// All SQL of the reserves. The ledger owns the accounts.

import type { PlatformId } from '../../kernel/ids.ts';
import type { DbClient, Queryable } from '../../runtime/database.ts';
import type { ModeChange, RequestState, ReserveRequest } from './types.ts';

export interface ReserveRow {
  readonly platformId: PlatformId;
  /** Null for a fixed cap, or for no cap. */
  readonly capBasisPoints: number | null;
  readonly reached: readonly number[];
}

const RESERVE = 'platform_id as "platformId", cap_basis_points as "capBasisPoints", reached';

export async function selectReserves(db: Queryable): Promise<ReserveRow[]> {
  return (await db.query<ReserveRow>(`select ${RESERVE} from clearing.reserve`)).rows;
}

/**
 * A platform's row, created when there is none, and locked to the end of the dbTransaction, so that
 * changes of its cap and prefund follow one another.
 */
export async function lockReserve(client: DbClient, platformId: PlatformId): Promise<ReserveRow> {
  await client.query(
    'insert into clearing.reserve (platform_id) values ($1) on conflict do nothing',
    [platformId],
  );
  const {
    rows: [row],
  } = await client.query<ReserveRow>(
    `select ${RESERVE} from clearing.reserve where platform_id = $1 for update`,
    [platformId],
  );
  return row ?? { platformId, capBasisPoints: null, reached: [] };
}

export async function updateShare(
  db: Queryable,
  platformId: PlatformId,
  basisPoints: number | null,
): Promise<void> {
  await db.query('update clearing.reserve set cap_basis_points = $2 where platform_id = $1', [
    platformId,
    basisPoints,
  ]);
}

export async function updateReached(
  db: Queryable,
  platformId: PlatformId,
  reached: readonly number[],
): Promise<void> {
  await db.query('update clearing.reserve set reached = $2 where platform_id = $1', [
    platformId,
    reached,
  ]);
}

const REQUEST = `request_id as "requestId", platform_id as "platformId", kind, amount, basis_points as "basisPoints", bank_reference as "bankReference", reason, state,
  made_by as "madeBy", made_at as "madeAt", decided_by as "decidedBy", decided_at as "decidedAt", decision_reason as "decisionReason",
  carried_out_at as "carriedOutAt", transaction_id as "transactionId", refused_with as "refusedWith",
  narrows`;

/** False when an open or approved request names the same payment. */
export async function insertRequest(db: Queryable, row: ReserveRequest): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into clearing.reserve_request (request_id, platform_id, kind, amount, basis_points,
        bank_reference, reason, made_by, made_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (platform_id, kind, bank_reference)
       where kind <> 'cap' and state in ('open', 'approved') do nothing`,
    [
      row.requestId,
      row.platformId,
      row.kind,
      row.amount,
      row.basisPoints,
      row.bankReference,
      row.reason,
      row.madeBy,
      row.madeAt,
    ],
  );
  return rowCount === 1;
}

/** Approved by its own maker, because it lowers a cap. */
export async function insertNarrowing(db: Queryable, row: ReserveRequest): Promise<void> {
  await db.query(
    `insert into clearing.reserve_request
       (request_id, platform_id, kind, amount, basis_points, reason, state, made_by, made_at,
         decided_by, decided_at, narrows)
     values ($1, $2, 'cap', $3, $4, $5, 'approved', $6, $7, $6, $7, true)`,
    [
      row.requestId,
      row.platformId,
      row.amount,
      row.basisPoints,
      row.reason,
      row.madeBy,
      row.madeAt,
    ],
  );
}

/** With `forUpdate` its row stays locked to the end of the dbTransaction. */
export async function selectRequest(
  db: Queryable,
  requestId: string,
  forUpdate = false,
): Promise<ReserveRequest | undefined> {
  const { rows } = await db.query<ReserveRequest>(
    `select ${REQUEST} from clearing.reserve_request
        where request_id = $1${forUpdate ? ' for update' : ''}`,
    [requestId],
  );
  return rows[0];
}

/** Newest first; of one platform and of one state, where these are given. */
export async function selectRequests(
  db: Queryable,
  platformId: PlatformId | undefined,
  state: RequestState | undefined,
  limit: number,
): Promise<ReserveRequest[]> {
  const { rows } = await db.query<ReserveRequest>(
    `select ${REQUEST} from clearing.reserve_request where ($1::text is null or platform_id = $1)
        and ($2::text is null or state = $2)
      order by made_at desc, request_id limit $3`,
    [platformId ?? null, state ?? null, limit],
  );
  return rows;
}

/** Approved requests of a platform that have not taken effect, in the order of approval. */
export async function selectUnderWay(
  db: Queryable,
  platformId: PlatformId,
): Promise<ReserveRequest[]> {
  const { rows } = await db.query<ReserveRequest>(
    `select ${REQUEST} from clearing.reserve_request where platform_id = $1 and state = 'approved'
        and carried_out_at is null order by decided_at, request_id`,
    [platformId],
  );
  return rows;
}

export async function listPlatformsUnderWay(db: Queryable): Promise<PlatformId[]> {
  const { rows } = await db.query<{ platform_id: PlatformId }>(
    `select distinct platform_id from clearing.reserve_request
        where state = 'approved' and carried_out_at is null`,
  );
  return rows.map((row) => row.platform_id);
}

export async function decideRequest(
  db: Queryable,
  row: Pick<ReserveRequest, 'requestId' | 'state' | 'decidedBy' | 'decidedAt' | 'decisionReason'>,
): Promise<void> {
  await db.query(
    `update clearing.reserve_request set state = $2, decided_by = $3, decided_at = $4,
        decision_reason = $5 where request_id = $1`,
    [row.requestId, row.state, row.decidedBy, row.decidedAt, row.decisionReason],
  );
}

export async function finishRequest(
  db: Queryable,
  row: Pick<ReserveRequest, 'requestId' | 'carriedOutAt' | 'transactionId'>,
): Promise<void> {
  await db.query(
    `update clearing.reserve_request
        set carried_out_at = $2, transaction_id = $3, refused_with = null where request_id = $1`,
    [row.requestId, row.carriedOutAt, row.transactionId],
  );
}

/**
 * A request that the ledger has refused may be decided again, and so may a cap that is no longer
 * lower.
 */
export async function reopenRequest(
  db: Queryable,
  requestId: string,
  refusedWith: string | null,
): Promise<void> {
  await db.query(
    `update clearing.reserve_request
        set state = 'open', decided_by = null, decided_at = null, decision_reason = null,
          narrows = false, refused_with = $2
      where request_id = $1`,
    [requestId, refusedWith],
  );
}

/** A lower cap that the ledger has refused is not decided again. */
export async function dropRequest(
  db: Queryable,
  requestId: string,
  refusedWith: string,
): Promise<void> {
  await db.query(
    `update clearing.reserve_request set state = 'withdrawn', refused_with = $2
        where request_id = $1`,
    [requestId, refusedWith],
  );
}

export async function insertModeChange(db: Queryable, change: ModeChange): Promise<void> {
  await db.query(
    `insert into clearing.mode_change (platform_id, mode_before, mode, reason, changed_by,
        changed_at) values ($1, $2, $3, $4, $5, $6)`,
    [
      change.platformId,
      change.modeBefore,
      change.mode,
      change.reason,
      change.changedBy,
      change.changedAt,
    ],
  );
}

/** Newest first. */
export async function selectModeChanges(
  db: Queryable,
  platformId: PlatformId,
  limit: number,
): Promise<ModeChange[]> {
  const { rows } = await db.query<ModeChange>(
    `select platform_id as "platformId", mode_before as "modeBefore", mode, reason,
        changed_by as "changedBy", changed_at as "changedAt"
       from clearing.mode_change where platform_id = $1 order by change_id desc limit $2`,
    [platformId, limit],
  );
  return rows;
}
