// SQL of sagas: their rows, states and figures.

import type { Bucket, MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import type { EndState, OpenState, Purpose, SagaState } from './states.ts';
import type { Order, Saga, SagaAction, SagaActionName } from './types.ts';
import { TASK, addJobs } from './store-queue.ts';

interface SagaRow {
  readonly bucket: Bucket;
  readonly saga_id: TransactionId;
  readonly transaction_id: TransactionId;
  readonly purpose: Purpose;
  readonly state: SagaState;
  readonly source_platform: PlatformId;
  readonly target_platform: PlatformId;
  readonly source_connected: boolean;
  readonly target_connected: boolean;
  readonly source_member: MemberId;
  readonly target_member: MemberId;
  readonly amount: bigint;
  readonly credited: bigint;
  readonly attempts: number;
  /** Infinity when it has none. */
  readonly next_attempt_at: Date | number;
  readonly deadline_at: Date;
  readonly attention: string | null;
  readonly ordered: Order | null;
  readonly last_error: string | null;
  readonly refusal: string | null;
  readonly created_at: Date;
  readonly changed_at: Date;
  readonly revision: number;
}

function readSaga(row: SagaRow): Saga {
  return {
    bucket: row.bucket,
    sagaId: row.saga_id,
    transactionId: row.transaction_id,
    purpose: row.purpose,
    state: row.state,
    source: row.source_platform,
    target: row.target_platform,
    sourceConnected: row.source_connected,
    targetConnected: row.target_connected,
    sourceMember: row.source_member,
    targetMember: row.target_member,
    amount: row.amount,
    credited: row.credited,
    attempts: row.attempts,
    nextAttemptAtMs: Number(row.next_attempt_at),
    deadlineAtMs: row.deadline_at.getTime(),
    attention: row.attention,
    ordered: row.ordered,
    lastError: row.last_error,
    refusal: row.refusal,
    createdAtMs: row.created_at.getTime(),
    changedAtMs: row.changed_at.getTime(),
    revision: row.revision,
  };
}

/** A new saga, as known to the commit that begins it. */
export type NewSaga = Pick<
  Saga,
  | 'bucket'
  | 'sagaId'
  | 'purpose'
  | 'source'
  | 'target'
  | 'sourceConnected'
  | 'targetConnected'
  | 'sourceMember'
  | 'targetMember'
  | 'amount'
  | 'credited'
> & {
  readonly state: OpenState;
  /** For a reversal: the transaction that the transfer's saga was posted as. */
  readonly reversedId: TransactionId | null;
};

/**
 * Adds sagas of one bucket and their jobs. A reversal takes its transaction_id, the id that
 * platforms know, from the transfer it undoes.
 */
export async function insertSagas(
  db: Queryable,
  bucket: Bucket,
  sagas: readonly NewSaga[],
  nowMs: number,
  deadlineMs: number,
): Promise<void> {
  const now = new Date(nowMs);
  const inserted = db.query({
    name: 'saga-insert',
    text: `insert into clearing.saga (bucket, saga_id, transaction_id, purpose, state,
        source_platform, target_platform, source_connected, target_connected,
                                      source_member, target_member, amount, credited,
                                        next_attempt_at, deadline_at, created_at, changed_at)
           select $1, n.saga_id, coalesce(c.related_id, n.saga_id), n.purpose, n.state, n.source,
             n.target, n.source_connected, n.target_connected,
                  n.source_member, n.target_member, n.amount, n.credited, $2, $3, $2, $2
             from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::boolean[],
               $10::boolean[], $11::uuid[], $12::uuid[], $13::bigint[], $14::bigint[], $15::uuid[])
               as n (saga_id, purpose, state, source, target, source_connected, target_connected,
                 source_member, target_member, amount, credited, reversed_id)
             left join ledger.transaction c on c.bucket = $1 and c.transaction_id = n.reversed_id
               and c.leg = 0`,
    values: [
      bucket,
      now,
      new Date(nowMs + deadlineMs),
      sagas.map(({ sagaId }) => sagaId),
      sagas.map(({ purpose }) => purpose),
      sagas.map(({ state }) => state),
      sagas.map(({ source }) => source),
      sagas.map(({ target }) => target),
      sagas.map(({ sourceConnected }) => sourceConnected),
      sagas.map(({ targetConnected }) => targetConnected),
      sagas.map(({ sourceMember }) => sourceMember),
      sagas.map(({ targetMember }) => targetMember),
      sagas.map(({ amount }) => amount),
      sagas.map(({ credited }) => credited),
      sagas.map(({ reversedId }) => reversedId),
    ],
  });
  // Sent before the first is answered, so the commit does not wait in between.
  const added = addJobs(
    db,
    bucket,
    sagas.map(({ sagaId }) => sagaId),
    now,
  );
  await Promise.all([inserted, added]);
}

/**
 * Ends sagas of one bucket in the commit of the ledger's row that ends them. The commit fails when
 * one that is being undone would be completed.
 */
export function endSagas(
  db: Queryable,
  bucket: Bucket,
  sagaIds: readonly TransactionId[],
  state: EndState,
  nowMs: number,
): Promise<unknown> {
  return db.query({
    name: 'saga-end',
    text: 'select clearing.end_sagas($1, $2, $3, $4)',
    values: [bucket, sagaIds, state, new Date(nowMs)],
  });
}

/** In the order of the ids. */
export async function selectSagas(
  db: Queryable,
  bucket: Bucket,
  sagaIds: readonly TransactionId[],
): Promise<(Saga | undefined)[]> {
  const { rows } = await db.query<SagaRow>({
    name: 'saga-select',
    text: 'select * from clearing.saga where bucket = $1 and saga_id = any($2)',
    values: [bucket, sagaIds],
  });
  const found = new Map(rows.map((row) => [row.saga_id, readSaga(row)]));
  return sagaIds.map((sagaId) => found.get(sagaId));
}

export interface SagaMove {
  readonly saga: Pick<Saga, 'sagaId' | 'revision'>;
  readonly to: SagaState;
  /** Why it goes back; the first reason is kept. */
  readonly refusal?: string | undefined;
}

/**
 * Moves sagas of one bucket to their next states. Returns them in the same order as they are then,
 * or undefined where another worker was first.
 */
export async function moveSagas(
  db: Queryable,
  bucket: Bucket,
  moves: readonly SagaMove[],
  nowMs: number,
): Promise<(Saga | undefined)[]> {
  const { rows } = await db.query<SagaRow>({
    name: 'saga-move',
    text: `update clearing.saga s set state = m.state, attempts = 0, next_attempt_at = $2,
        attention = null, ordered = null, last_error = null,
        refusal = coalesce(s.refusal, m.refusal), changed_at = $2, revision = s.revision + 1
             from unnest($3::uuid[], $4::integer[], $5::text[], $6::text[]) as m (saga_id, revision,
               state, refusal)
            where s.bucket = $1 and s.saga_id = m.saga_id and s.revision = m.revision
              and s.state not in ('completed', 'failed')
        returning s.*`,
    values: [
      bucket,
      new Date(nowMs),
      moves.map(({ saga }) => saga.sagaId),
      moves.map(({ saga }) => saga.revision),
      moves.map(({ to }) => to),
      moves.map(({ refusal }) => refusal ?? null),
    ],
  });
  const moved = new Map(rows.map((row) => [row.saga_id, readSaga(row)]));
  return moves.map(({ saga }) => moved.get(saga.sagaId));
}

/**
 * Records that a call had no outcome, and when to retry; false when another worker has moved the
 * saga.
 */
export async function postponeSaga(
  db: Queryable,
  saga: Saga,
  to: {
    readonly atMs: number;
    readonly error: string;
    readonly attention: string | null;
    readonly counts: boolean;
  },
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'saga-postpone',
    text: `with postponed as (
             update clearing.saga set attempts = attempts + $5, next_attempt_at = $4,
               last_error = $6, attention = coalesce($7, attention), changed_at = $8,
               revision = revision + 1
              where bucket = $1 and saga_id = $2 and revision = $3
                and state not in ('completed', 'failed') returning saga_id)
           select graphile_worker.add_job('${TASK}',
             json_build_object('bucket', $1::integer, 'saga_id', saga_id), run_at => $4,
             job_key => saga_id::text) from postponed`,
    values: [
      saga.bucket,
      saga.sagaId,
      saga.revision,
      new Date(to.atMs),
      to.counts ? 1 : 0,
      to.error.slice(0, 500),
      to.attention,
      new Date(nowMs),
    ],
  });
  return rowCount === 1;
}

