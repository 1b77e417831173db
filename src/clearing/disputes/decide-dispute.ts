// An operator's decision: whether the claim is upheld, and by which resolution.

import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { whyLost } from './why-lost.ts';
import { findMoved, isKeptHere, isReversible } from './moved.ts';
import { disputeProblems } from './problems.ts';
import { selectOperatorsOf } from './store.ts';
import { LEASE_MS, takeStep, type DisputeParts } from './take-step.ts';
import type { DisputeState } from './states.ts';
import type { Decision, Dispute, Resolution, Who } from './types.ts';

/** A decision that cannot be carried out may get another resolution, never another outcome. */
export async function decideDispute(
  parts: DisputeParts,
  dispute: Dispute,
  decision: Decision,
): Promise<Result<Dispute>> {
  const { operatorId, outcome, reason } = decision;
  const { state } = dispute;
  if (dispute.openedBy === 'operator' && dispute.openerId === operatorId)
    return refuse(disputeProblems.same_operator_opened());
  const { bucket, appealOf } = dispute;
  const before =
    appealOf === null ? [] : await selectOperatorsOf(parts.pool, { bucket, disputeId: appealOf });
  if (before.includes(operatorId)) return refuse(disputeProblems.same_operator_decided());
  const isStuck = state === 'upholding' && dispute.problem !== null && outcome === 'upheld';
  if (!isUnderReview(dispute) && !isStuck)
    return refuse(disputeProblems.wrong_dispute_state(`It is ${state}.`, { state }));
  const who: Who = { actor: 'operator', id: operatorId };
  const moved = await (async (): Promise<Result<Dispute | undefined>> => {
    if (outcome === 'rejected' && isUnderReview(dispute))
      return ok(await takeStep(parts, dispute, 'reject', who, reason, { nextInMs: LEASE_MS }));
    const resolution = await readResolution(parts, dispute, decision);
    if (!resolution.ok) return resolution;
    const setting = { nextInMs: LEASE_MS, resolution: resolution.value };
    if (isUnderReview(dispute))
      return ok(await takeStep(parts, dispute, 'uphold', who, reason, setting));
    return ok(
      isUpholding(dispute)
        ? await takeStep(parts, dispute, 'redirect', who, reason, setting)
        : undefined,
    );
  })();
  if (!moved.ok) return moved;
  return moved.value === undefined ? refuse(await whyLost(parts, dispute)) : ok(moved.value);
}

/** The resolution that the operator wants, when it is possible. */
async function readResolution(
  parts: DisputeParts,
  dispute: Dispute,
  { kind = 'reversal', amount = stillDisputed(dispute), borneBy = 'target' }: Decision,
): Promise<Result<Resolution>> {
  if (amount > stillDisputed(dispute)) return refuse(disputeProblems.dispute_exceeds_rest());
  const { ledger } = parts;
  if (kind === 'reversal') {
    const original = await findMoved(ledger, dispute.transactionId);
    return isReversible(ledger, dispute, amount, original?.amount ?? 0n)
      ? ok({ kind, amount })
      : refuse(ledgerProblems.whole_reversal_only('Decide with resolution: adjustment.'));
  }
  if (borneBy === 'source' && !isKeptHere(ledger, dispute.source.platformId))
    return refuse(disputeProblems.nothing_to_adjust());
  return ok({ kind, amount, borneBy });
}

/** The part that the platform has not reversed itself meanwhile. */
export function stillDisputed({ amount, reversed }: Dispute): bigint {
  return amount - reversed;
}

export function isUnderReview(dispute: Dispute<DisputeState>): dispute is Dispute<'under_review'> {
  return dispute.state === 'under_review';
}

function isUpholding(dispute: Dispute<DisputeState>): dispute is Dispute<'upholding'> {
  return dispute.state === 'upholding';
}
