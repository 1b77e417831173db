// A dispute as platforms and operators see it: the claim, the side whose turn it is, and the steps.
// A platform sees no user of another platform.

import { type Static, Type } from 'typebox';
import {
  DISPUTE_STATES,
  REASON_CODES,
  REASONS,
  type Dispute,
  type Disputes,
  type Evidence,
  type Step,
} from '../clearing/disputes/disputes.ts';
import { formatId } from '../kernel/ids.ts';
import { formatMoment } from '../kernel/time.ts';
import { getPoints, type Ledger } from '../ledger/ledger.ts';
import { toPoints } from './points.ts';
import { Points } from './schemas.ts';

/** The reason code of a dispute. */
export const ReasonCodeText = Type.Enum([...REASON_CODES], {
  description: Object.entries(REASONS)
    .map(([code, { zh, en }]) => `${code}: ${en} (${zh})`)
    .join('; '),
});
/** The state of a dispute. */
export const StateText = Type.Enum([...DISPUTE_STATES], {
  description:
    "opening: its points are about to be frozen; opened: the respondent's turn; contested: " +
    "the claimant's turn; under_review: an operator decides; " +
    'upholding, rejecting, withdrawing, reversing: decided, and being carried out; upheld, ' +
    'rejected, withdrawn, reversed: over.',
});
/** One of the two sides of a transaction. */
export const SideText = Type.Enum(['source', 'target'], {
  description: 'source: whose points moved first; target: whose points arrived.',
});
const Moment = Type.String({ description: 'RFC 3339.' });
const orNull = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) =>
  Type.Union([schema, Type.Null()]);

/** A piece of evidence without its content. */
export const EvidenceView = Type.Object({
  evidence: Type.Integer({ description: '1, 2, 3 … within the dispute.' }),
  name: Type.String(),
  media_type: Type.String(),
  bytes: Type.Integer(),
  sha256: Type.String({ description: 'Of the content, lower-case hexadecimal.' }),
  added_at: Moment,
  by: Type.String({ description: 'platform, member or operator.' }),
  platform_id: Type.Optional(Type.String()),
});

const StepView = Type.Object({
  at: Moment,
  by: Type.String({
    description:
      'platform, member, operator; clock: a due date passed; ledger: the decision was carried out.',
  }),
  platform_id: Type.Optional(Type.String()),
  operator_id: Type.Optional(Type.String({ description: 'Shown to operators only.' })),
  action: Type.String(),
  state_before: orNull(Type.String()),
  state_after: Type.String(),
  text: orNull(Type.String()),
});

const fields = {
  dispute_id: Type.String(),
  transaction_id: Type.String(),
  appeal_of: orNull(
    Type.String({ description: 'The dispute whose decision this appeals against.' }),
  ),
  appeal_until: orNull(
    Type.String({
      description:
        'RFC 3339; the claimant can appeal against the decision until then; null if it cannot.',
    }),
  ),
  state: StateText,
  reason_code: ReasonCodeText,
  reason_zh: Type.String(),
  reason_en: Type.String(),
  description: Type.String(),
  opened_by: Type.String({
    description: 'platform, member (a platform for its member) or operator.',
  }),
  claimant_side: SideText,
  claimant_platform: Type.String(),
  respondent_platform: Type.String(),
  source_platform: Type.String(),
  target_platform: Type.String(),
  amount: Type.Number({ description: 'The claimed amount, in points of source_platform.' }),
  reversed_amount: Type.Number({
    description:
      'The part of it that the platform has reversed itself meanwhile, in points of ' +
      'source_platform; the rest is still disputed.',
  }),
  credited_amount: Type.Number({
    description: 'Points that the receiver got for the disputed part, of target_platform.',
  }),
  frozen_amount: orNull(
    Type.Number({
      description:
        'The part of it that is frozen, or was frozen when the dispute was decided, in points of ' +
        'target_platform; null until that is known.',
    }),
  ),
  opened_at: Moment,
  changed_at: Moment,
  due_at: orNull(
    Type.String({
      description:
        'RFC 3339; the due date of the side or operator whose turn it is: an answer counts until ' +
        'just before then. Null when nobody has to act.',
    }),
  ),
  overdue: Type.Boolean({ description: "True when the operator's due date has passed." }),
  outcome: orNull(
    Type.String({
      description:
        'upheld, rejected, withdrawn, or reversed: the platform has reversed all of it itself.',
    }),
  ),
  resolution: orNull(
    Type.Object({
      kind: Type.String({
        description:
          'reversal: the amount goes back; adjustment: the source member is given it, and the ' +
          'receiver keeps what it has.',
      }),
      amount: Points,
      borne_by: Type.Optional(
        Type.String({ description: 'Which platform pays for an adjustment: source or target.' }),
      ),
    }),
  ),
  resolution_transaction_id: orNull(
    Type.String({ description: 'The posted transaction; null if nothing was left to post.' }),
  ),
};

