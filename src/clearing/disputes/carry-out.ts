// Carries out a decision in the ledger, then ends the dispute. Each step can be repeated: the
// ledger knows by the key what was posted before, so any worker can finish a dispute that is half
// carried out. A reversal takes from the frozen points in its own commit, so they are never free in
// between.

import { larger, smaller } from '../../kernel/amount.ts';
import {
  bucketOfTransaction,
  formatId,
  platformOwnerId,
  type TransactionId,
} from '../../kernel/ids.ts';
import { refuse, type Problem } from '../../kernel/problem.ts';
import {
  ledgerProblems,
  shareOf,
  type Command,
  type Outcome,
  type PostedLeg,
} from '../../ledger/ledger.ts';
import { holdDisputed } from './hold-disputed.ts';
import { findMoved, isKeptHere } from './moved.ts';
import { resolutionIdOf, resolutionKey } from './resolution-id.ts';
import { whenCarriedOut, type CarryingState } from './states.ts';
import { noteProblem, selectDispute } from './store.ts';
import { sumAdjusted } from './store-claims.ts';
import { BY_LEDGER, takeStepByState, type DisputeParts } from './take-step.ts';
import type { Dispute, Resolution } from './types.ts';

/** Time until a decision that could not be carried out is tried again. */
const RETRY_MS = 60_000;

export function isCarrying(dispute: Dispute): dispute is Dispute<CarryingState> {
  return Object.hasOwn(whenCarriedOut, dispute.state);
}

/** Returns the dispute afterwards: ended, or with the problem that prevents it. */
export async function carryOut(
  parts: DisputeParts,
  dispute: Dispute<CarryingState>,
): Promise<Dispute> {
  const { pool, clock, log } = parts;
  const problem = await settle(parts, dispute);
  if (problem !== undefined) {
    if (!problem.retryable)
      log.error(
        { dispute: formatId('dsp', dispute.disputeId), problem: problem.code },
        'a decided dispute cannot be carried out; an operator may choose another resolution',
      );
    await noteProblem(pool, dispute, `${problem.error}. ${problem.detail}`, clock.now() + RETRY_MS);
  }
  return (await selectDispute(pool, dispute.bucket, dispute.disputeId)) ?? dispute;
}

async function settle(
  parts: DisputeParts,
  dispute: Dispute<CarryingState>,
): Promise<Problem | undefined> {
  const posted = dispute.state === 'upholding' ? await postResolution(parts, dispute) : undefined;
  if (posted !== undefined && posted !== 'nothing' && 'code' in posted) return posted;
  const problem = await release(parts, dispute);
  if (problem !== undefined) return problem;
  const found = posted === undefined || posted === 'nothing' ? undefined : posted;
  const setting =
    found === undefined
      ? {}
      : { resolutionId: found.transactionId, resolution: resolutionOf(found, dispute) };
  const text = posted === 'nothing' ? 'Nothing was left to settle here.' : null;
  await takeStepByState(parts, dispute, whenCarriedOut, BY_LEDGER, text, setting);
  return undefined;
}

/**
 * The posted resolution may differ from the dispute's, when an operator changed it at the same
 * moment; the ledger is right.
 */
function resolutionOf(posted: PostedLeg, { resolution, amount }: Dispute): Resolution {
  if (posted.kind === 'reverse') return { kind: 'reversal', amount: posted.amount };
  if (resolution?.kind !== 'adjustment')
    return {
      kind: 'adjustment',
      amount: posted.amount === 0n ? amount : posted.amount,
      borneBy: 'target',
    };
  // Nothing is posted for a member of a connected platform.
  return { ...resolution, amount: posted.amount === 0n ? resolution.amount : posted.amount };
}

/** `nothing` when nothing of the transaction is left to settle. */
async function postResolution(
  parts: DisputeParts,
  dispute: Dispute,
): Promise<PostedLeg | 'nothing' | Problem> {
  const { ledger } = parts;
  const id = resolutionIdOf(dispute, ledger.bucketCount());
  const [before] = await ledger.findTransaction(id);
  if (before !== undefined) return before;
  const settling = await settlingOf(parts, dispute);
  if (settling === undefined) return 'nothing';
  const { command } = settling;
  const outcome =
    command.kind === 'adjust'
      ? await submitUnlessReversed(parts, settling)
      : await ledger.submit(command);
  if (outcome.ok) return outcome.transaction;
  // Another worker has posted it meanwhile, over another amount than would be left now.
  const [meanwhile] =
    outcome.problem.code === 'idempotency_key_reused' ? await ledger.findTransaction(id) : [];
  return meanwhile ?? outcome.problem;
}

interface Settling {
  readonly command: Command;
  /**
   * The transaction that moved the disputed points, and how much of it was reversed when the
   * command was made.
   */
  readonly moved: TransactionId;
  readonly reversed: bigint;
}

