// The answers of the two sides: whose turn it is, until when, and what follows from an answer.

import type { PlatformId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { stillDisputed } from './decide-dispute.ts';
import { findMoved, isReversible } from './moved.ts';
import { disputeProblems } from './problems.ts';
import {
  fits,
  transitions,
  type DisputeState,
  type TransitionFrom,
  type TransitionName,
} from './states.ts';
import type { Setting } from './store.ts';
import { deadlinesOf, LEASE_MS, takeStep, type DisputeParts } from './take-step.ts';
import type { Dispute, Resolution } from './types.ts';
import { findUpToDate } from './find-dispute.ts';
import { whyLost } from './why-lost.ts';
import { finish } from './finish.ts';

export type Answer = 'accept' | 'contest' | 'rebut';

/** A platform's step, in its turn and in time. */
export async function answerDispute(
  parts: DisputeParts,
  publicId: string,
  platformId: PlatformId,
  name: Answer | 'withdraw',
  text: string,
): Promise<Result<Dispute>> {
  const found = await findUpToDate(parts, publicId, platformId);
  if (!found.ok) return found;
  const dispute = found.value;
  const { by } = transitions[name];
  if (partyOf(dispute, by) !== platformId) return refuse(disputeProblems.not_your_side());
  const { state } = dispute;
  if (!fits(name, state))
    return refuse(disputeProblems.wrong_dispute_state(`It is ${state}.`, { state }));
  if (name !== 'withdraw' && dispute.dueAtMs !== null && parts.clock.now() >= dispute.dueAtMs)
    return refuse(disputeProblems.answer_too_late());
  const setting = await settingOf(parts, name, dispute);
  // The state was checked to fit the name; the compiler cannot follow that through a name that
  // varies.
  const moved = await takeStep(
    parts,
    dispute,
    name as TransitionFrom<DisputeState>,
    { actor: 'platform', id: platformId },
    text,
    setting,
  );
  return moved === undefined
    ? refuse(await whyLost(parts, dispute))
    : ok(await finish(parts, moved));
}

/** The settings after a step: the next due date, or the resolution to carry out. */
export async function settingOf(
  parts: DisputeParts,
  name: TransitionName,
  dispute: Dispute,
): Promise<Setting> {
  const { answerMs, decisionMs } = deadlinesOf(parts.valuation);
  switch (transitions[name].to) {
    case 'contested':
      return { dueInMs: answerMs };
    case 'under_review':
      return { dueInMs: decisionMs };
    case 'upholding':
      return { nextInMs: LEASE_MS, resolution: await usualResolution(parts.ledger, dispute) };
    default:
      return { nextInMs: LEASE_MS };
  }
}

/**
 * The resolution when no operator decides: the disputed amount is reversed; where only a whole
 * reversal is possible, the target platform pays for a part.
 */
async function usualResolution(ledger: Ledger, dispute: Dispute): Promise<Resolution> {
  const amount = stillDisputed(dispute);
  const original = await findMoved(ledger, dispute.transactionId);
  return isReversible(ledger, dispute, amount, original?.amount ?? 0n)
    ? { kind: 'reversal', amount }
    : { kind: 'adjustment', amount, borneBy: 'target' };
}

/** The platform of a side. */
export function partyOf(
  { claimantSide, source, target }: Dispute,
  side: 'claimant' | 'respondent',
): PlatformId {
  return ((claimantSide === 'source') === (side === 'claimant') ? source : target).platformId;
}