export interface SagaWait {
  readonly saga: Pick<Saga, 'sagaId' | 'revision'>;
  readonly atMs: number;
  readonly error: string;
}

/**
 * Puts off sagas of one bucket that have made no call, like `postponeSaga` for each that needs no
 * operator. Returns, in the same order, whether each was put off.
 */
export async function putOffSagas(
  db: Queryable,
  bucket: Bucket,
  waits: readonly SagaWait[],
  nowMs: number,
): Promise<boolean[]> {
  const { rows } = await db.query<{ saga_id: TransactionId }>({
    name: 'saga-put-off',
    text: `with put_off as (
             update clearing.saga s
               set next_attempt_at = w.at, last_error = w.error, changed_at = $2,
               revision = s.revision + 1
               from unnest($3::uuid[], $4::integer[], $5::timestamptz[], $6::text[]) as w (saga_id,
                 revision, at, error)
              where s.bucket = $1 and s.saga_id = w.saga_id and s.revision = w.revision
                and s.state not in ('completed', 'failed') returning s.saga_id, s.next_attempt_at),
           jobs as (
             select count(*) from graphile_worker.add_jobs(array(
               select row('${TASK}', json_build_object('bucket', $1::integer, 'saga_id', saga_id),
                 null, next_attempt_at, null, saga_id::text, null, null)::graphile_worker.job_spec
                 from put_off)))
           select saga_id from put_off cross join jobs`,
    values: [
      bucket,
      new Date(nowMs),
      waits.map(({ saga }) => saga.sagaId),
      waits.map(({ saga }) => saga.revision),
      waits.map(({ atMs }) => new Date(atMs)),
      waits.map(({ error }) => error.slice(0, 500)),
    ],
  });
  const done = new Set(rows.map((row) => row.saga_id));
  return waits.map(({ saga }) => done.has(saga.sagaId));
}