/**
 * The transaction's platform cannot reverse at the same time; a reversal that came before changes
 * the command.
 */
async function submitUnlessReversed(
  { pool, ledger }: DisputeParts,
  { command, moved, reversed }: Settling,
): Promise<Outcome> {
  return holdDisputed(
    pool,
    { bucket: bucketOfTransaction(moved), transactionId: moved },
    async (client) => {
      if ((await ledger.getReversed(moved, client)) === reversed) return ledger.submit(command);
      return refuse(ledgerProblems.unavailable('A part of it has just been reversed.'));
    },
  );
}

async function settlingOf(parts: DisputeParts, dispute: Dispute): Promise<Settling | undefined> {
  const { ledger, pool } = parts;
  const { source, target, transactionId, disputeId, resolution, holdId } = dispute;
  const original = await findMoved(ledger, transactionId);
  if (original === undefined || resolution === null)
    throw new Error(`dispute ${disputeId} has no resolution`);
  const hold = holdId === null ? undefined : await ledger.findHold(holdId);
  const settled = {
    moved: original.transactionId,
    reversed: await ledger.getReversed(original.transactionId),
  };
  const left = larger(original.amount - settled.reversed - (await sumAdjusted(pool, dispute)), 0n);
  // Within a platform a reversal takes from the freeze, and the dispute is told a moment later.
  const taken =
    source.platformId === target.platformId ? larger(dispute.reversed, hold?.captured ?? 0n) : 0n;
  const amount = smaller(resolution.amount, smaller(left, dispute.amount - taken));
  if (amount === 0n) return undefined;
  const common = {
    platformId: source.platformId,
    memberId: source.memberId,
    key: resolutionKey(disputeId),
    reason: `dispute ${formatId('dsp', disputeId)}: ${dispute.reasonCode}`,
  };
  if (resolution.kind === 'reversal') {
    const command: Command = {
      ...common,
      kind: 'reverse',
      agreed: true,
      transactionId: original.transactionId,
      amount,
      details: { reverses: original.kind },
      ...(hold?.state === 'held' ? { frozenHoldId: hold.holdId } : {}),
      // A platform that takes back no spent points bears the rest itself, so that an upheld dispute
      // is always carried out.
      ...(ledger.pointsOf(target.platformId)?.clawback === 'refuse'
        ? { clawback: 'available' as const }
        : {}),
    };
    return { ...settled, command };
  }
  const value =
    resolution.borneBy === 'target' && target.platformId !== source.platformId
      ? await valueOf(parts, dispute, original, amount)
      : 0n;
  const given = isKeptHere(ledger, source.platformId) ? amount : 0n;
  // Worth less than the smallest unit of the settlement currency, and given by the source itself.
  if (given === 0n && value === 0n) return undefined;
  const command: Command = {
    ...common,
    kind: 'adjust',
    amount: given,
    details: { dispute: formatId('dsp', disputeId) },
    ...(value === 0n ? {} : { compensation: { paidBy: target.platformId, value } }),
  };
  return { ...settled, command };
}

/**
 * The value that the target platform was due for a part of the transaction, in minor units of the
 * settlement currency, after earlier reversals and adjustments. Rounded against the platform, which
 * keeps the rest, so the parts add up to what it was due.
 */
async function valueOf(
  { pool, ledger }: DisputeParts,
  dispute: Dispute,
  original: PostedLeg,
  amount: bigint,
): Promise<bigint> {
  const moved = await ledger.listMoved(original.transactionId, ledger.settlementAsset().assetId);
  const ownerId = platformOwnerId(dispute.target.platformId);
  const due = moved
    .filter((one) => one.ownerId === ownerId)
    .reduce((sum, one) => sum + one.amount, 0n);
  if (due <= 0n) return 0n;
  const before =
    (await ledger.getReversed(original.transactionId)) + (await sumAdjusted(pool, dispute));
  return shareOf(
    due,
    original.amount,
    { before: smaller(before, original.amount - amount), amount },
    'sooner',
  );
}

/** Releases what is still frozen; does nothing when a reversal has taken it. */
export async function release(
  { ledger }: DisputeParts,
  { holdId, target, disputeId }: Dispute,
): Promise<Problem | undefined> {
  const hold = holdId === null ? undefined : await ledger.findHold(holdId);
  if (hold?.state !== 'held') return undefined;
  const outcome = await ledger.submit({
    kind: 'release',
    platformId: target.platformId,
    memberId: target.memberId,
    key: `dispute ${disputeId} release`,
    holdId: hold.holdId,
    cause: 'dispute',
    details: { dispute: formatId('dsp', disputeId) },
  });
  return outcome.ok || outcome.problem.code === ledgerProblems.hold_resolved().code
    ? undefined
    : outcome.problem;
}
