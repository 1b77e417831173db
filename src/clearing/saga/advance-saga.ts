// Advances one saga as far as possible: makes a call, writes the next state, makes the next call.
// The row written before a call is enough for any worker to resume. Before this: the queue has
// woken a worker. After this: the ledger posts or releases, and `src/clearing/notices` reports it
// to the platforms.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Command, Ledger } from '../../ledger/ledger.ts';
import { callPlatform, type CallParts, type StepOutcome } from './call-platform.ts';
import type { SagaMeasures } from './measure.ts';
import type { PlatformCalls } from './platform-calls.ts';
import {
  leaveAlone,
  LONGEST_RETRY_TO_SILENT_MS,
  postpone,
  stop,
  waitForRoom,
  type PostponeParts,
} from './postpone.ts';
import {
  isOpen,
  next,
  steps,
  type EndState,
  type OpenState,
  type SagaEvent,
  type SagaState,
} from './states.ts';
import type { Saga } from './types.ts';

export interface AdvanceParts extends CallParts, PostponeParts {
  readonly ledger: Ledger;
  readonly measures: SagaMeasures;
  /**
   * Writes a transition, together with those of other sagas; undefined when another worker was
   * first.
   */
  move(saga: Saga, to: SagaState, refusal?: string): Promise<Saga | undefined>;
  /**
   * The ledger command that takes a recall's points back; undefined when nothing is left to take.
   */
  recallReversal(saga: Saga): Promise<Command | undefined>;
  readonly calls: PlatformCalls;
}

/**
 * After a lost answer a saga asks this many times at once before it leaves its place to others, and
 * waits this long before the first time.
 */
const ASKED_AT_ONCE = 2;
const ASK_AFTER_MS = 25;
/** Longer reasons from platforms are cut. */
const LONGEST_REASON = 200;

/** Runs until the saga ends, waits, or another worker has taken it. */
export async function advanceSaga(saga: Saga, parts: AdvanceParts): Promise<void> {
  for (let current: Saga | undefined = saga; current !== undefined && isOpen(current.state);)
    current = await advanceOnce(current, current.state, parts);
}

/** One step; undefined when nothing more can be done now. */
async function advanceOnce(
  saga: Saga,
  state: OpenState,
  parts: AdvanceParts,
): Promise<Saga | undefined> {
  switch (saga.ordered) {
    case 'force_completed':
      return end(saga, 'completed', parts);
    case 'force_failed':
      return end(saga, 'failed', parts, 'Ended by an operator');
    case 'undo':
      return go(saga, state, 'undo', parts, 'Undone by an operator');
    case null:
      break;
  }
  // Nothing is tried until an operator acts.
  if (saga.nextAttemptAtMs === Infinity) return undefined;
  const platformId = saga[steps[state].side];
  const outcome = await callAndAsk(saga, state, platformId, parts);
  if (outcome === undefined)
    return waitForRoom(saga, platformId, parts.calls.waitForRoomMs(platformId), parts);
  switch (outcome.outcome) {
    case 'yes':
      return go(saga, state, 'yes', parts);
    case 'no':
      return go(saga, state, 'no', parts, outcome.reason);
    case 'unknown': {
      if (outcome.retryAfterMs !== undefined)
        return leaveAlone(saga, outcome.reason, outcome.retryAfterMs, parts);
      return parts.calls.isAnswering(platformId)
        ? postpone(saga, outcome.reason, parts)
        : postpone(saga, outcome.reason, parts, LONGEST_RETRY_TO_SILENT_MS);
    }
    case 'contradiction':
      return stop(saga, outcome.reason, parts);
  }
}

/**
 * Makes a call. When the answer is lost and the platform answers other calls, asks twice more
 * within a moment: most answers are lost only once. Undefined when the platform has no room for
 * another call.
 */