/** A dispute as the two platforms see it. */
export const DisputeView = Type.Object(fields);
/** A dispute with its steps and evidence, for platforms. */
export const DisputeWithTrail = Type.Object({
  ...fields,
  steps: Type.Array(StepView, { description: 'Who did what, when and why, in order.' }),
  evidence: Type.Array(EvidenceView),
});
/** A dispute as operators see it, with its members and its problem. */
export const OperatorDisputeView = Type.Object({
  ...fields,
  opener_id: Type.String(),
  source_member_id: Type.String(),
  target_member_id: Type.String(),
  hold_id: orNull(Type.String({ description: 'The hold that freezes the points.' })),
  problem: orNull(
    Type.String({
      description: 'Why the decision could not be carried out; it is retried, or decided again.',
    }),
  ),
});
/** A dispute with its steps and evidence, for operators. */
export const OperatorDisputeWithTrail = Type.Object({
  ...OperatorDisputeView.properties,
  steps: DisputeWithTrail.properties.steps,
  evidence: DisputeWithTrail.properties.evidence,
});

/** The part of disputes that knows until when an appeal is possible. */
type Appeals = Pick<Disputes, 'appealUntilMs'>;

/** Shows a dispute to a platform. */
export function describeDispute(
  dispute: Dispute,
  ledger: Ledger,
  disputes: Appeals,
): Static<typeof DisputeView> {
  const { source, target, reasonCode, resolution, resolutionId, dueAtMs } = dispute;
  const points = getPoints(ledger, source.platformId);
  const targetPoints = getPoints(ledger, target.platformId);
  const isBySource = dispute.claimantSide === 'source';
  const appealUntilMs = disputes.appealUntilMs(dispute);
  return {
    dispute_id: formatId('dsp', dispute.disputeId),
    transaction_id: formatId('txn', dispute.transactionId),
    state: dispute.state,
    appeal_of: dispute.appealOf === null ? null : formatId('dsp', dispute.appealOf),
    appeal_until: appealUntilMs === undefined ? null : formatMoment(appealUntilMs),
    reason_code: reasonCode,
    reason_zh: REASONS[reasonCode].zh,
    reason_en: REASONS[reasonCode].en,
    description: dispute.description,
    opened_by: dispute.openedBy,
    claimant_side: dispute.claimantSide,
    claimant_platform: (isBySource ? source : target).platformId,
    respondent_platform: (isBySource ? target : source).platformId,
    source_platform: source.platformId,
    target_platform: target.platformId,
    amount: toPoints(dispute.amount, points),
    reversed_amount: toPoints(dispute.reversed, points),
    credited_amount: toPoints(dispute.credited, targetPoints),
    frozen_amount: dispute.frozen === null ? null : toPoints(dispute.frozen, targetPoints),
    opened_at: formatMoment(dispute.openedAtMs),
    changed_at: formatMoment(dispute.changedAtMs),
    due_at: formatMoment(dueAtMs),
    overdue: dispute.state === 'under_review' && dispute.overdueAtMs !== null,
    outcome: dispute.outcome,
    resolution:
      resolution === null
        ? null
        : {
            kind: resolution.kind,
            amount: toPoints(resolution.amount, points),
            ...(resolution.kind === 'adjustment' ? { borne_by: resolution.borneBy } : {}),
          },
    resolution_transaction_id: resolutionId === null ? null : formatId('txn', resolutionId),
  };
}

/** Shows a dispute to an operator. */
export function describeForOperator(
  dispute: Dispute,
  ledger: Ledger,
  disputes: Appeals,
): Static<typeof OperatorDisputeView> {
  return {
    ...describeDispute(dispute, ledger, disputes),
    opener_id: dispute.openerId,
    source_member_id: dispute.source.memberId,
    target_member_id: dispute.target.memberId,
    hold_id: dispute.holdId === null ? null : formatId('hold', dispute.holdId),
    problem: dispute.problem,
  };
}

/** Shows the steps and the evidence of a dispute. */
export function describeTrail(
  steps: readonly Step[],
  evidence: readonly Evidence[],
  reader: 'platform' | 'operator',
): Pick<Static<typeof DisputeWithTrail>, 'steps' | 'evidence'> {
  return {
    steps: steps.map((step) => describeStep(step, reader)),
    evidence: evidence.map(describeEvidence),
  };
}

function describeStep(
  { takenAtMs, who, action, stateBefore, stateAfter, text: words }: Step,
  reader: 'platform' | 'operator',
): Static<typeof StepView> {
  return {
    at: formatMoment(takenAtMs),
    by: who.actor,
    ...(who.actor === 'platform' || who.actor === 'member' ? { platform_id: who.id } : {}),
    ...(who.actor === 'operator' && reader === 'operator' ? { operator_id: who.id } : {}),
    action,
    state_before: stateBefore,
    state_after: stateAfter,
    text: words,
  };
}

/** Shows a piece of evidence without its content. */
export function describeEvidence({
  evidence,
  name,
  mediaType,
  bytes,
  sha256,
  addedAtMs,
  who,
}: Evidence): Static<typeof EvidenceView> {
  return {
    evidence,
    name,
    media_type: mediaType,
    bytes,
    sha256,
    added_at: formatMoment(addedAtMs),
    by: who.actor,
    ...(who.actor === 'platform' || who.actor === 'member' ? { platform_id: who.id } : {}),
  };
}
