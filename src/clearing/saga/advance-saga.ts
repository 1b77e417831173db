// Goes on with one saga as far as it gets: call, write where that leads, call again. What is written before a call is enough for anybody to go on.
// Before this: the queue has woken a worker. After this: the ledger posts or releases, and the follower of its journal tells the platforms.

import { formatId } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/time.ts';
import type { Command, Ledger } from '../../ledger/ledger.ts';
import type { Pool } from '../../runtime/database.ts';
import type { Log } from '../../runtime/log.ts';
import { callPlatform, type CallParts, type Word } from './call-platform.ts';
import type { PlatformCalls } from './platform-calls.ts';
import { isOpen, next, steps, type EndState, type OpenState, type SagaEvent, type SagaState } from './states.ts';
import { postponeSaga, stopSaga } from './store.ts';
import type { Saga } from './types.ts';

export interface AdvanceParts extends CallParts {
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  /** Writes a transition, together with those of other sagas; undefined when somebody else was first. */
  move(saga: Saga, to: SagaState): Promise<Saga | undefined>;
  readonly calls: PlatformCalls;
}

const FIRST_RETRY_MS = 100;
/** To a platform that answers others: what went wrong is over soon. */
const LONGEST_RETRY_MS = 1_000;
/** To one that answers nobody. */
const LONGEST_RETRY_TO_SILENT_MS = 30_000;
/** Once a person has been asked for. */
const RETRY_AFTER_DEADLINE_MS = 60_000;
/** While a platform has as many calls as it may have. */
const BUSY_RETRY_MS = 300;

/** Until the saga ends, waits, or somebody else has it. */
export async function advanceSaga(saga: Saga, parts: AdvanceParts): Promise<void> {
  for (let current: Saga | undefined = saga; current !== undefined && isOpen(current.state);) current = await advanceOnce(current, current.state, parts);
}

/** One step; undefined when there is nothing more to do now. */
async function advanceOnce(saga: Saga, state: OpenState, parts: AdvanceParts): Promise<Saga | undefined> {
  switch (saga.ordered) {
    case 'force_completed': return end(saga, 'completed', parts);
    case 'force_failed': return end(saga, 'failed', parts);
    case 'undo': return go(saga, state, 'undo', parts);
    case null: break;
  }
  // Left alone until an operator acts.
  if (saga.nextAttemptAtMs === Infinity) return undefined;
  const platformId = steps[state].side === 'source' ? saga.source : saga.target;
  if (!parts.calls.enter(platformId)) {
    await postponeSaga(parts.pool, saga, { atMs: parts.clock.now() + BUSY_RETRY_MS * (0.5 + Math.random()), error: `${platformId} is busy`, attention: null, counts: false }, parts.clock.now());
    return undefined;
  }
  let word: Word | undefined;
  try {
    word = await callPlatform(state, saga, parts);
  } finally {
    parts.calls.leave(platformId, word !== undefined && word.word !== 'unknown');
  }
  switch (word.word) {
    case 'yes': return go(saga, state, 'yes', parts);
    case 'no': return go(saga, state, 'no', parts, word.reason);
    case 'unknown': return postpone(saga, word.reason, parts, parts.calls.isAnswering(platformId) ? LONGEST_RETRY_MS : LONGEST_RETRY_TO_SILENT_MS);
    case 'contradiction': return stop(saga, word.reason, parts);
  }
}

async function go(saga: Saga, state: OpenState, event: SagaEvent, parts: AdvanceParts, reason?: string): Promise<Saga | undefined> {
  const { to } = next(state, event, saga);
  if (to === 'attention') return stop(saga, `the platform refuses to undo: ${reason ?? ''}`, parts);
  return to === 'completed' || to === 'failed' ? end(saga, to, parts, reason) : parts.move(saga, to);
}

/** Ends a transfer by the ledger's commit, which ends the saga too; a reversal was posted before it began. */
async function end(saga: Saga, to: EndState, parts: AdvanceParts, reason?: string): Promise<Saga | undefined> {
  if (saga.purpose === 'reversal') return parts.move(saga, to);
  const outcome = await parts.ledger.submit(to === 'completed' ? toPosting(saga) : toRelease(saga, reason));
  if (outcome.ok) return undefined;
  if (outcome.problem.retryable) return postpone(saga, outcome.problem.error, parts);
  return stop(saga, `the ledger refuses to end it: ${outcome.problem.error}`, parts);
}

function toPosting({ sagaId, source, target, sourceMember, targetMember, amount }: Saga): Command {
  return {
    kind: 'transfer', platformId: source, memberId: sourceMember, toMemberId: targetMember, targetPlatformId: target, amount, authorisedId: sagaId,
    // No caller can name a key with a space.
    key: `saga ${sagaId} posted`,
  };
}

function toRelease({ sagaId, source, sourceMember }: Saga, reason: string | undefined): Command {
  return {
    kind: 'release', platformId: source, memberId: sourceMember, holdId: sagaId, cause: 'undone', key: `saga ${sagaId} undone`,
    ...(reason === undefined ? {} : { details: { reason: reason.slice(0, 200) } }),
  };
}

async function postpone(saga: Saga, reason: string, { pool, clock, log }: AdvanceParts, longestMs = LONGEST_RETRY_MS): Promise<undefined> {
  const now = clock.now();
  const overdue = now >= saga.deadlineAtMs;
  const wait = overdue ? RETRY_AFTER_DEADLINE_MS : Math.min(FIRST_RETRY_MS * 2 ** saga.attempts, longestMs);
  const attention = overdue ? `not done by its deadline; ${reason}` : null;
  if (overdue && saga.attention === null) log.warn({ saga: formatId('txn', saga.sagaId), state: saga.state, reason }, 'a transfer needs an operator');
  // Half of the wait is chance, so that those who failed together do not come back together.
  await postponeSaga(pool, saga, { atMs: now + wait * (0.5 + Math.random() / 2), error: reason, attention, counts: true }, now);
  return undefined;
}

async function stop(saga: Saga, reason: string, { pool, clock, log }: AdvanceParts): Promise<undefined> {
  log.error({ saga: formatId('txn', saga.sagaId), state: saga.state, reason }, 'a transfer needs an operator');
  await stopSaga(pool, saga, reason, clock.now());
  return undefined;
}
