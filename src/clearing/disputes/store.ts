// SQL of disputes: their rows and states.

import type { Bucket, MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import type { ReasonCode } from './reasons.ts';
import { transitions, type DisputeState, type Outcome, type TransitionFrom } from './states.ts';
import type { Dispute, Frozen, OpenedBy, Resolution, Side } from './types.ts';

export interface DisputeRow {
  readonly bucket: Bucket;
  readonly dispute_id: TransactionId;
  readonly transaction_id: TransactionId;
  readonly appeal_of: TransactionId | null;
  readonly fingerprint: string;
  readonly opened_by: OpenedBy;
  readonly opener_id: string;
  readonly claimant_side: Side;
  readonly source_platform: PlatformId;
  readonly target_platform: PlatformId;
  readonly source_member: MemberId;
  readonly target_member: MemberId;
  readonly reason_code: ReasonCode;
  readonly description: string;
  readonly amount: bigint;
  readonly reversed: bigint;
  readonly credited: bigint;
  readonly hold_id: TransactionId | null;
  readonly frozen: bigint | null;
  readonly state: DisputeState;
  readonly due_at: Date | null;
  readonly outcome: Outcome | null;
  readonly resolution: Resolution['kind'] | null;
  readonly resolution_amount: bigint | null;
  readonly borne_by: Side | null;
  readonly resolution_id: TransactionId | null;
  readonly problem: string | null;
  readonly overdue_at: Date | null;
  readonly opened_at: Date;
  readonly changed_at: Date;
  readonly revision: number;
}

export function readDispute(row: DisputeRow): Dispute {
  return {
    bucket: row.bucket,
    disputeId: row.dispute_id,
    transactionId: row.transaction_id,
    appealOf: row.appeal_of,
    fingerprint: row.fingerprint,
    openedBy: row.opened_by,
    openerId: row.opener_id,
    claimantSide: row.claimant_side,
    source: { platformId: row.source_platform, memberId: row.source_member },
    target: { platformId: row.target_platform, memberId: row.target_member },
    reasonCode: row.reason_code,
    description: row.description,
    amount: row.amount,
    reversed: row.reversed,
    credited: row.credited,
    holdId: row.hold_id,
    frozen: row.frozen,
    state: row.state,
    dueAtMs: row.due_at?.getTime() ?? null,
    outcome: row.outcome,
    resolution: readResolution(row),
    resolutionId: row.resolution_id,
    problem: row.problem,
    overdueAtMs: row.overdue_at?.getTime() ?? null,
    openedAtMs: row.opened_at.getTime(),
    changedAtMs: row.changed_at.getTime(),
    revision: row.revision,
  };
}

function readResolution({
  resolution,
  resolution_amount: amount,
  borne_by: borneBy,
}: DisputeRow): Resolution | null {
  if (resolution === null || amount === null) return null;
  return resolution === 'reversal'
    ? { kind: resolution, amount }
    : { kind: resolution, amount, borneBy: borneBy ?? 'target' };
}

/** The operators who had a part in a dispute's outcome: who opened it, and who decided it. */
export async function selectOperatorsOf(
  db: Queryable,
  { bucket, disputeId }: Pick<Dispute, 'bucket' | 'disputeId'>,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ actor_id: string }>(
    `select distinct actor_id from clearing.dispute_step where bucket = $1 and dispute_id = $2
        and actor = 'operator' and action in ('open', 'uphold', 'reject', 'redirect')`,
    [bucket, disputeId],
  );
  return rows.map(({ actor_id: operatorId }) => operatorId);
}

/**
 * Reduces what is disputed; undefined when another process has changed the dispute since it was
 * read.
 */
export async function reduceDispute(
  db: Queryable,
  { bucket, disputeId, revision }: Dispute,
  { reversed, credited, frozen }: Pick<Dispute, 'reversed' | 'credited' | 'frozen'>,
  nowMs: number,
): Promise<Dispute | undefined> {
  const { rows } = await db.query<DisputeRow>(
    `update clearing.dispute set reversed = $4, credited = $5, frozen = $6, changed_at = $7,
        revision = revision + 1
      where bucket = $1 and dispute_id = $2 and revision = $3 returning *`,
    [bucket, disputeId, revision, reversed, credited, frozen, new Date(nowMs)],
  );
  return rows[0] === undefined ? undefined : readDispute(rows[0]);
}

/** As read again from the table. */
export async function insertDispute(
  db: Queryable,
  dispute: Dispute<'opening'>,
  nextAtMs: number,
): Promise<Dispute> {
  const { bucket, source, target } = dispute;
  const { rows } = await db.query<DisputeRow>(
    `insert into clearing.dispute (bucket, dispute_id, transaction_id, fingerprint, opened_by,
        opener_id, claimant_side, source_platform, target_platform, source_member,
                                   target_member, reason_code, description, amount, credited,
                                     hold_id, state, next_at, opened_at, changed_at, appeal_of)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
       $19, $20) returning *`,
    [
      bucket,
      dispute.disputeId,
      dispute.transactionId,
      dispute.fingerprint,
      dispute.openedBy,
      dispute.openerId,
      dispute.claimantSide,
      source.platformId,
      target.platformId,
      source.memberId,
      target.memberId,
      dispute.reasonCode,
      dispute.description,
      dispute.amount,
      dispute.credited,
      dispute.holdId,
      dispute.state,
      new Date(nextAtMs),
      new Date(dispute.openedAtMs),
      dispute.appealOf,
    ],
  );
  return readDispute(rows[0] as DisputeRow);
}

