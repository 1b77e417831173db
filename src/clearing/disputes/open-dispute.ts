// Opens a dispute: checks the claim under a lock, records it, and only then freezes the receiver's
// points. A crash in between leaves a dispute that is `opening`; a loop finishes it.

import { hash } from 'node:crypto';
import { formatAmount, formatAmountText, larger, parseRatio } from '../../kernel/amount.ts';
import {
  bucketOf,
  bucketOfTransaction,
  deriveTransactionId,
  formatId,
  type TransactionId,
} from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { ledgerProblems, getAsset, type Ledger, type PostedLeg } from '../../ledger/ledger.ts';
import { dbTransaction, type DbClient } from '../../runtime/database.ts';
import { followReversalsIn } from './follow-reversals.ts';
import { creditedFor, findMoved, isKeptHere } from './moved.ts';
import { disputeProblems } from './problems.ts';
import { insertDispute, noteProblem, selectDispute } from './store.ts';
import { insertStep } from './store-trail.ts';
import { lockDisputed, sumClaimed } from './store-claims.ts';
import { BY_LEDGER, deadlinesOf, LEASE_MS, takeStep, type DisputeParts } from './take-step.ts';
import type { Dispute, NewDispute, Party, Side, Who } from './types.ts';

/**
 * A transaction that can be disputed. The leg is that of the points that moved; its id may differ
 * from the transaction's own.
 */
export interface Disputable {
  readonly leg: PostedLeg;
  readonly source: Party;
  readonly target: Party;
}

export async function openDispute(
  parts: DisputeParts,
  wanted: NewDispute,
): Promise<Result<{ readonly dispute: Dispute; readonly replayed: boolean }>> {
  const found = await readDisputable(parts.ledger, wanted);
  if (!found.ok) return found;
  const side = sideOf(found.value, wanted);
  if (side === undefined) return refuse(disputeProblems.not_your_side());
  const { leg, source, target } = found.value;
  const claimant = side === 'source' ? source : target;
  const { transactionId } = wanted;
  const bucket = bucketOfTransaction(transactionId);
  const opener = wanted.operatorId === undefined ? '' : `${wanted.operatorId} `;
  const disputeId = deriveTransactionId(
    bucket,
    wanted.platformId ?? claimant.platformId,
    claimant.memberId,
    `dispute ${opener}${wanted.key}`,
  );
  const fingerprint = fingerprintOf(wanted);

  const known = await selectDispute(parts.pool, bucket, disputeId);
  if (known !== undefined) {
    if (known.fingerprint !== fingerprint) return refuse(ledgerProblems.idempotency_key_reused());
    return ok({ dispute: await finishOpening(parts, known), replayed: true });
  }
  const { pool, clock } = parts;
  if (clock.now() >= leg.postedAtMs + deadlinesOf(parts.valuation).openMs)
    return refuse(disputeProblems.dispute_too_late());

  const claim: Claim = { about: found.value, side, wanted, disputeId, fingerprint };
  const made = await dbTransaction(pool, (client) => writeClaimIn(client, parts, claim));
  return made.ok
    ? ok({ ...made.value, dispute: await finishOpening(parts, made.value.dispute) })
    : made;
}

/** A dispute to be recorded. */
export interface Claim {
  readonly about: Disputable;
  readonly side: Side;
  readonly wanted: NewDispute;
  readonly disputeId: TransactionId;
  readonly fingerprint: string;
}

/**
 * Records it, when that much is left to claim. The dbTransaction then holds the row for which all
 * who claim the transaction wait.
 */