/**
 * Puts a saga on the attention list and stops it: nothing is tried until an operator acts. False
 * when another worker has moved it.
 */
export async function stopSaga(
  db: Queryable,
  saga: Saga,
  attention: string,
  nowMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update clearing.saga set attention = $4, ordered = null, next_attempt_at = 'infinity',
        changed_at = $5, revision = revision + 1
      where bucket = $1 and saga_id = $2 and revision = $3 and state not in ('completed', 'failed')`,
    [saga.bucket, saga.sagaId, saga.revision, attention, new Date(nowMs)],
  );
  return rowCount === 1;
}

/**
 * Writes an operator's decision, and a job that carries it out; false when the saga has changed its
 * state meanwhile, or another operator was first. Attempts without an outcome in between do not
 * matter. After an attempt the platform is still queried first.
 */
export async function orderSaga(
  db: Queryable,
  saga: Saga,
  action: SagaActionName,
  operatorId: string,
  reason: string,
  nowMs: number,
): Promise<boolean> {
  const now = new Date(nowMs);
  const { rowCount } = await db.query(
    `update clearing.saga set ordered = $4, attempts = least(attempts, 1), next_attempt_at = $5,
        changed_at = $5, revision = revision + 1
      where bucket = $1 and saga_id = $2 and state = $3 and ordered is not distinct from $6`,
    [saga.bucket, saga.sagaId, saga.state, action === 'retry' ? null : action, now, saga.ordered],
  );
  if (rowCount !== 1) return false;
  await db.query(
    `insert into clearing.saga_action (bucket, saga_id, acted_at, operator_id, action, reason,
        state)
     select $1, $2, greatest($3::timestamptz, max(acted_at) + interval '1 microsecond'), $4, $5, $6,
       $7 from clearing.saga_action where bucket = $1 and saga_id = $2`,
    [saga.bucket, saga.sagaId, now, operatorId, action, reason, saga.state],
  );
  await addJobs(db, saga.bucket, [saga.sagaId], now);
  return true;
}

export async function selectActions(
  db: Queryable,
  bucket: Bucket,
  sagaId: TransactionId,
): Promise<SagaAction[]> {
  const { rows } = await db.query<{
    acted_at: Date;
    operator_id: string;
    action: SagaActionName;
    reason: string;
    state: SagaState;
  }>(
    `select acted_at, operator_id, action, reason, state from clearing.saga_action
        where bucket = $1 and saga_id = $2 order by acted_at`,
    [bucket, sagaId],
  );
  return rows.map((row) => ({
    actedAtMs: row.acted_at.getTime(),
    operatorId: row.operator_id,
    action: row.action,
    reason: row.reason,
    state: row.state,
  }));
}

/** Sagas that an operator has to look at, longest waiting first; with `all`, every open one. */
export async function selectOpen(
  db: Queryable,
  bucket: Bucket,
  all: boolean,
  limit: number,
): Promise<Saga[]> {
  const { rows } = await db.query<SagaRow>(
    `select * from clearing.saga where bucket = $1 and state not in ('completed', 'failed')
        and ($2 or attention is not null) order by created_at limit $3`,
    [bucket, all, limit],
  );
  return rows.map(readSaga);
}

export async function selectStates(
  db: Queryable,
  bucket: Bucket,
  sagaIds: readonly TransactionId[],
): Promise<{ sagaId: TransactionId; state: SagaState }[]> {
  const { rows } = await db.query<{ saga_id: TransactionId; state: SagaState }>({
    name: 'saga-states',
    text: 'select saga_id, state from clearing.saga where bucket = $1 and saga_id = any($2)',
    values: [bucket, sagaIds],
  });
  return rows.map((row) => ({ sagaId: row.saga_id, state: row.state }));
}

export interface SagaFigures {
  readonly open: number;
  /** Open ones that need an operator. */
  readonly attention: number;
  /** Open ones past their deadline. */
  readonly overdue: number;
  readonly oldestOpenSeconds: number;
}

export async function selectFigures(db: Queryable, nowMs: number): Promise<SagaFigures> {
  const {
    rows: [row],
  } = await db.query<{ open: bigint; attention: bigint; overdue: bigint; oldest: Date | null }>(
    `select count(*) as open, count(attention) as attention,
        count(*) filter (where deadline_at <= $1) as overdue, min(created_at) as oldest
       from clearing.saga where state not in ('completed', 'failed')`,
    [new Date(nowMs)],
  );
  return {
    open: Number(row?.open ?? 0n),
    attention: Number(row?.attention ?? 0n),
    overdue: Number(row?.overdue ?? 0n),
    oldestOpenSeconds:
      row?.oldest == null ? 0 : Math.max(0, (nowMs - row.oldest.getTime()) / 1_000),
  };
}
