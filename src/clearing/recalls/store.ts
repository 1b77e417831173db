// All SQL of recalls: their rows, their steps, and what prevents one.

import type { Bucket, MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import { transitions, type RecallState, type TransitionFrom } from './states.ts';
import type { Recall, RecallActor, RecallStep } from './types.ts';

type Named = Pick<Recall, 'bucket' | 'transactionId'>;

interface RecallRow {
  readonly bucket: Bucket;
  readonly recall_id: TransactionId;
  readonly transaction_id: TransactionId;
  readonly fingerprint: string;
  readonly source_platform: PlatformId;
  readonly target_platform: PlatformId;
  readonly source_member: MemberId;
  readonly target_member: MemberId;
  readonly amount: bigint;
  readonly credited: bigint;
  readonly reason: string;
  readonly state: RecallState;
  readonly due_at: Date | null;
  readonly resolution_id: TransactionId;
  readonly problem: string | null;
  readonly asked_at: Date;
  readonly changed_at: Date;
  readonly revision: number;
}

function readRecall(row: RecallRow): Recall {
  return {
    bucket: row.bucket,
    recallId: row.recall_id,
    transactionId: row.transaction_id,
    fingerprint: row.fingerprint,
    source: { platformId: row.source_platform, memberId: row.source_member },
    target: { platformId: row.target_platform, memberId: row.target_member },
    amount: row.amount,
    credited: row.credited,
    reason: row.reason,
    state: row.state,
    dueAtMs: row.due_at?.getTime() ?? null,
    resolutionId: row.resolution_id,
    problem: row.problem,
    askedAtMs: row.asked_at.getTime(),
    changedAtMs: row.changed_at.getTime(),
    revision: row.revision,
  };
}

export async function insertRecall(db: Queryable, recall: Recall<'asked'>): Promise<Recall> {
  const { rows } = await db.query<RecallRow>(
    `insert into clearing.recall (bucket, recall_id, transaction_id, fingerprint, source_platform,
        target_platform, source_member, target_member,
                                  amount, credited, reason, state, due_at, next_at, resolution_id,
                                    asked_at, changed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $15, $15)
       returning *`,
    [
      recall.bucket,
      recall.recallId,
      recall.transactionId,
      recall.fingerprint,
      recall.source.platformId,
      recall.target.platformId,
      recall.source.memberId,
      recall.target.memberId,
      recall.amount,
      recall.credited,
      recall.reason,
      recall.state,
      recall.dueAtMs === null ? null : new Date(recall.dueAtMs),
      recall.resolutionId,
      new Date(recall.askedAtMs),
    ],
  );
  return readRecall(rows[0] as RecallRow);
}

export async function selectRecall(
  db: Queryable,
  bucket: Bucket,
  recallId: TransactionId,
): Promise<Recall | undefined> {
  const { rows } = await db.query<RecallRow>(
    'select * from clearing.recall where bucket = $1 and recall_id = $2',
    [bucket, recallId],
  );
  return rows[0] === undefined ? undefined : readRecall(rows[0]);
}

/** The recall that a ledger transaction carries out. */
export async function selectRecallTakenBy(
  db: Queryable,
  bucket: Bucket,
  resolutionId: TransactionId,
): Promise<Recall | undefined> {
  const { rows } = await db.query<RecallRow>(
    'select * from clearing.recall where bucket = $1 and resolution_id = $2',
    [bucket, resolutionId],
  );
  return rows[0] === undefined ? undefined : readRecall(rows[0]);
}

export interface RecallFilter {
  /** Only recalls in which it takes part. */
  readonly platformId?: PlatformId | undefined;
  readonly state?: RecallState | undefined;
  readonly transactionId?: TransactionId | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function selectRecalls(
  db: Queryable,
  { platformId, state, transactionId, limit }: RecallFilter,
): Promise<Recall[]> {
  const { rows } = await db.query<RecallRow>(
    `select * from clearing.recall
      where ($1::text is null or source_platform = $1 or target_platform = $1)
        and ($2::text is null or state = $2)
        and ($3::uuid is null or transaction_id = $3)
      order by asked_at desc, recall_id limit $4`,
    [platformId ?? null, state ?? null, transactionId ?? null, limit],
  );
  return rows.map(readRecall);
}

/** Changes a recall as it was read; undefined when another process has changed it since. */
export async function moveRecall<S extends RecallState>(
  db: Queryable,
  { bucket, recallId, revision, state }: Recall<S>,
  name: TransitionFrom<S>,
  nowMs: number,
  nextAtMs: number | null,
): Promise<Recall | undefined> {
  const { to } = transitions[name];
  const { rows } = await db.query<RecallRow>(
    `update clearing.recall set state = $5, changed_at = $6, revision = revision + 1,
        problem = null, due_at = null, next_at = $7
      where bucket = $1 and recall_id = $2 and revision = $3 and state = $4 returning *`,
    [
      bucket,
      recallId,
      revision,
      state,
      to,
      new Date(nowMs),
      nextAtMs === null ? null : new Date(nextAtMs),
    ],
  );
  return rows[0] === undefined ? undefined : readRecall(rows[0]);
}

/**
 * Records the obstacle, and when to look again; does nothing when the recall has moved meanwhile.
 */
export async function postponeRecall(
  db: Queryable,
  { bucket, recallId, revision }: Recall,
  problem: string | null,
  nextAtMs: number,
): Promise<void> {
  await db.query(
    `update clearing.recall set problem = $4, next_at = $5 where bucket = $1 and recall_id = $2
        and revision = $3`,
    [bucket, recallId, revision, problem, new Date(nextAtMs)],
  );
}

/** Those that a loop has to look at, longest waiting first. */
export async function selectDueRecalls(
  db: Queryable,
  nowMs: number,
  limit: number,
): Promise<Recall[]> {
  const { rows } = await db.query<RecallRow>(
    'select * from clearing.recall where next_at <= $1 order by next_at limit $2',
    [new Date(nowMs), limit],
  );
  return rows.map(readRecall);
}

/** The recall's row must be locked, or new. */
export async function insertRecallStep(
  db: Queryable,
  { bucket, recallId }: Pick<Recall, 'bucket' | 'recallId'>,
  step: RecallStep,
): Promise<void> {
  await db.query(
    `insert into clearing.recall_step (bucket, recall_id, step, taken_at, actor, actor_id, action,
        state_before, state_after, text)
     select $1, $2, coalesce(max(step), 0) + 1, $3, $4, $5, $6, $7, $8, $9 from clearing.recall_step
       where bucket = $1 and recall_id = $2`,
    [
      bucket,
      recallId,
      new Date(step.takenAtMs),
      step.who.actor,
      step.who.id,
      step.action,
      step.stateBefore,
      step.stateAfter,
      step.text,
    ],
  );
}

export async function selectRecallSteps(
  db: Queryable,
  { bucket, recallId }: Pick<Recall, 'bucket' | 'recallId'>,
): Promise<RecallStep[]> {
  const { rows } = await db.query<{
    takenAt: Date;
    actor: RecallActor['actor'];
    id: string | null;
    action: string;
    stateBefore: RecallState | null;
    stateAfter: RecallState;
    text: string | null;
  }>(
    `select taken_at as "takenAt", actor, actor_id as id, action, state_before as "stateBefore",
        state_after as "stateAfter", text
       from clearing.recall_step where bucket = $1 and recall_id = $2 order by step`,
    [bucket, recallId],
  );
  return rows.map(({ takenAt, actor, id, ...step }) => ({
    ...step,
    takenAtMs: takenAt.getTime(),
    who: { actor, id } as RecallActor,
  }));
}

/**
 * The amount that recalls of a transaction have asked for and may not ask for again: open ones, and
 * those to which the target did not agree.
 */
export async function sumAskedFor(
  db: Queryable,
  { bucket, transactionId }: Named,
): Promise<bigint> {
  const { rows } = await db.query<{ sum: bigint }>(
    `select coalesce(sum(amount), 0)::bigint as sum from clearing.recall
      where bucket = $1 and transaction_id = $2 and state in ('asked', 'taking', 'refused')`,
    [bucket, transactionId],
  );
  return rows[0]?.sum ?? 0n;
}

/** The amount of a transaction that is disputed now or settled by an adjustment. */
export async function sumDisputed(
  db: Queryable,
  { bucket, transactionId }: Named,
): Promise<bigint> {
  const { rows } = await db.query<{ sum: bigint }>(
    `select coalesce(sum(case when outcome is null
        or state in ('upholding', 'rejecting', 'withdrawing', 'reversing') then amount - reversed
                              when outcome = 'upheld' and resolution = 'adjustment'
                                then resolution_amount else 0 end), 0)::bigint as sum
       from clearing.dispute where bucket = $1 and transaction_id = $2`,
    [bucket, transactionId],
  );
  return rows[0]?.sum ?? 0n;
}

/** Facts that end a source's right to recall a transfer alone, whatever the time. */
export interface Bars {
  readonly disputeOpen: boolean;
  /** A dispute was decided, or the target platform has answered in one. */
  readonly disputeHeard: boolean;
  readonly recallOpen: boolean;
  /** The target platform has answered a recall, or let its due date pass. */
  readonly recallAnswered: boolean;
  /** The settlement window of its row is settled. */
  readonly windowSettled: boolean;
}

/** `moved` is the row that moved the points and the positions. */
export async function selectBars(
  db: Queryable,
  { bucket, transactionId }: Named,
  moved: { readonly bucket: Bucket; readonly sequence: bigint },
): Promise<Bars> {
  const { rows } = await db.query<Bars>(
    `select exists (select from clearing.dispute d where d.bucket = $1 and d.transaction_id = $2
                      and d.state not in ('upheld', 'rejected', 'withdrawn',
                        'reversed')) as "disputeOpen",
            exists (select from clearing.dispute d where d.bucket = $1 and d.transaction_id = $2
                      and (d.outcome in ('upheld', 'rejected') or d.claimant_side = 'target'
                           or exists (select from clearing.dispute_step s
                             where s.bucket = $1 and s.dispute_id = d.dispute_id
                                         and s.action in ('accept', 'contest')))) as "disputeHeard",
            exists (select from clearing.recall r where r.bucket = $1 and r.transaction_id = $2
              and r.state in ('asked', 'taking')) as "recallOpen",
            exists (select from clearing.recall r where r.bucket = $1 and r.transaction_id = $2
              and r.state in ('taken', 'refused', 'failed')) as "recallAnswered",
            exists (select from clearing.window_cut c
              join clearing.settlement_window w using (window_id)
                     where c.bucket = $3 and c.from_sequence < $4 and c.to_sequence >= $4
                       and w.state = 'settled') as "windowSettled"`,
    [bucket, transactionId, moved.bucket, moved.sequence],
  );
  return rows[0] as Bars;
}