export async function writeClaimIn(
  client: DbClient,
  parts: DisputeParts,
  { about: { leg, source, target }, side, wanted, disputeId, fingerprint }: Claim,
): Promise<Result<{ readonly dispute: Dispute; readonly replayed: boolean }>> {
  const { clock, ledger } = parts;
  const { transactionId } = wanted;
  const bucket = bucketOfTransaction(transactionId);
  const openedAtMs = clock.now();
  await lockDisputed(client, { bucket, transactionId });
  const meanwhile = await selectDispute(client, bucket, disputeId);
  if (meanwhile !== undefined) {
    return meanwhile.fingerprint === fingerprint
      ? ok({ dispute: meanwhile, replayed: true })
      : refuse(ledgerProblems.idempotency_key_reused());
  }
  // An earlier reversal is no part of this claim.
  await followReversalsIn(client, parts, leg);
  const reversed = await ledger.getReversed(leg.transactionId, client);
  if (reversed >= leg.amount) return refuse(ledgerProblems.already_reversed());
  const { claimed, decided } = await sumClaimed(
    client,
    { bucket, transactionId },
    side,
    leg.amount,
  );
  const left = larger(leg.amount - reversed - claimed - decided, 0n);
  const amount = wanted.amount ?? left;
  const disputable = { disputable: formatAmount(left, getAsset(ledger, leg.assetId).scale) };
  if (
    decided > 0n &&
    (amount === 0n || amount > left) &&
    amount <= leg.amount - reversed - claimed
  ) {
    return refuse(disputeProblems.dispute_decided(undefined, disputable));
  }
  if (amount <= 0n || amount > left)
    return refuse(disputeProblems.dispute_exceeds_rest(undefined, disputable));
  const { scale } = ledger.assetById(leg.assetId) ?? { scale: 0 };
  const minimum = leastOf(parts, scale);
  if (amount < minimum && wanted.openedBy !== 'operator') {
    const least = `Dispute at least ${formatAmountText(minimum, scale)} points.`;
    return refuse(
      disputeProblems.dispute_too_small(least, { minimum: formatAmount(minimum, scale) }),
    );
  }
  const dispute: Dispute<'opening'> = {
    bucket,
    disputeId,
    transactionId,
    appealOf: null,
    fingerprint,
    openedBy: wanted.openedBy,
    openerId: wanted.operatorId ?? wanted.platformId ?? '',
    claimantSide: side,
    source,
    target,
    reasonCode: wanted.reasonCode,
    description: wanted.description,
    amount,
    reversed: 0n,
    credited: creditedFor(leg, amount),
    holdId: freezeIdOf(ledger, disputeId, target),
    frozen: null,
    state: 'opening',
    dueAtMs: null,
    outcome: null,
    resolution: null,
    resolutionId: null,
    problem: null,
    overdueAtMs: null,
    openedAtMs,
    changedAtMs: openedAtMs,
    revision: 1,
  };
  const written = await insertDispute(client, dispute, openedAtMs + LEASE_MS);
  const who = { actor: wanted.openedBy, id: dispute.openerId } as Who;
  await insertStep(client, written, {
    takenAtMs: openedAtMs,
    who,
    action: 'open',
    stateBefore: null,
    stateAfter: 'opening',
    text: wanted.description,
  });
  return ok({ dispute: written, replayed: false });
}

/**
 * Freezes as much of the disputed points as the receiver still has. Returns a dispute that is past
 * this step unchanged, and also one that cannot continue yet.
 */
export async function finishOpening(parts: DisputeParts, dispute: Dispute): Promise<Dispute> {
  if (!isOpening(dispute)) return dispute;
  const frozen = await freeze(parts, dispute);
  if (frozen === undefined) return dispute;
  const { answerMs, decisionMs } = deadlinesOf(parts.valuation);
  const moved =
    dispute.appealOf === null
      ? await takeStep(parts, dispute, 'freeze', BY_LEDGER, null, { frozen, dueInMs: answerMs })
      : await takeStep(parts, dispute, 'freezeAppeal', BY_LEDGER, null, {
          frozen,
          dueInMs: decisionMs,
        });
  return moved ?? (await selectDispute(parts.pool, dispute.bucket, dispute.disputeId)) ?? dispute;
}

export function isOpening(dispute: Dispute): dispute is Dispute<'opening'> {
  return dispute.state === 'opening';
}

