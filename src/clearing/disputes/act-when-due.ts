// Acts on a dispute whose due date has passed while nobody has acted.

import { release } from './carry-out.ts';
import { isUnderReview } from './decide-dispute.ts';
import { whenDue, whenOverdue, type DueState } from './states.ts';
import { noteProblem } from './store.ts';
import {
  BY_CLOCK,
  deadlinesOf,
  LEASE_MS,
  takeStep,
  takeStepByState,
  type DisputeParts,
} from './take-step.ts';
import type { Dispute } from './types.ts';
import { settingOf } from './answer-dispute.ts';
import { finish } from './finish.ts';

export function isDue(dispute: Dispute): dispute is Dispute<DueState> {
  return Object.hasOwn(whenDue, dispute.state);
}

export async function actWhenDue(parts: DisputeParts, dispute: Dispute<DueState>): Promise<void> {
  if (isUnderReview(dispute))
    return dispute.overdueAtMs === null ? remind(parts, dispute) : rejectUndecided(parts, dispute);
  const moved = await takeStepByState(
    parts,
    dispute,
    whenDue,
    BY_CLOCK,
    null,
    await settingOf(parts, whenDue[dispute.state], dispute),
  );
  if (moved !== undefined) await finish(parts, moved);
}

async function rejectUndecided(
  parts: DisputeParts,
  dispute: Dispute<'under_review'>,
): Promise<void> {
  const moved = await takeStepByState(
    parts,
    dispute,
    whenOverdue,
    BY_CLOCK,
    'No operator has decided.',
    { nextInMs: LEASE_MS },
  );
  if (moved !== undefined) await finish(parts, moved);
}

/** A freeze ends on the due date of the decision, even when the decision is late. */
async function remind(parts: DisputeParts, dispute: Dispute<'under_review'>): Promise<void> {
  const problem = await release(parts, dispute);
  if (problem !== undefined)
    return noteProblem(parts.pool, dispute, problem.detail, parts.clock.now() + LEASE_MS);
  const nowMs = parts.clock.now();
  const setting = {
    frozen: 0n,
    dueAtMs: dispute.dueAtMs ?? nowMs,
    overdueAtMs: nowMs,
    nextInMs: deadlinesOf(parts.valuation).decisionMs,
  };
  const told = await takeStep(parts, dispute, 'remind', BY_CLOCK, null, setting);
  if (told !== undefined)
    parts.log.error(
      { dispute: dispute.disputeId },
      "a dispute waits for an operator's decision past its due date",
    );
}
