// Turns a break into an adjustment in one step, by a decision of two operators: points that the
// target of a transfer has not credited are given back at its source, and the target's position
// pays for them.

import { formatId, type PlatformId, type TransactionId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { DbClient } from '../../runtime/database.ts';
import { type Disputes, findMoved, type Adjusted } from '../disputes/disputes.ts';
import { decideAdjustment, type AdjustmentTerms, type MovedPoints } from './decide-adjustment.ts';
import { reconciliationProblems } from './problems.ts';
import type { Reconciliation } from './create-reconciliation.ts';
import type { Break } from './types.ts';

const CHANGED =
  "The platform's figures have changed: recheck the difference, and look at its figures.";

export interface BreakAdjustParts {
  readonly reconciliation: Reconciliation;
  readonly disputes: Disputes;
  readonly ledger: Ledger;
}

export interface BreakAdjustment extends AdjustmentTerms {
  readonly transactionId: TransactionId;
  readonly source: PlatformId;
}

/**
 * The adjustment that would be made; the platform is asked whether the difference is still as it
 * was found.
 */
export async function planBreakAdjustment(
  parts: BreakAdjustParts,
  breakId: string,
): Promise<Result<{ readonly one: Break; readonly adjustment: BreakAdjustment }>> {
  const found = await parts.reconciliation.find(breakId);
  if (!found.ok) return found;
  const adjustment = await readAdjustment(parts.ledger, found.value);
  if (!adjustment.ok) return adjustment;
  const left = await parts.disputes.checkAdjustment(adjustment.value);
  if (!left.ok) return left;
  const standing = await parts.reconciliation.ask(found.value);
  if (!standing.ok) return standing;
  const { ours, theirs } = standing.value;
  if (ours !== found.value.ours || (theirs ?? 0n) !== (found.value.theirs ?? 0n)) {
    return refuse(reconciliationProblems.break_not_adjustable(CHANGED));
  }
  return ok({ one: found.value, adjustment: adjustment.value });
}

export interface BreakToAdjust {
  readonly breakId: string;
  readonly askedBy: string;
  readonly approvedBy: string;
  readonly reason: string;
}

/**
 * Within a dbTransaction: closes the break in that commit; the adjustment is posted within seconds.
 */
export function adjustBreakIn(
  client: DbClient,
  { reconciliation, disputes, ledger }: BreakAdjustParts,
  { breakId, askedBy, approvedBy, reason }: BreakToAdjust,
): Promise<Result<Adjusted>> {
  return reconciliation.adjustIn(client, { breakId, operatorId: askedBy }, async (one) => {
    const adjustment = await readAdjustment(ledger, one);
    if (!adjustment.ok) return adjustment;
    const { transactionId, amount, missing } = adjustment.value;
    // A break that opens again counts as another one.
    const key = `break ${one.breakId} ${one.timesOpened} adjustment`;
    const adjusted = await disputes.adjustIn(client, {
      transactionId,
      amount,
      askedBy,
      approvedBy,
      reason,
      key,
    });
    if (!adjusted.ok) return adjusted;
    const { disputeId, resolutionId } = adjusted.value;
    const words = `adjusted: ${formatId('dsp', disputeId)}, ${formatId('txn', resolutionId)}: ${reason}`;
    return ok({ ...adjusted.value, transactionId, missing, words });
  });
}

async function readAdjustment(ledger: Ledger, one: Break): Promise<Result<BreakAdjustment>> {
  const leg = one.transactionId === null ? undefined : await findMoved(ledger, one.transactionId);
  const source =
    leg === undefined ? undefined : (ledger.assetById(leg.assetId)?.platformId ?? undefined);
  const isTarget =
    leg?.kind === 'conversion' &&
    leg.targetAssetId !== null &&
    ledger.assetById(leg.targetAssetId)?.platformId === one.platformId;
  const moved: MovedPoints | undefined =
    leg === undefined
      ? undefined
      : { amount: leg.amount, credited: isTarget ? (leg.credited ?? undefined) : undefined };
  const terms = decideAdjustment(one, moved);
  if (!terms.ok) return terms;
  if (one.transactionId === null || source === undefined)
    return refuse(reconciliationProblems.break_not_adjustable());
  return ok({ ...terms.value, transactionId: one.transactionId, source });
}
