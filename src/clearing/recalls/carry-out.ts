// Takes back what a target platform has agreed to: by a ledger command at a hosted platform, by a
// saga at a connected one.

import type { PlatformId } from '../../kernel/ids.ts';
import { isKeptHere } from '../disputes/disputes.ts';
import { DEADLINE_MS, firstState, insertSagas, selectSagas } from '../saga/saga.ts';
import { reversalOf } from './reversal.ts';
import { postponeRecall, selectRecall } from './store.ts';
import { BY_LEDGER, takeStep, type RecallParts } from './take-step.ts';
import type { Recall } from './types.ts';

/** Time for a caller to finish what it began, before a loop does. */
const LEASE_MS = 5_000;
/** Time until a failed attempt is repeated, and until a saga under way is looked at again. */
const RETRY_MS = 60_000;
const SAGA_LOOK_MS = 1_000;

/** Carries out an agreed recall as far as that is possible now; a loop does the rest. */
export async function carryOut(parts: RecallParts, recall: Recall<'taking'>): Promise<Recall> {
  const over = isKeptHere(parts.ledger, recall.target.platformId)
    ? await takeHere(parts, recall)
    : await lookAtSaga(parts, recall);
  return over ?? (await selectRecall(parts.pool, recall.bucket, recall.recallId)) ?? recall;
}

async function takeHere(parts: RecallParts, recall: Recall<'taking'>): Promise<Recall | undefined> {
  const { pool, clock, ledger } = parts;
  const [before] = await ledger.findTransaction(recall.resolutionId);
  if (before !== undefined) return takeStep(parts, recall, 'take', BY_LEDGER, null);
  const command = await reversalOf(ledger, recall);
  if (command === undefined)
    return takeStep(parts, recall, 'fail', BY_LEDGER, 'Nothing was left to take.');
  const outcome = await ledger.submit(command);
  if (outcome.ok) return takeStep(parts, recall, 'take', BY_LEDGER, null);
  const { problem } = outcome;
  // A full cap or too large a debt may change later; a refusal by policy does not.
  if (problem.code === 'clawback_refused')
    return takeStep(parts, recall, 'fail', BY_LEDGER, `${problem.error}. ${problem.detail}`);
  await postponeRecall(pool, recall, `${problem.error}. ${problem.detail}`, clock.now() + RETRY_MS);
  return undefined;
}

async function lookAtSaga(
  parts: RecallParts,
  recall: Recall<'taking'>,
): Promise<Recall | undefined> {
  const { pool, clock } = parts;
  const [saga] = await selectSagas(pool, recall.bucket, [recall.resolutionId]);
  if (saga?.state === 'completed') return takeStep(parts, recall, 'take', BY_LEDGER, null);
  if (saga?.state === 'failed')
    return takeStep(parts, recall, 'fail', BY_LEDGER, saga.refusal ?? 'A platform has refused.');
  await postponeRecall(pool, recall, saga?.attention ?? null, clock.now() + SAGA_LOOK_MS);
  return undefined;
}

/** At a connected target: the saga begins in the commit of the answer. */
export function acceptRecall(
  parts: RecallParts,
  recall: Recall<'asked'>,
  platformId: PlatformId,
  text: string | null,
): Promise<Recall | undefined> {
  const { clock, ledger } = parts;
  const { bucket, source, target } = recall;
  const connected = {
    source: !isKeptHere(ledger, target.platformId),
    target: !isKeptHere(ledger, source.platformId),
  };
  const who = { actor: 'platform', id: platformId } as const;
  if (!connected.source)
    return takeStep(parts, recall, 'accept', who, text, { nextInMs: LEASE_MS });
  // The points go the other way, so the sides are exchanged.
  const route = {
    purpose: 'recall',
    sourceConnected: connected.source,
    targetConnected: connected.target,
  } as const;
  const saga = {
    ...route,
    bucket,
    sagaId: recall.resolutionId,
    state: firstState(route),
    source: target.platformId,
    target: source.platformId,
    sourceMember: target.memberId,
    targetMember: source.memberId,
    amount: recall.credited,
    credited: recall.amount,
    reversedId: null,
  };
  return takeStep(parts, recall, 'accept', who, text, {
    nextInMs: SAGA_LOOK_MS,
    also: (client) =>
      insertSagas(client, bucket, [saga], clock.now(), parts.sagaDeadlineMs ?? DEADLINE_MS),
  });
}
