// Turns a break into a dispute in one step: an operator claims for one side what reconciliation has
// found.

import { formatId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { Disputes, ReasonCode, Dispute, Side } from '../disputes/disputes.ts';
import { reconciliationProblems } from './problems.ts';
import type { Reconciliation } from './create-reconciliation.ts';
import type { BreakCategory } from './types.ts';

export interface BreakToDispute {
  readonly breakId: string;
  readonly operatorId: string;
  /** The side that claims; by default the source's, which gets the points back. */
  readonly side?: Side | undefined;
  readonly reason: string;
}

const REASONS: Partial<Record<BreakCategory, ReasonCode>> = {
  missing_there: 'not_received',
  duplicate: 'duplicate',
  amount: 'wrong_amount',
};

/**
 * The same break again gives the same dispute. The dispute is noted at the break, which stays open
 * until both sides agree or it is accepted.
 */
export async function disputeBreak(
  {
    reconciliation,
    disputes,
  }: { readonly reconciliation: Reconciliation; readonly disputes: Disputes },
  { breakId, operatorId, side = 'source', reason }: BreakToDispute,
): Promise<Result<Dispute>> {
  const found = await reconciliation.find(breakId);
  if (!found.ok) return found;
  const { transactionId, category, state, actions } = found.value;
  if (state !== 'open') return refuse(reconciliationProblems.break_closed(`It is ${state}.`));
  if (transactionId === null) return refuse(reconciliationProblems.break_not_disputable());
  const opened = await disputes.open({
    transactionId,
    openedBy: 'operator',
    platformId: undefined,
    operatorId,
    side,
    reasonCode: REASONS[category] ?? 'other',
    description: reason,
    amount: undefined,
    key: `break ${breakId}`,
  });
  if (!opened.ok) return opened;
  const words = `disputed: ${formatId('dsp', opened.value.dispute.disputeId)}`;
  if (!actions.some((action) => action.words === words))
    await reconciliation.note({ breakId, operatorId, note: words });
  return ok(opened.value.dispute);
}
