// One state's call, and what its answer says of the step: yes, no, unknown, or something only a
// person can make sense of.

import { formatId, type PlatformId } from '../../kernel/ids.ts';
import type { ConnectorClient } from '../../connections/connections.ts';
import type { ConnectorOutcome, Step, TransactionAnswer } from '../../connections/connections.ts';
import { steps, type OpenState } from './states.ts';
import type { Saga } from './types.ts';

export type Word =
  | { readonly word: 'yes' }
  | { readonly word: 'no'; readonly reason: string }
  | {
      readonly word: 'unknown';
      readonly reason: string;
      readonly retryAfterMs?: number | undefined;
    }
  | { readonly word: 'contradiction'; readonly reason: string };

export interface CallParts {
  connectorOf(platformId: PlatformId): ConnectorClient | undefined;
  userOf(platformId: PlatformId, memberId: Saga['sourceMember']): Promise<string | undefined>;
}

/**
 * Makes the call of a state. Of a step, `again`, after an attempt whose outcome is unknown, the
 * platform is asked first: what it has done is told, what it has never seen is sent again, which
 * its idempotency makes safe also when the first attempt is still on its way.
 */
export async function callPlatform(
  state: OpenState,
  saga: Saga,
  again: boolean,
  { connectorOf, userOf }: CallParts,
): Promise<Word> {
  const { side, call } = steps[state];
  const [platformId, memberId, amountMinor] =
    side === 'source'
      ? [saga.source, saga.sourceMember, saga.amount]
      : [saga.target, saga.targetMember, saga.credited];
  const connector = connectorOf(platformId);
  if (connector === undefined)
    return { word: 'unknown', reason: `${platformId} has no connection` };
  const userId = await userOf(platformId, memberId);
  if (userId === undefined)
    return { word: 'contradiction', reason: `the member has no user on ${platformId} any more` };
  if (call === 'look_up') return readAnswer(platformId, await connector.findBalance(userId));
  const step: Step = { userId, amountMinor, transactionId: formatId('txn', saga.transactionId) };
  if (again) {
    const known = await connector.findTransaction(step.transactionId);
    const word =
      known.outcome === 'yes'
        ? readKnown(call, known.value, step)
        : known.outcome === 'unknown'
          ? known
          : undefined;
    if (word !== undefined) return 'word' in word ? word : readAnswer(platformId, word);
  }
  const answer = await connector[call](step);
  if (answer.outcome === 'yes' && answer.value.isOfAnother)
    return {
      word: 'contradiction',
      reason: `the platform says yes to its ${call}, but of another user or amount`,
    };
  return readAnswer(platformId, answer);
}

function readAnswer(platformId: PlatformId, answer: ConnectorOutcome<unknown>): Word {
  switch (answer.outcome) {
    case 'yes':
      return { word: 'yes' };
    case 'no':
      return { word: 'no', reason: answer.error };
    case 'unknown':
      return {
        word: 'unknown',
        reason: `${platformId}: ${answer.detail}`,
        retryAfterMs: answer.retryAfterMs,
      };
  }
}

/** What a look-up says of the step; undefined when it has to be sent (again). */
export function readKnown(
  call: 'deduct' | 'add' | 'reverse',
  known: TransactionAnswer,
  step: Step,
): Word | undefined {
  if (known.state === 'unknown') return undefined;
  if (
    known.userId !== step.userId ||
    known.amountMinor !== step.amountMinor ||
    (call !== 'reverse' && known.operation !== null && known.operation !== call)
  ) {
    return {
      word: 'contradiction',
      reason: 'the platform has another user, amount or operation under this transaction',
    };
  }
  if (
    known.state === 'applied' &&
    call !== 'reverse' &&
    known.effectMinor !== (call === 'deduct' ? -step.amountMinor : step.amountMinor)
  ) {
    return {
      word: 'contradiction',
      reason: 'the platform has applied this transaction with another effect',
    };
  }
  switch (known.state) {
    case 'applied':
      return call === 'reverse' ? undefined : { word: 'yes' };
    case 'refused':
      return call === 'reverse' ? undefined : { word: 'no', reason: 'refused by the platform' };
    case 'reversed':
      return call === 'reverse'
        ? { word: 'yes' }
        : { word: 'no', reason: 'reversed at the platform' };
  }
}
