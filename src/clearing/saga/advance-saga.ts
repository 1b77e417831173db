// Goes on with one saga as far as it gets: call, write where that leads, call again. What is
// written before a call is enough for anybody to go on. Before this: the queue has woken a worker.
// After this: the ledger posts or releases, and the follower of its journal tells the platforms.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Command, Ledger } from '../../ledger/ledger.ts';
import { callPlatform, type CallParts, type Word } from './call-platform.ts';
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
   * Writes a transition, together with those of other sagas; undefined when somebody else was
   * first.
   */
  move(saga: Saga, to: SagaState, refusal?: string): Promise<Saga | undefined>;
  /** The command that takes a recall's points back; undefined when nothing is left to take. */
  recallReversal(saga: Saga): Promise<Command | undefined>;
  readonly calls: PlatformCalls;
}

/**
 * How often a saga whose answer was lost asks before it leaves its place to others, and how long it
 * waits before the first time.
 */
const ASKED_AT_ONCE = 2;
const ASK_AFTER_MS = 25;
/** Longer texts of platforms are cut. */
const LONGEST_REASON = 200;

/** Until the saga ends, waits, or somebody else has it. */
export async function advanceSaga(saga: Saga, parts: AdvanceParts): Promise<void> {
  for (let current: Saga | undefined = saga; current !== undefined && isOpen(current.state);)
    current = await advanceOnce(current, current.state, parts);
}

/** One step; undefined when there is nothing more to do now. */
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
  // Left alone until an operator acts.
  if (saga.nextAttemptAtMs === Infinity) return undefined;
  const platformId = saga[steps[state].side];
  const word = await callAndAsk(saga, state, platformId, parts);
  if (word === undefined)
    return waitForRoom(saga, platformId, parts.calls.waitForRoomMs(platformId), parts);
  switch (word.word) {
    case 'yes':
      return go(saga, state, 'yes', parts);
    case 'no':
      return go(saga, state, 'no', parts, word.reason);
    case 'unknown': {
      if (word.retryAfterMs !== undefined)
        return leaveAlone(saga, word.reason, word.retryAfterMs, parts);
      return parts.calls.isAnswering(platformId)
        ? postpone(saga, word.reason, parts)
        : postpone(saga, word.reason, parts, LONGEST_RETRY_TO_SILENT_MS);
    }
    case 'contradiction':
      return stop(saga, word.reason, parts);
  }
}

/**
 * A call, and where its answer is lost at a platform that answers others, two more within a moment:
 * most are lost once. Undefined when there is no room for it.
 */
async function callAndAsk(
  saga: Saga,
  state: OpenState,
  platformId: Saga['source'],
  parts: AdvanceParts,
): Promise<Word | undefined> {
  const { calls, measures } = parts;
  for (let again = 0; ; again += 1) {
    if (!calls.enter(platformId)) return undefined;
    let word: Word | undefined;
    try {
      word = await callPlatform(state, saga, saga.attempts + again > 0, parts);
    } finally {
      // One that asks to be left alone is there.
      calls.leave(
        platformId,
        word !== undefined && (word.word !== 'unknown' || word.retryAfterMs !== undefined),
      );
    }
    measures.countCall(platformId, steps[state].call, word.word);
    if (
      word.word !== 'unknown' ||
      word.retryAfterMs !== undefined ||
      again === ASKED_AT_ONCE ||
      !calls.isAnswering(platformId)
    )
      return word;
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
 * Ends a transfer by the ledger's commit, which ends the saga too; a reversal was posted before it
 * began.
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
  const outcome = await parts.ledger.submit(command);
  if (outcome.ok) {
    if (!outcome.replayed) ended();
    return undefined;
  }
  if (outcome.problem.retryable) return postpone(saga, outcome.problem.error, parts);
  if (saga.purpose === 'recall') return undo(saga, parts, outcome.problem.error);
  return stop(saga, `the ledger refuses to end it: ${outcome.problem.error}`, parts);
}

/** What the platforms have done for a recall that the ledger cannot carry out goes back. */
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
    // No caller can name a key with a space.
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
