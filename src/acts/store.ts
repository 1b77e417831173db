// All SQL of the acts: requests and their states.

import type { Queryable } from '../runtime/database.ts';
import type { ActRequest, ActRequestState } from './types.ts';

/** As it is stored: with its secrets sealed. */
export interface StoredRequest extends ActRequest {
  readonly sealed: Buffer | null;
}

const REQUEST = `request_id as "requestId", act, arguments, sealed, words, circumstances, fingerprint, reason, state, made_by as "madeBy", made_at as "madeAt",
  expires_at as "expiresAt", decided_by as "decidedBy", decided_at as "decidedAt", decision_reason as "decisionReason", ended_at as "endedAt", outcome,
  failed_with as "failedWith"`;

export async function insertRequest(db: Queryable, row: StoredRequest): Promise<void> {
  await db.query(
    `insert into acts.request (request_id, act, arguments, sealed, words, circumstances,
        fingerprint, reason, made_by, made_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      row.requestId,
      row.act,
      JSON.stringify(row.arguments),
      row.sealed,
      row.words,
      JSON.stringify(row.circumstances),
      row.fingerprint,
      row.reason,
      row.madeBy,
      row.madeAt,
      row.expiresAt,
    ],
  );
}

/** With `forUpdate` its row stays locked to the end of the dbTransaction. */
export async function selectRequest(
  db: Queryable,
  requestId: string,
  forUpdate = false,
): Promise<StoredRequest | undefined> {
  const { rows } = await db.query<StoredRequest>(
    `select ${REQUEST} from acts.request where request_id = $1${forUpdate ? ' for update' : ''}`,
    [requestId],
  );
  return rows[0];
}

/** Newest first; of one state where it is given. */
export async function selectRequests(
  db: Queryable,
  state: ActRequestState | undefined,
  limit: number,
): Promise<StoredRequest[]> {
  const { rows } = await db.query<StoredRequest>(
    `select ${REQUEST} from acts.request where $1::text is null or state = $1
        order by made_at desc, request_id limit $2`,
    [state ?? null, limit],
  );
  return rows;
}

/** Writes its state and decision. Sealed secrets are kept only as long as they are needed. */
export async function changeRequest(
  db: Queryable,
  row: Pick<
    ActRequest,
    | 'requestId'
    | 'state'
    | 'decidedBy'
    | 'decidedAt'
    | 'decisionReason'
    | 'endedAt'
    | 'outcome'
    | 'failedWith'
  >,
): Promise<void> {
  await db.query(
    `update acts.request set state = $2, decided_by = $3, decided_at = $4, decision_reason = $5,
        ended_at = $6, outcome = $7, failed_with = $8,
            sealed = case when $2 in ('open', 'approved') then sealed end
      where request_id = $1`,
    [
      row.requestId,
      row.state,
      row.decidedBy,
      row.decidedAt,
      row.decisionReason,
      row.endedAt,
      row.outcome === null ? null : JSON.stringify(row.outcome),
      row.failedWith,
    ],
  );
}

/** Those whose approval was left behind, judging by the clock. */
export async function selectUnderWay(db: Queryable, approvedBefore: Date): Promise<string[]> {
  const { rows } = await db.query<{ request_id: string }>(
    `select request_id from acts.request where state = 'approved' and decided_at < $1
        order by decided_at`,
    [approvedBefore],
  );
  return rows.map((row) => row.request_id);
}

export async function selectExpired(db: Queryable, now: Date): Promise<string[]> {
  const { rows } = await db.query<{ request_id: string }>(
    `select request_id from acts.request where state = 'open' and expires_at <= $1
        order by expires_at`,
    [now],
  );
  return rows.map((row) => row.request_id);
}