async function callAndAsk(
  saga: Saga,
  state: OpenState,
  platformId: Saga['source'],
  parts: AdvanceParts,
): Promise<StepOutcome | undefined> {
  const { calls, measures } = parts;
  for (let again = 0; ; again += 1) {
    if (!calls.enter(platformId)) return undefined;
    let outcome: StepOutcome | undefined;
    try {
      outcome = await callPlatform(state, saga, saga.attempts + again > 0, parts);
    } finally {
      // A platform that asks for a pause is reachable.
      calls.leave(
        platformId,
        outcome !== undefined &&
          (outcome.outcome !== 'unknown' || outcome.retryAfterMs !== undefined),
      );
    }
    measures.countCall(platformId, steps[state].call, outcome.outcome);
    if (
      outcome.outcome !== 'unknown' ||
      outcome.retryAfterMs !== undefined ||
      again === ASKED_AT_ONCE ||
      !calls.isAnswering(platformId)
    )
      return outcome;
    await sleep(ASK_AFTER_MS * 4 ** again * (0.5 + Math.random() / 2));
  }
}

async function go(
  saga: Saga,
  state: OpenState,
  event: SagaEvent,
  parts: AdvanceParts,
  reason?: string,
): Promise<Saga | undefined> {
  const { to } = next(state, event, saga);
  if (to === 'attention') return stop(saga, `the platform refuses to undo: ${reason ?? ''}`, parts);
  return to === 'completed' || to === 'failed'
    ? end(saga, to, parts, reason)
    : parts.move(saga, to, reason?.slice(0, LONGEST_REASON));
}

/**
 * Ends a transfer with a ledger commit, which ends the saga too. A reversal was posted before its
 * saga began.
 */
async function end(
  saga: Saga,
  to: EndState,
  parts: AdvanceParts,
  reason?: string,
): Promise<Saga | undefined> {
  const ended = (): void => parts.measures.observeEnd(saga, to, parts.clock.now());
  if (saga.purpose === 'reversal') {
    if ((await parts.move(saga, to)) !== undefined) ended();
    return undefined;
  }
  if (saga.purpose === 'recall' && to === 'failed') {
    // Nothing was set aside for it.
    if ((await parts.move(saga, to, reason?.slice(0, LONGEST_REASON))) !== undefined) ended();
    return undefined;
  }
  const command =
    saga.purpose === 'recall'
      ? await parts.recallReversal(saga)
      : to === 'completed'
        ? toPosting(saga)
        : toRelease(saga, saga.refusal ?? reason);
  if (command === undefined) return undo(saga, parts, 'Nothing was left to take');
  const posted = await parts.ledger.submit(command);
  if (posted.ok) {
    if (!posted.replayed) ended();
    return undefined;
  }
  if (posted.problem.retryable) return postpone(saga, posted.problem.error, parts);
  if (saga.purpose === 'recall') return undo(saga, parts, posted.problem.error);
  return stop(saga, `the ledger refuses to end it: ${posted.problem.error}`, parts);
}

/** The ledger cannot carry out the recall, so the platforms' steps are undone. */
function undo(saga: Saga, parts: AdvanceParts, reason: string): Promise<Saga | undefined> {
  return isOpen(saga.state)
    ? go(saga, saga.state, 'undo', parts, reason)
    : Promise.resolve(undefined);
}

function toPosting({ sagaId, source, target, sourceMember, targetMember, amount }: Saga): Command {
  return {
    kind: 'transfer',
    platformId: source,
    memberId: sourceMember,
    toMemberId: targetMember,
    targetPlatformId: target,
    amount,
    authorisedId: sagaId,
    // No caller can send a key with a space.
    key: `saga ${sagaId} posted`,
  };
}

function toRelease({ sagaId, source, sourceMember }: Saga, reason: string | undefined): Command {
  return {
    kind: 'release',
    platformId: source,
    memberId: sourceMember,
    holdId: sagaId,
    cause: 'undone',
    key: `saga ${sagaId} undone`,
    ...(reason === undefined ? {} : { details: { reason: reason.slice(0, LONGEST_REASON) } }),
  };
}
