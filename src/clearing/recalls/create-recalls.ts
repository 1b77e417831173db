// Recalls: a source asks for the points of a posted transfer; the target platform agrees or refuses
// within a due date, silence refuses. Before that, for a short while, the source may take back
// alone what is unspent: here is told what stands in the way of that. Owns who said what and when;
// moves nothing but by a command of the ledger, and at a connected target by a saga whose first
// call is a deduct.

import {
  bucketOfTransaction,
  parseId,
  type PlatformId,
  type TransactionId,
} from '../../kernel/ids.ts';
import { ok, refuse, type Problem, type Result } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { findMoved, isKeptHere } from '../disputes/disputes.ts';
import { DEADLINE_MS, firstState, insertSagas, selectSagas } from '../saga/saga.ts';
import { askForRecall, type AskedRecall } from './ask.ts';
import { recallProblems } from './problems.ts';
import { reversalOf } from './reversal.ts';
import { type RecallState } from './states.ts';
import {
  postponeRecall,
  selectBars,
  selectDueRecalls,
  selectRecall,
  selectRecalls,
  selectRecallSteps,
  type RecallFilter,
} from './store.ts';
import { BY_CLOCK, BY_LEDGER, takeStep, type RecallParts } from './take-step.ts';
import type { NewRecall, Recall, RecallStep } from './types.ts';

export interface Recalls {
  ask(recall: NewRecall): Promise<Result<AskedRecall>>;
  /** By its public id; with a platform, only when that takes part. */
  find(publicId: string, platformId?: PlatformId): Promise<Result<Recall>>;
  /** Newest first. */
  list(filter: RecallFilter): Promise<readonly Recall[]>;
  /** Everything that happened, in order. */
  listSteps(recall: Recall): Promise<readonly RecallStep[]>;
  /** The target's answer, or the source's change of mind. */
  answer(
    publicId: string,
    platformId: PlatformId,
    answer: RecallAnswer,
    text: string | null,
  ): Promise<Result<Recall>>;
  /**
   * Why a source may not take back alone what a transaction moved, apart from what the ledger
   * itself sees.
   */
  barToTakingAlone(transactionId: TransactionId): Promise<Problem | undefined>;
  /**
   * Does what is due and finishes what others have begun; true when there is more to do. Bounded
   * work for each call.
   */
  follow(): Promise<boolean>;
}

export type RecallAnswer = 'accept' | 'refuse' | 'withdraw';

const FOLLOW_LIMIT = 100;
/** How long whoever began something is given before a loop finishes it. */
const LEASE_MS = 5_000;
/**
 * What could not be carried out is tried again after this long, and a saga under way is looked at
 * again.
 */
const RETRY_MS = 60_000;
const SAGA_LOOK_MS = 1_000;
const PARTY = { accept: 'target', refuse: 'target', withdraw: 'source' } as const satisfies Record<
  RecallAnswer,
  'source' | 'target'
>;

