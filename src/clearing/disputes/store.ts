// All SQL of disputes: their rows, their steps and their evidence.

import {
  bucketOfTransaction,
  type Bucket,
  type MemberId,
  type PlatformId,
  type TransactionId,
} from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import type { ReasonCode } from './reasons.ts';
import {
  FINAL_STATES,
  transitions,
  type DisputeState,
  type Outcome,
  type TransitionFrom,
  type TransitionName,
} from './states.ts';
import type {
  Dispute,
  Evidence,
  EvidenceFile,
  EvidenceMedia,
  Frozen,
  OpenedBy,
  Resolution,
  Side,
  Step,
  Who,
} from './types.ts';

interface DisputeRow {
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

function readDispute(row: DisputeRow): Dispute {
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

/** Whoever opens a dispute over a transaction holds this row to the end of the dbTransaction. */
export async function lockDisputed(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
): Promise<void> {
  await db.query(
    `insert into clearing.disputed (bucket, transaction_id, disputes) values ($1, $2, 1)
         on conflict (bucket, transaction_id) do update set disputes = disputed.disputes + 1`,
    [bucket, transactionId],
  );
}

export interface Claimed {
  /**
   * What live disputes of both sides claim, what others were settled with by adjustment, and what
   * the target is asked for by recalls.
   */
  readonly claimed: bigint;
  /** What was decided against a side before, and what it withdrew: it cannot claim that again. */
  readonly decided: bigint;
}

/**
 * What disputes have claimed of a transaction that moved `whole`. What was appealed against counts
 * as its appeal does; an appeal may be over less than that, because the rest was claimed otherwise.
 * What was withdrawn may be claimed once more, but for an appeal: what was withdrawn beyond the
 * whole counts as decided.
 */
export async function sumClaimed(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
  side: Side,
  whole: bigint,
): Promise<Claimed> {
  const { rows } = await db.query<Claimed>(
    `select (coalesce(sum(case when state <> all($3) then rest when outcome = 'upheld'
        and resolution = 'adjustment' then resolution_amount else 0 end), 0)
             + coalesce((select sum(amount) from clearing.recall
               where bucket = $1 and transaction_id = $2 and state in ('asked', 'taking')),
               0))::bigint as claimed,
            (coalesce(sum(case when claimant_side <> $4 then 0
                               when state = 'rejected'
                                 or (state = 'withdrawn' and appeal_of is not null)
                                 then greatest(rest - appealed, 0)
                               when state = 'upheld'
                                 then greatest(rest - resolution_amount - appealed, 0) else 0 end),
                                 0)
             + greatest(coalesce(sum(rest) filter (where claimant_side = $4 and state = 'withdrawn'
               and appeal_of is null), 0) - $5, 0))::bigint as decided
       from (select d.*, amount - reversed as rest,
                    coalesce((select a.amount from clearing.dispute a
                      where a.bucket = d.bucket and a.appeal_of = d.dispute_id), 0) as appealed
               from clearing.dispute d where bucket = $1 and transaction_id = $2) d`,
    [bucket, transactionId, FINAL_STATES, side, whole],
  );
  return rows[0] ?? { claimed: 0n, decided: 0n };
}

/** What other disputes over a transaction have settled by adjustments. */
export async function sumAdjusted(
  db: Queryable,
  { bucket, transactionId, disputeId }: Pick<Dispute, 'bucket' | 'transactionId' | 'disputeId'>,
): Promise<bigint> {
  const { rows } = await db.query<{ adjusted: bigint }>(
    `select coalesce(sum(resolution_amount), 0)::bigint as adjusted from clearing.dispute
      where bucket = $1 and transaction_id = $2 and dispute_id <> $3 and state = 'upheld'
        and resolution = 'adjustment'`,
    [bucket, transactionId, disputeId],
  );
  return rows[0]?.adjusted ?? 0n;
}

/** What disputes over a transaction have settled by adjustments, or are about to. */
export async function sumAdjusting(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
): Promise<bigint> {
  const { rows } = await db.query<{ adjusting: bigint }>(
    `select coalesce(sum(resolution_amount), 0)::bigint as adjusting from clearing.dispute
      where bucket = $1 and transaction_id = $2 and resolution = 'adjustment'
        and (state = 'upholding' or (state = 'upheld' and resolution_id is not null))`,
    [bucket, transactionId],
  );
  return rows[0]?.adjusting ?? 0n;
}

/** Whether a dispute was ever opened over a transaction. */
export async function isDisputed(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
): Promise<boolean> {
  const { rows } = await db.query(
    'select from clearing.dispute where bucket = $1 and transaction_id = $2 limit 1',
    [bucket, transactionId],
  );
  return rows.length > 0;
}

/** The operators who had a part in what a dispute came to: who opened it, and who decided it. */
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
 * Every dispute over a transaction, first opened first, and how much of its reversals they know of;
 * whoever asks holds that to the end of the dbTransaction.
 */
export async function lockDisputesOf(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
): Promise<{ readonly known: bigint; readonly disputes: readonly Dispute[] }> {
  const {
    rows: [disputed],
  } = await db.query<{ reversed: bigint }>(
    'select reversed from clearing.disputed where bucket = $1 and transaction_id = $2 for update',
    [bucket, transactionId],
  );
  const { rows } = await db.query<DisputeRow>(
    `select * from clearing.dispute where bucket = $1 and transaction_id = $2
        order by opened_at, dispute_id`,
    [bucket, transactionId],
  );
  return { known: disputed?.reversed ?? 0n, disputes: rows.map(readDispute) };
}

/** What has reversed a transaction, as the ledger has it. */
export async function selectReversals(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
): Promise<readonly { readonly reversalId: TransactionId; readonly amount: bigint }[]> {
  const { rows } = await db.query<{ reversalId: TransactionId; amount: bigint }>(
    `select reversal_id as "reversalId", amount from ledger.reversal
        where bucket = $1 and transaction_id = $2`,
    [bucket, transactionId],
  );
  return rows;
}

/**
 * What a freeze still sets aside, and what reversals took from it; nothing of both when there is
 * none.
 */
export async function selectFreeze(
  db: Queryable,
  holdId: TransactionId | null,
): Promise<{ readonly left: bigint; readonly taken: bigint }> {
  const {
    rows: [hold],
  } =
    holdId === null
      ? { rows: [] }
      : await db.query<{ left: bigint; taken: bigint }>(
          `select case when state = 'held' then amount - captured else 0 end as left,
              captured as taken from ledger.hold where bucket = $1 and hold_id = $2`,
          [bucketOfTransaction(holdId), holdId],
        );
  return hold ?? { left: 0n, taken: 0n };
}

/**
 * What disputes know of a transaction's reversals: by its platform, and by those of them that were
 * upheld.
 */
export async function noteReversals(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
  { reversed, settled }: { readonly reversed: bigint; readonly settled: bigint },
): Promise<void> {
  await db.query(
    `update clearing.disputed set reversed = $3, settled = $4
        where bucket = $1 and transaction_id = $2`,
    [bucket, transactionId, reversed, settled],
  );
}

/** Less is disputed than before; undefined when somebody else has changed it since it was read. */
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

/** Transactions of one platform that were reversed and have disputes that may not know of it. */
export async function selectReversed(
  db: Queryable,
  limit: number,
): Promise<readonly Pick<Dispute, 'bucket' | 'transactionId'>[]> {
  const { rows } = await db.query<Pick<Dispute, 'bucket' | 'transactionId'>>(
    `select d.bucket, d.transaction_id as "transactionId" from clearing.dispute d
       join clearing.disputed t on t.bucket = d.bucket and t.transaction_id = d.transaction_id
      cross join lateral (select sum(r.amount) as amount from ledger.reversal r
        where r.bucket = d.bucket and r.transaction_id = d.transaction_id) r
      where d.state in ('opening', 'opened', 'contested', 'under_review')
        and d.source_platform = d.target_platform
        and r.amount > t.reversed + t.settled
      group by 1, 2 limit $1`,
    [limit],
  );
  return rows;
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
  /** Only those whose due date was before. */
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
 * What a change sets besides the state; what is not named stays, but for the times: a due date
 * holds for one state only.
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

/** Changes a dispute as it was read; undefined when somebody else has changed it since. */
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
  const { to, ...transition } = transitions[name as TransitionName];
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
 * Notes why a dispute could not be carried on, and when it is tried again; nothing when it has
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

/** The dispute's row must be locked, or new. */
export async function insertStep(
  db: Queryable,
  { bucket, disputeId }: Pick<Dispute, 'bucket' | 'disputeId'>,
  step: Step,
): Promise<void> {
  await db.query(
    `insert into clearing.dispute_step (bucket, dispute_id, step, taken_at, actor, actor_id, action,
        state_before, state_after, text)
     select $1, $2, coalesce(max(step), 0) + 1, $3, $4, $5, $6, $7, $8, $9
       from clearing.dispute_step where bucket = $1 and dispute_id = $2`,
    [
      bucket,
      disputeId,
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

export async function selectSteps(
  db: Queryable,
  { bucket, disputeId }: Pick<Dispute, 'bucket' | 'disputeId'>,
): Promise<Step[]> {
  const { rows } = await db.query<{
    takenAt: Date;
    actor: Who['actor'];
    id: string | null;
    action: string;
    stateBefore: DisputeState | null;
    stateAfter: DisputeState;
    text: string | null;
  }>(
    `select taken_at as "takenAt", actor, actor_id as id, action, state_before as "stateBefore",
        state_after as "stateAfter", text
       from clearing.dispute_step where bucket = $1 and dispute_id = $2 order by step`,
    [bucket, disputeId],
  );
  return rows.map(({ takenAt, actor, id, ...step }) => ({
    ...step,
    takenAtMs: takenAt.getTime(),
    who: { actor, id } as Who,
  }));
}

interface EvidenceRow {
  readonly evidence: number;
  readonly addedAt: Date;
  readonly actor: 'platform' | 'member' | 'operator';
  readonly id: string;
  readonly name: string;
  readonly mediaType: EvidenceMedia;
  readonly bytes: number;
  readonly sha256: string;
}

const EVIDENCE =
  'evidence, added_at as "addedAt", actor, actor_id as id, name, media_type as "mediaType", ' +
  `octet_length(content) as bytes, encode(sha256, 'hex') as sha256`;

function readEvidence({ addedAt, actor, id, ...row }: EvidenceRow): Evidence {
  return { ...row, addedAtMs: addedAt.getTime(), who: { actor, id } as Who };
}

/**
 * The dispute's row must be locked, so that numbers follow one another; `evidence` is the next of
 * them.
 */
export async function insertEvidence(
  db: Queryable,
  { bucket, disputeId }: Pick<Dispute, 'bucket' | 'disputeId'>,
  evidence: number,
  { name, mediaType, content }: EvidenceFile,
  who: Who,
  nowMs: number,
): Promise<Evidence> {
  const { rows } = await db.query<EvidenceRow>(
    `insert into clearing.dispute_evidence (bucket, dispute_id, evidence, added_at, actor, actor_id,
        name, media_type, content, sha256)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, sha256($9)) returning ${EVIDENCE}`,
    [bucket, disputeId, evidence, new Date(nowMs), who.actor, who.id, name, mediaType, content],
  );
  return readEvidence(rows[0] as EvidenceRow);
}

export async function selectEvidence(
  db: Queryable,
  { bucket, disputeId }: Pick<Dispute, 'bucket' | 'disputeId'>,
): Promise<Evidence[]> {
  const { rows } = await db.query<EvidenceRow>(
    `select ${EVIDENCE} from clearing.dispute_evidence where bucket = $1 and dispute_id = $2
        order by evidence`,
    [bucket, disputeId],
  );
  return rows.map(readEvidence);
}

export async function selectContent(
  db: Queryable,
  { bucket, disputeId }: Pick<Dispute, 'bucket' | 'disputeId'>,
  evidence: number,
): Promise<(Evidence & { readonly content: Buffer }) | undefined> {
  const { rows } = await db.query<EvidenceRow & { content: Buffer }>(
    `select ${EVIDENCE}, content from clearing.dispute_evidence
        where bucket = $1 and dispute_id = $2 and evidence = $3`,
    [bucket, disputeId, evidence],
  );
  const [row] = rows;
  return row === undefined ? undefined : { ...readEvidence(row), content: row.content };
}