/** With `forUpdate` its row stays locked to the end of the dbTransaction. */
export async function selectDispute(
  db: Queryable,
  bucket: Bucket,
  disputeId: TransactionId,
  forUpdate = false,
): Promise<Dispute | undefined> {
  const { rows } = await db.query<DisputeRow>(
    `select * from clearing.dispute
        where bucket = $1 and dispute_id = $2${forUpdate ? ' for update' : ''}`,
    [bucket, disputeId],
  );
  return rows[0] === undefined ? undefined : readDispute(rows[0]);
}

export interface Filter {
  /** Only disputes in which it takes part. */
  readonly platformId?: PlatformId | undefined;
  readonly state?: DisputeState | undefined;
  readonly transactionId?: TransactionId | undefined;
  /** Only those with an earlier due date. */
  readonly dueBeforeMs?: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function selectDisputes(
  db: Queryable,
  { platformId, state, transactionId, dueBeforeMs, limit }: Filter,
): Promise<Dispute[]> {
  const { rows } = await db.query<DisputeRow>(
    `select * from clearing.dispute
      where ($1::text is null or source_platform = $1 or target_platform = $1)
        and ($2::text is null or state = $2) and ($3::uuid is null or transaction_id = $3)
        and ($4::timestamptz is null or due_at <= $4)
      order by opened_at desc, dispute_id limit $5`,
    [
      platformId ?? null,
      state ?? null,
      transactionId ?? null,
      dueBeforeMs === undefined ? null : new Date(dueBeforeMs),
      limit,
    ],
  );
  return rows.map(readDispute);
}

/**
 * The values that a change sets besides the state. Values that are not given stay, except the
 * times: a due date holds for one state only.
 */
export interface Setting {
  readonly frozen?: bigint | undefined;
  /** From the moment of the change; a loop looks at it then. */
  readonly dueInMs?: number | undefined;
  /** A due date that stays as it was; no loop looks at it any more. */
  readonly dueAtMs?: number | undefined;
  /** When a loop looks at it, where that is not the due date. */
  readonly nextInMs?: number | undefined;
  readonly resolution?: Resolution | undefined;
  readonly resolutionId?: TransactionId | undefined;
  readonly overdueAtMs?: number | undefined;
}

/** Changes a dispute as it was read; undefined when another process has changed it since. */
export async function moveDispute<S extends DisputeState>(
  db: Queryable,
  {
    bucket,
    disputeId,
    revision,
    state,
  }: Pick<Dispute<S>, 'bucket' | 'disputeId' | 'revision' | 'state'>,
  name: TransitionFrom<S>,
  nowMs: number,
  setting: Setting,
): Promise<Dispute | undefined> {
  const { to, ...transition } = transitions[name];
  const {
    frozen,
    dueInMs,
    dueAtMs,
    nextInMs = dueInMs,
    resolution,
    resolutionId,
    overdueAtMs,
  } = setting;
  const later = (ms: number | undefined): Date | null =>
    ms === undefined ? null : new Date(nowMs + ms);
  const { rows } = await db.query<DisputeRow>(
    `update clearing.dispute set state = $5, changed_at = $6, revision = revision + 1,
        problem = null, frozen = coalesce($7, frozen), due_at = $8, next_at = $9,
            outcome = coalesce($10, outcome), resolution = coalesce($11, resolution),
              resolution_amount = coalesce($12, resolution_amount),
            borne_by = case when $11::text is null then borne_by else $13 end,
              resolution_id = coalesce($14, resolution_id), overdue_at = coalesce($15, overdue_at)
      where bucket = $1 and dispute_id = $2 and revision = $3 and state = $4 returning *`,
    [
      bucket,
      disputeId,
      revision,
      state,
      to,
      new Date(nowMs),
      frozen ?? null,
      dueAtMs === undefined ? later(dueInMs) : new Date(dueAtMs),
      later(nextInMs),
      'outcome' in transition ? transition.outcome : null,
      resolution?.kind ?? null,
      resolution?.amount ?? null,
      resolution?.kind === 'adjustment' ? resolution.borneBy : null,
      resolutionId ?? null,
      overdueAtMs === undefined ? null : new Date(overdueAtMs),
    ],
  );
  return rows[0] === undefined ? undefined : readDispute(rows[0]);
}

/**
 * Records why a dispute could not continue, and when it is tried again; does nothing when it has
 * moved meanwhile.
 */
export async function noteProblem(
  db: Queryable,
  { bucket, disputeId, revision }: Dispute,
  problem: string,
  nextAtMs: number,
): Promise<void> {
  await db.query(
    `update clearing.dispute set problem = $4, next_at = $5 where bucket = $1 and dispute_id = $2
        and revision = $3`,
    [bucket, disputeId, revision, problem, new Date(nextAtMs)],
  );
}

/** Those that a loop has to look at, longest overdue first. */
export async function selectDue(db: Queryable, nowMs: number, limit: number): Promise<Dispute[]> {
  const { rows } = await db.query<DisputeRow>(
    'select * from clearing.dispute where next_at <= $1 order by next_at limit $2',
    [new Date(nowMs), limit],
  );
  return rows.map(readDispute);
}

export async function selectFrozen(db: Queryable): Promise<Frozen[]> {
  const { rows } = await db.query<Frozen>(
    `select transaction_id as "transactionId", sum(amount - reversed)::bigint as amount
        from clearing.dispute
      where state not in ('upheld', 'rejected', 'withdrawn', 'reversed')
        group by bucket, transaction_id`,
  );
  return rows;
}
