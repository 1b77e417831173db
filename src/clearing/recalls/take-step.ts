// One step of a recall: its new state, its line in the audit trail and its events, in one commit.

import { formatAmount } from '../../kernel/amount.ts';
import { formatId } from '../../kernel/ids.ts';
import { formatMoment, type Clock } from '../../kernel/time.ts';
import { getPoints, type Ledger } from '../../ledger/ledger.ts';
import { dbTransaction, type DbClient, type Pool } from '../../runtime/database.ts';
import { appendEvents, type NewEvent } from '../../events/events.ts';
import type { Log } from '../../runtime/log.ts';
import type { Valuation } from '../../valuation/valuation.ts';
import { transitions, type RecallState, type TransitionFrom } from './states.ts';
import { insertRecallStep, moveRecall } from './store.ts';
import type { Recall, RecallActor } from './types.ts';

export interface RecallParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly valuation: Pick<Valuation, 'rulebook'>;
  /** Time that a saga may take before an operator is told; by default that of the sagas. */
  readonly sagaDeadlineMs?: number | undefined;
}

export const BY_LEDGER: RecallActor = { actor: 'ledger', id: null };
export const BY_CLOCK: RecallActor = { actor: 'clock', id: null };

/**
 * Undefined when another process has changed the recall since it was read. `nextInMs`: when a loop
 * looks at it. `also` writes in the same commit.
 */
export function takeStep<S extends RecallState>(
  { pool, clock, ledger }: Pick<RecallParts, 'pool' | 'clock' | 'ledger'>,
  recall: Recall<S>,
  name: TransitionFrom<S>,
  who: RecallActor,
  text: string | null,
  {
    nextInMs,
    also,
  }: {
    readonly nextInMs?: number;
    readonly also?: (client: DbClient, moved: Recall) => Promise<void>;
  } = {},
): Promise<Recall | undefined> {
  return dbTransaction(pool, async (client) => {
    const nowMs = clock.now();
    const moved = await moveRecall(
      client,
      recall,
      name,
      nowMs,
      nextInMs === undefined ? null : nowMs + nextInMs,
    );
    if (moved === undefined) return undefined;
    await insertRecallStep(client, moved, {
      takenAtMs: nowMs,
      who,
      action: name,
      stateBefore: recall.state,
      stateAfter: moved.state,
      text,
    });
    await also?.(client, moved);
    await appendEvents(client, describeEvents(transitions[name].event, moved, ledger), nowMs);
    return moved;
  });
}

/**
 * One event for each platform: what the recall is about and its state. It names no user of either
 * platform.
 */
export function describeEvents(
  type: string,
  recall: Recall,
  ledger: Pick<Ledger, 'pointsOf'>,
): NewEvent[] {
  const { source, target, dueAtMs } = recall;
  const amountOf = (platformId: Recall['source']['platformId'], minor: bigint): number =>
    formatAmount(minor, getPoints(ledger, platformId).scale);
  const data = {
    recall_id: formatId('rcl', recall.recallId),
    transaction_id: formatId('txn', recall.transactionId),
    amount: amountOf(source.platformId, recall.amount),
    credited_amount: amountOf(target.platformId, recall.credited),
    source_platform: source.platformId,
    target_platform: target.platformId,
    state: recall.state,
    due_at: formatMoment(dueAtMs),
    resolution_transaction_id:
      recall.state === 'taken' ? formatId('txn', recall.resolutionId) : null,
  };
  return [source, target].map(({ platformId }) => ({ type, platformId, data }));
}
