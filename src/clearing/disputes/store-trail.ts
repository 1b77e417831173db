// SQL of the trail of disputes: steps and evidence.

import type { Queryable } from '../../runtime/database.ts';
import type { DisputeState } from './states.ts';
import type { Dispute, Evidence, EvidenceFile, EvidenceMedia, Step, Who } from './types.ts';

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
 * The dispute's row must be locked, so that numbers follow one another; `evidence` is the next
 * number.
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