export function createRecalls(parts: RecallParts): Recalls {
  const { pool, clock, ledger, log } = parts;

  const find: Recalls['find'] = async (publicId, platformId) => {
    const recallId = parseId('rcl', publicId);
    const recall =
      recallId === undefined
        ? undefined
        : await selectRecall(pool, bucketOfTransaction(recallId), recallId);
    const sees =
      recall !== undefined &&
      (platformId === undefined ||
        recall.source.platformId === platformId ||
        recall.target.platformId === platformId);
    return sees ? ok(recall) : refuse(recallProblems.recall_not_found());
  };

  /** Carries out what was agreed as far as that is possible now; a loop does the rest. */
  const carryOut = async (recall: Recall<'taking'>): Promise<Recall> => {
    const over = isKeptHere(ledger, recall.target.platformId)
      ? await takeHere(recall)
      : await lookAtSaga(recall);
    return over ?? (await selectRecall(pool, recall.bucket, recall.recallId)) ?? recall;
  };

  const takeHere = async (recall: Recall<'taking'>): Promise<Recall | undefined> => {
    const [before] = await ledger.findTransaction(recall.resolutionId);
    if (before !== undefined) return takeStep(parts, recall, 'take', BY_LEDGER, null);
    const command = await reversalOf(ledger, recall);
    if (command === undefined)
      return takeStep(parts, recall, 'fail', BY_LEDGER, 'Nothing was left to take.');
    const outcome = await ledger.submit(command);
    if (outcome.ok) return takeStep(parts, recall, 'take', BY_LEDGER, null);
    const { problem } = outcome;
    // What is full, or owes too much, may not be so later; what the policy refuses stays refused.
    if (problem.code === 'clawback_refused')
      return takeStep(parts, recall, 'fail', BY_LEDGER, `${problem.error}. ${problem.detail}`);
    await postponeRecall(
      pool,
      recall,
      `${problem.error}. ${problem.detail}`,
      clock.now() + RETRY_MS,
    );
    return undefined;
  };

  const lookAtSaga = async (recall: Recall<'taking'>): Promise<Recall | undefined> => {
    const [saga] = await selectSagas(pool, recall.bucket, [recall.resolutionId]);
    if (saga?.state === 'completed') return takeStep(parts, recall, 'take', BY_LEDGER, null);
    if (saga?.state === 'failed')
      return takeStep(parts, recall, 'fail', BY_LEDGER, saga.refusal ?? 'A platform has said no.');
    await postponeRecall(pool, recall, saga?.attention ?? null, clock.now() + SAGA_LOOK_MS);
    return undefined;
  };

  /** At a connected target: the saga begins in the commit of the answer. */
  const accept = (
    recall: Recall<'asked'>,
    platformId: PlatformId,
    text: string | null,
  ): Promise<Recall | undefined> => {
    const { bucket, source, target } = recall;
    const connected = {
      source: !isKeptHere(ledger, target.platformId),
      target: !isKeptHere(ledger, source.platformId),
    };
    const who = { actor: 'platform', id: platformId } as const;
    if (!connected.source)
      return takeStep(parts, recall, 'accept', who, text, { nextInMs: LEASE_MS });
    // The points go the other way, so the sides change their places.
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
  };

  const follow = async (recall: Recall): Promise<void> => {
    if (isIn(recall, 'taking')) await carryOut(recall);
    else if (isIn(recall, 'asked')) await takeStep(parts, recall, 'targetSilent', BY_CLOCK, null);
  };

  return {
    ask: (recall) => askForRecall(parts, recall),
    find,
    list: (filter) => selectRecalls(pool, filter),
    listSteps: (recall) => selectRecallSteps(pool, recall),
    async answer(publicId, platformId, answer, text) {
      const found = await find(publicId, platformId);
      if (!found.ok) return found;
      const recall = found.value;
      if (recall[PARTY[answer]].platformId !== platformId)
        return refuse(recallProblems.not_your_recall());
      if (!isIn(recall, 'asked'))
        return refuse(
          recallProblems.wrong_recall_state(`It is ${recall.state}.`, { state: recall.state }),
        );
      if (answer !== 'withdraw' && recall.dueAtMs !== null && clock.now() >= recall.dueAtMs)
        return refuse(recallProblems.recall_too_late());
      const moved =
        answer === 'accept'
          ? await accept(recall, platformId, text)
          : await takeStep(parts, recall, answer, { actor: 'platform', id: platformId }, text);
      if (moved === undefined)
        return refuse(ledgerProblems.unavailable('Somebody else has just changed it.'));
      if (!isIn(moved, 'taking')) return ok(moved);
      try {
        return ok(await carryOut(moved));
      } catch (error) {
        log.error(
          { err: error, recall: recall.recallId },
          'an agreed recall could not be carried out at once',
        );
        return ok(moved);
      }
    },
    async barToTakingAlone(transactionId) {
      const moved = await findMoved(ledger, transactionId);
      return moved === undefined
        ? undefined
        : barOf(
            await selectBars(
              pool,
              { bucket: bucketOfTransaction(transactionId), transactionId },
              moved,
            ),
          );
    },
    async follow() {
      const due = await selectDueRecalls(pool, clock.now(), FOLLOW_LIMIT);
      let failed = 0;
      for (const recall of due) {
        await follow(recall).catch((error: unknown) => {
          failed += 1;
          log.error(
            { err: error, recall: recall.recallId },
            'a recall could not be carried on and is tried again',
          );
        });
      }
      return due.length === FOLLOW_LIMIT && failed === 0;
    },
  };
}

function barOf(bars: Awaited<ReturnType<typeof selectBars>>): Problem | undefined {
  if (bars.disputeOpen) return ledgerProblems.transaction_disputed();
  if (bars.recallOpen) return recallProblems.recall_open();
  if (bars.disputeHeard)
    return ledgerProblems.transfer_final(
      'A dispute over it was decided, or the target platform has spoken in one.',
    );
  if (bars.recallAnswered)
    return ledgerProblems.transfer_final(
      'The target platform was asked for it and has answered, or let its due date pass.',
    );
  if (bars.windowSettled)
    return ledgerProblems.transfer_final('The settlement window that it is in is settled.');
  return undefined;
}

function isIn<S extends RecallState>(recall: Recall, state: S): recall is Recall<S> {
  return recall.state === state;
}
