// One step of a dispute: its new state, its line in the audit trail and its events, in one commit.

import { DAY_MS, type Clock } from '../../kernel/time.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { dbTransaction, type DbClient, type Pool } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import type { Log } from '../../runtime/log.ts';
import type { Valuation } from '../../valuation/valuation.ts';
import { describeEvents } from './dispute-events.ts';
import { transitions, type DisputeState, type TransitionFrom } from './states.ts';
import { moveDispute, type Setting } from './store.ts';
import { insertStep } from './store-trail.ts';
import type { Dispute, Who } from './types.ts';

export interface DisputeParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly valuation: Pick<Valuation, 'rulebook'>;
}

export const BY_LEDGER: Who = { actor: 'ledger', id: null };
export const BY_CLOCK: Who = { actor: 'clock', id: null };

/** Time for a caller to finish what it began, before a loop does. */
export const LEASE_MS = 5_000;

/** Undefined when another process has changed the dispute since it was read. */
export function takeStep<S extends DisputeState>(
  { pool, clock, ledger }: Pick<DisputeParts, 'pool' | 'clock' | 'ledger'>,
  dispute: Dispute<S>,
  name: TransitionFrom<S>,
  who: Who,
  text: string | null,
  setting: Setting,
): Promise<Dispute | undefined> {
  return dbTransaction(pool, (client) =>
    takeStepIn(client, { clock, ledger }, dispute, name, who, text, setting),
  );
}

/** The same within a dbTransaction. */
export async function takeStepIn<S extends DisputeState>(
  client: DbClient,
  { clock, ledger }: Pick<DisputeParts, 'clock' | 'ledger'>,
  dispute: Dispute<S>,
  name: TransitionFrom<S>,
  who: Who,
  text: string | null,
  setting: Setting,
): Promise<Dispute | undefined> {
  const nowMs = clock.now();
  const moved = await moveDispute(client, dispute, name, nowMs, setting);
  if (moved === undefined) return undefined;
  await insertStep(client, moved, {
    takenAtMs: nowMs,
    who,
    action: name,
    stateBefore: dispute.state,
    stateAfter: moved.state,
    text,
  });
  await appendEvents(client, describeEvents(transitions[name].event, moved, ledger), nowMs);
  return moved;
}

/**
 * The step that a table names for the present state: each entry of the table fits its own state.
 */
export function takeStepByState<S extends DisputeState>(
  parts: Pick<DisputeParts, 'pool' | 'clock' | 'ledger'>,
  dispute: Dispute<S>,
  table: { readonly [K in S]: TransitionFrom<K> },
  who: Who,
  text: string | null,
  setting: Setting,
): Promise<Dispute | undefined> {
  return takeStep(
    parts,
    dispute,
    table[dispute.state] as unknown as TransitionFrom<S>,
    who,
    text,
    setting,
  );
}

export interface Deadlines {
  readonly openMs: number;
  readonly answerMs: number;
  /**
   * Time for an operator to decide; and once more, with nothing frozen, before the claim is
   * rejected without a decision.
   */
  readonly decisionMs: number;
  /** Time for a claimant to appeal after the decision. */
  readonly appealMs: number;
}

/** The network's deadlines, as the rulebook in force sets them. */
export function deadlinesOf(valuation: Pick<Valuation, 'rulebook'>): Deadlines {
  const {
    dispute_open_days: open = 60,
    dispute_answer_days: answer = 7,
    dispute_decision_days: decision = 14,
    dispute_appeal_days: appeal = 7,
  } = valuation.rulebook().document.settings;
  return {
    openMs: open * DAY_MS,
    answerMs: answer * DAY_MS,
    decisionMs: decision * DAY_MS,
    appealMs: appeal * DAY_MS,
  };
}
