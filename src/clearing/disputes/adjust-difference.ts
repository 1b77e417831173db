// Gives back points that the target platform, by its own statement, has not credited, after a
// decision of two operators. Opens a dispute and upholds it in one commit, by an adjustment that
// the target bears. The statement is the platform's own, so neither side is heard again. Carried
// out like any other dispute.

import { assert } from '../../kernel/assert.ts';
import { formatAmount } from '../../kernel/amount.ts';
import { bucketOfTransaction, deriveTransactionId, type TransactionId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import type { DbClient } from '../../runtime/database.ts';
import { fingerprintOf, isOpening, readDisputable, writeClaimIn } from './open-dispute.ts';
import { disputeProblems } from './problems.ts';
import { resolutionIdOf } from './resolution-id.ts';
import { sumClaimed } from './store-claims.ts';
import { takeStepIn, type DisputeParts } from './take-step.ts';
import type { NewDispute } from './types.ts';

export interface NewAdjustment {
  readonly transactionId: TransactionId;
  /** In minor units of the source platform's points. */
  readonly amount: bigint;
  readonly askedBy: string;
  readonly approvedBy: string;
  readonly reason: string;
  /** Two adjustments with the same key are one. */
  readonly key: string;
}

export interface Adjusted {
  readonly disputeId: TransactionId;
  /** The ledger transaction that will be posted. */
  readonly resolutionId: TransactionId;
}

/** Whether that much of the transaction is left: neither reversed, nor claimed, nor decided. */
export async function checkAdjustment(
  { pool, ledger }: DisputeParts,
  { transactionId, amount }: Pick<NewAdjustment, 'transactionId' | 'amount'>,
): Promise<Result<undefined>> {
  const about = await readDisputable(ledger, { transactionId, platformId: undefined });
  if (!about.ok) return about;
  const { leg } = about.value;
  const left = leg.amount - (await ledger.getReversed(leg.transactionId));
  if (left <= 0n) return refuse(ledgerProblems.already_reversed());
  const bucket = bucketOfTransaction(transactionId);
  const { claimed, decided } = await sumClaimed(
    pool,
    { bucket, transactionId },
    'source',
    leg.amount,
  );
  if (amount <= left - claimed - decided) return ok(undefined);
  const { scale } = ledger.assetById(leg.assetId) ?? { scale: 0 };
  const rest = left - claimed - decided;
  const fields = { disputable: formatAmount(rest > 0n ? rest : 0n, scale) };
  const isDecided = amount <= left - claimed;
  return refuse(
    isDecided
      ? disputeProblems.dispute_decided(undefined, fields)
      : disputeProblems.dispute_exceeds_rest(undefined, fields),
  );
}

/** Within a dbTransaction; a loop carries it out within seconds. */
export async function adjustDifferenceIn(
  client: DbClient,
  parts: DisputeParts,
  { transactionId, amount, askedBy, approvedBy, reason, key }: NewAdjustment,
): Promise<Result<Adjusted>> {
  const about = await readDisputable(parts.ledger, { transactionId, platformId: undefined });
  if (!about.ok) return about;
  const { source } = about.value;
  const bucket = bucketOfTransaction(transactionId);
  // No caller can send a key with a space.
  const disputeId = deriveTransactionId(
    bucket,
    source.platformId,
    source.memberId,
    `dispute ${key}`,
  );
  const wanted: NewDispute = {
    transactionId,
    openedBy: 'operator',
    platformId: undefined,
    operatorId: askedBy,
    side: 'source',
    reasonCode: 'not_received',
    description: reason,
    amount,
    key,
  };
  const fingerprint = fingerprintOf(wanted);
  const claim = { about: about.value, side: 'source' as const, wanted, disputeId, fingerprint };
  const written = await writeClaimIn(client, parts, claim);
  if (!written.ok) return written;
  const { dispute } = written.value;
  if (isOpening(dispute)) {
    assert(dispute.holdId === null, 'nothing is frozen at a connected platform');
    const who = { actor: 'operator' as const, id: approvedBy };
    const resolution = { kind: 'adjustment' as const, amount, borneBy: 'target' as const };
    const upheld = await takeStepIn(client, parts, dispute, 'upholdDifference', who, reason, {
      frozen: 0n,
      nextInMs: 0,
      resolution,
    });
    assert(upheld !== undefined, 'no other process has seen it yet');
  }
  return ok({ disputeId, resolutionId: resolutionIdOf(dispute, parts.ledger.bucketCount()) });
}
