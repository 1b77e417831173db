// The call of one state, and the outcome of its step: yes, no, unknown, or a contradiction for an
// operator.

import { formatId, type PlatformId } from '../../kernel/ids.ts';
import type { ConnectorClient } from '../../connections/connections.ts';
import type { ConnectorOutcome, Step, TransactionAnswer } from '../../connections/connections.ts';
import { steps, type OpenState } from './states.ts';
import type { Saga } from './types.ts';

export type StepOutcome =
  | { readonly outcome: 'yes' }
  | { readonly outcome: 'no'; readonly reason: string }
  | {
      readonly outcome: 'unknown';
      readonly reason: string;
      readonly retryAfterMs?: number | undefined;
    }
  | { readonly outcome: 'contradiction'; readonly reason: string };

export interface CallParts {
  connectorOf(platformId: PlatformId): ConnectorClient | undefined;
  userOf(platformId: PlatformId, memberId: Saga['sourceMember']): Promise<string | undefined>;
}

/**
 * Makes the call of a state. With `again`, an earlier attempt has an unknown outcome, so the
 * platform is queried first: a step it has done is reported as done; a step it does not know is
 * sent again, which is safe because steps are idempotent, even if the first attempt is still on its
 * way.
 */
export async function callPlatform(
  state: OpenState,
  saga: Saga,
  again: boolean,
  { connectorOf, userOf }: CallParts,
): Promise<StepOutcome> {
  const { side, call } = steps[state];
  const [platformId, memberId, amountMinor] =
    side === 'source'
      ? [saga.source, saga.sourceMember, saga.amount]
      : [saga.target, saga.targetMember, saga.credited];
  const connector = connectorOf(platformId);
  if (connector === undefined)
    return { outcome: 'unknown', reason: `${platformId} has no connection` };
  const userId = await userOf(platformId, memberId);
  if (userId === undefined)
    return { outcome: 'contradiction', reason: `the member has no user on ${platformId} any more` };
  if (call === 'look_up') return readAnswer(platformId, await connector.findBalance(userId));
  const step: Step = { userId, amountMinor, transactionId: formatId('txn', saga.transactionId) };
  if (again) {
    const known = await connector.findTransaction(step.transactionId);
    if (known.outcome === 'unknown') return readAnswer(platformId, known);
    const outcome = known.outcome === 'yes' ? readKnown(call, known.value, step) : undefined;
    if (outcome !== undefined) return outcome;
  }
  const answer = await connector[call](step);
  if (answer.outcome === 'yes' && answer.value.isOfAnother)
    return {
      outcome: 'contradiction',
      reason: `the platform confirms its ${call}, but for another user or amount`,
    };
  return readAnswer(platformId, answer);
}

function readAnswer(platformId: PlatformId, answer: ConnectorOutcome<unknown>): StepOutcome {
  switch (answer.outcome) {
    case 'yes':
      return { outcome: 'yes' };
    case 'no':
      return { outcome: 'no', reason: answer.error };
    case 'unknown':
      return {
        outcome: 'unknown',
        reason: `${platformId}: ${answer.detail}`,
        retryAfterMs: answer.retryAfterMs,
      };
  }
}

/** The step's outcome by a look-up; undefined when the step has to be sent (again). */
function readKnown(
  call: 'deduct' | 'add' | 'reverse',
  known: TransactionAnswer,
  step: Step,
): StepOutcome | undefined {
  if (known.state === 'unknown') return undefined;
  if (
    known.userId !== step.userId ||
    known.amountMinor !== step.amountMinor ||
    (call !== 'reverse' && known.operation !== null && known.operation !== call)
  ) {
    return {
      outcome: 'contradiction',
      reason: 'the platform knows this transaction with another user, amount or operation',
    };
  }
  if (
    known.state === 'applied' &&
    call !== 'reverse' &&
    known.effectMinor !== (call === 'deduct' ? -step.amountMinor : step.amountMinor)
  ) {
    return {
      outcome: 'contradiction',
      reason: 'the platform applied this transaction with another effect',
    };
  }
  switch (known.state) {
    case 'applied':
      return call === 'reverse' ? undefined : { outcome: 'yes' };
    case 'refused':
      return call === 'reverse' ? undefined : { outcome: 'no', reason: 'refused by the platform' };
    case 'reversed':
      return call === 'reverse'
        ? { outcome: 'yes' }
        : { outcome: 'no', reason: 'reversed at the platform' };
  }
}