/** How much is frozen; undefined when that is not known yet. */
async function freeze(
  { pool, clock, ledger }: DisputeParts,
  dispute: Dispute,
): Promise<bigint | undefined> {
  const { holdId, target, credited, disputeId } = dispute;
  const leg =
    holdId === null || credited === 0n ? undefined : await findMoved(ledger, dispute.transactionId);
  if (leg === undefined) return 0n;
  const outcome = await ledger.submit({
    kind: 'hold',
    freeze: leg.transactionId,
    expiresInMs: 0,
    platformId: target.platformId,
    memberId: target.memberId,
    key: freezeKey(disputeId),
    amount: credited,
    details: { dispute: formatId('dsp', disputeId) },
  });
  if (outcome.ok) return outcome.transaction.amount;
  if (!outcome.problem.retryable) return 0n;
  await noteProblem(pool, dispute, outcome.problem.detail, clock.now() + LEASE_MS);
  return undefined;
}

/** The hold that will freeze it; null where the target platform is connected. */
export function freezeIdOf(
  ledger: Ledger,
  disputeId: TransactionId,
  { platformId, memberId }: Party,
): TransactionId | null {
  if (!isKeptHere(ledger, platformId)) return null;
  return deriveTransactionId(
    bucketOf(memberId, ledger.bucketCount()),
    platformId,
    memberId,
    freezeKey(disputeId),
  );
}

/** No caller can send a key with a space. */
function freezeKey(disputeId: TransactionId): string {
  return `dispute ${disputeId} freeze`;
}

export async function readDisputable(
  ledger: Ledger,
  { transactionId, platformId }: Pick<NewDispute, 'transactionId' | 'platformId'>,
): Promise<Result<Disputable>> {
  const [named] = await ledger.findTransaction(transactionId);
  const source = named === undefined ? null : (ledger.assetById(named.assetId)?.platformId ?? null);
  if (named === undefined || source === null)
    return refuse(ledgerProblems.transaction_not_found(undefined, { field: 'transaction_id' }));
  const targetAsset =
    named.targetAssetId === null ? undefined : ledger.assetById(named.targetAssetId);
  const target =
    targetAsset?.kind === 'points' && targetAsset.platformId !== null
      ? targetAsset.platformId
      : source;
  if (platformId !== undefined && platformId !== source && platformId !== target)
    return refuse(ledgerProblems.transaction_not_found(undefined, { field: 'transaction_id' }));
  const leg = await findMoved(ledger, transactionId);
  if (leg === undefined) return refuse(disputeProblems.not_disputable('It has moved no points.'));
  if (leg.kind !== 'conversion' && leg.kind !== 'transfer')
    return refuse(disputeProblems.not_disputable(`This transaction is of kind ${leg.kind}.`));
  return ok({
    leg,
    source: { platformId: source, memberId: leg.memberId },
    target: { platformId: target, memberId: leg.counterpartyId ?? leg.memberId },
  });
}

function sideOf(
  { source, target }: Disputable,
  { platformId, side }: NewDispute,
): Side | undefined {
  const own: readonly Side[] =
    platformId === undefined
      ? ['source', 'target']
      : [
          ...(source.platformId === platformId ? ['source' as const] : []),
          ...(target.platformId === platformId ? ['target' as const] : []),
        ];
  return side === undefined ? own[0] : own.find((one) => one === side);
}

/** The least amount that can be disputed, in minor units of points of that scale, rounded up. */
function leastOf({ valuation }: Pick<DisputeParts, 'valuation'>, scale: number): bigint {
  const { dispute_minimum: minimum } = valuation.rulebook().document.settings;
  if (minimum === undefined) return 0n;
  const { numerator, denominator } = parseRatio(minimum);
  return (numerator * 10n ** BigInt(scale) + denominator - 1n) / denominator;
}

/**
 * A fingerprint of the request besides its key; two with the same fingerprint are the same request.
 */
export function fingerprintOf({
  transactionId,
  openedBy,
  side,
  reasonCode,
  description,
  amount,
}: NewDispute): string {
  return hash(
    'sha256',
    JSON.stringify([
      transactionId,
      openedBy,
      side ?? null,
      reasonCode,
      description,
      amount?.toString() ?? null,
    ]),
  );
}
