// The events of a dispute for both platforms: what it is about and its state. They name no user of
// either platform.

import { formatAmount } from '../../kernel/amount.ts';
import { formatId } from '../../kernel/ids.ts';
import { formatMoment } from '../../kernel/time.ts';
import { getPoints, type Ledger } from '../../ledger/ledger.ts';
import type { NewEvent } from '../../events/events.ts';
import type { Dispute } from './types.ts';

/** One event for each platform that takes part. */
export function describeEvents(
  type: string,
  dispute: Dispute,
  ledger: Pick<Ledger, 'pointsOf'>,
): NewEvent[] {
  const { source, target, resolutionId, dueAtMs } = dispute;
  const claimant = dispute.claimantSide === 'source' ? source : target;
  const respondent = dispute.claimantSide === 'source' ? target : source;
  const scale = getPoints(ledger, source.platformId).scale;
  const data = {
    dispute_id: formatId('dsp', dispute.disputeId),
    transaction_id: formatId('txn', dispute.transactionId),
    appeal_of: dispute.appealOf === null ? null : formatId('dsp', dispute.appealOf),
    reason_code: dispute.reasonCode,
    amount: formatAmount(dispute.amount, scale),
    reversed_amount: formatAmount(dispute.reversed, scale),
    source_platform: source.platformId,
    target_platform: target.platformId,
    claimant_platform: claimant.platformId,
    respondent_platform: respondent.platformId,
    state: dispute.state,
    outcome: dispute.outcome,
    due_at: formatMoment(dueAtMs),
    resolution: dispute.resolution?.kind ?? null,
    resolution_transaction_id: resolutionId === null ? null : formatId('txn', resolutionId),
  };
  return [...new Set([source.platformId, target.platformId])].map((platformId) => ({
    type,
    platformId,
    data,
  }));
}
