// Operator reviews: transfers that a review rule has set aside, and the decision to let one pass or
// to give the points back. Never posts under other rules than those in force. The only file of this
// room that others import.

import type { Identity } from '../../identity/identity.ts';
import { parseId, type PlatformId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import {
  ledgerProblems,
  type Asset,
  type Command,
  type Ledger,
  type PostedLeg,
} from '../../ledger/ledger.ts';

interface ReviewParts {
  readonly ledger: Ledger;
  readonly identity: Identity;
}

export type ReviewDecision = 'approve' | 'reject';

/** A transfer that waits; its points are held. */
interface Review {
  readonly leg: PostedLeg;
  readonly source: Asset;
  readonly target: Asset;
  /** The rule that asked for the review, and why. */
  readonly rule: string;
  readonly reason: string;
  readonly category: string | undefined;
}

export interface WaitingReview extends Review {
  /** Without a decision its points are free again then. */
  readonly dueAtMs: number;
}

/** Oldest first. */
export async function listReviews(
  { ledger }: Pick<ReviewParts, 'ledger'>,
  limit: number,
): Promise<WaitingReview[]> {
  return (await ledger.listReviews(limit)).flatMap(({ leg, dueAtMs }) => {
    const review = readReview(leg, ledger);
    return review === undefined ? [] : [{ ...review, dueAtMs }];
  });
}

/**
 * Carries out an operator's decision. The key is derived from the hold, so it happens once, however
 * often and by whomever it is decided.
 */
export async function decideReview(
  parts: ReviewParts,
  publicId: string,
  decision: ReviewDecision,
  operatorId: string,
  reason: string,
): Promise<Result<PostedLeg>> {
  const { ledger } = parts;
  const holdId = parseId('hold', publicId);
  const [leg] = holdId === undefined ? [] : await ledger.findTransaction(holdId);
  const review = leg === undefined ? undefined : readReview(leg, ledger);
  if (review === undefined) return refuse(ledgerProblems.hold_not_found());
  const hold = await ledger.findHold(review.leg.transactionId);
  if (hold !== undefined && hold.state !== 'held')
    return refuse(ledgerProblems.hold_resolved(`This hold is ${hold.state}.`));
  const outcome = await ledger.submit(
    decision === 'approve'
      ? await toTransfer(review, parts, operatorId, reason)
      : toRelease(review, operatorId, reason),
  );
  return outcome.ok ? ok(outcome.transaction) : outcome;
}

function readReview(leg: PostedLeg, ledger: Ledger): Review | undefined {
  const source = ledger.assetById(leg.assetId);
  const target = leg.targetAssetId === null ? undefined : ledger.assetById(leg.targetAssetId);
  const rule = textOf(leg, 'review');
  if (leg.kind !== 'hold' || source === undefined || target === undefined || rule === undefined)
    return undefined;
  return {
    leg,
    source,
    target,
    rule,
    reason: textOf(leg, 'review_reason') ?? '',
    category: textOf(leg, 'category'),
  };
}

/**
 * At the terms of this moment, under all rules except those that ask for a review. No caller can
 * send a key with a space.
 */
async function toTransfer(
  { leg, source, target, category }: Review,
  { identity }: ReviewParts,
  operatorId: string,
  reason: string,
): Promise<Command> {
  const details = Object.fromEntries(
    Object.entries(leg.details ?? {}).filter(
      ([name]) => name !== 'review' && name !== 'review_reason',
    ),
  );
  const links = await identity.listLinks(leg.memberId);
  return {
    kind: 'transfer',
    platformId: source.platformId as PlatformId,
    memberId: leg.memberId,
    key: `review ${leg.transactionId}`,
    amount: leg.amount,
    toMemberId: leg.counterpartyId ?? leg.memberId,
    targetPlatformId: target.platformId as PlatformId,
    reviewedHoldId: leg.transactionId,
    reference: leg.reference ?? undefined,
    category,
    tags: links.find(({ platformId }) => platformId === source.platformId)?.tags,
    details: { ...details, approved_by: operatorId, approval_reason: reason },
  };
}

function toRelease({ leg, source }: Review, operatorId: string, reason: string): Command {
  return {
    kind: 'release',
    platformId: source.platformId as PlatformId,
    memberId: leg.memberId,
    key: `review ${leg.transactionId} rejected`,
    holdId: leg.transactionId,
    cause: 'caller',
    details: { rejected_by: operatorId, rejection_reason: reason },
  };
}

function textOf(leg: PostedLeg, name: string): string | undefined {
  const value = leg.details?.[name];
  return typeof value === 'string' ? value : undefined;
}
