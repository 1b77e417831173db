// Recalls: a source asks for the points of a posted transfer; the target platform agrees or refuses
// before a due date, and silence refuses. Before that, for a short while, the source alone may take
// back what is unspent; `barToTakingAlone` reports what prevents it. Owns who said what and when.
// Moves points only by a ledger command, and at a connected target by a saga whose first call is a
// deduct.

import {
  bucketOfTransaction,
  parseId,
  type PlatformId,
  type TransactionId,
} from '../../kernel/ids.ts';
import { ok, refuse, type Problem, type Result } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { findMoved } from '../disputes/disputes.ts';
import { askForRecall, type AskedRecall } from './ask.ts';
import { acceptRecall, carryOut } from './carry-out.ts';
import { recallProblems } from './problems.ts';
import type { RecallState } from './states.ts';
import {
  selectBars,
  selectDueRecalls,
  selectRecall,
  selectRecalls,
  selectRecallSteps,
  type RecallFilter,
} from './store.ts';
import { BY_CLOCK, takeStep, type RecallParts } from './take-step.ts';
import type { NewRecall, Recall, RecallStep } from './types.ts';

export interface Recalls {
  ask(recall: NewRecall): Promise<Result<AskedRecall>>;
  /** By its public id; with a platform, only a recall in which it takes part. */
  find(publicId: string, platformId?: PlatformId): Promise<Result<Recall>>;
  /** Newest first. */
  list(filter: RecallFilter): Promise<readonly Recall[]>;
  /** Everything that happened, in order. */
  listSteps(recall: Recall): Promise<readonly RecallStep[]>;
  /** The target's answer, or the source's withdrawal. */
  answer(
    publicId: string,
    platformId: PlatformId,
    answer: RecallAnswer,
    text: string | null,
  ): Promise<Result<Recall>>;
  /**
   * Why a source may not take a transaction back alone, apart from what the ledger itself checks.
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

  const follow = async (recall: Recall): Promise<void> => {
    if (isIn(recall, 'taking')) await carryOut(parts, recall);
    else if (isIn(recall, 'asked')) await takeStep(parts, recall, 'targetSilent', BY_CLOCK, null);
  };

  return {
    ask: (recall) => askForRecall(parts, recall),
    find,
    list: (filter) => selectRecalls(pool, filter),
    listSteps: (recall) => selectRecallSteps(pool, recall),
    async answer(publicId, platformId, answer, text) {
      const found = await find(publicId, platformId);
      return found.ok ? answerRecall(parts, found.value, platformId, answer, text) : found;
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
            'a recall could not continue; this is retried',
          );
        });
      }
      return due.length === FOLLOW_LIMIT && failed === 0;
    },
  };
}

async function answerRecall(
  parts: RecallParts,
  recall: Recall,
  platformId: PlatformId,
  answer: RecallAnswer,
  text: string | null,
): Promise<Result<Recall>> {
  const { clock, log } = parts;
  if (recall[PARTY[answer]].platformId !== platformId)
    return refuse(recallProblems.not_your_recall());
  if (!isIn(recall, 'asked')) return refuse(wrongState(recall));
  if (answer !== 'withdraw' && recall.dueAtMs !== null && clock.now() >= recall.dueAtMs)
    return refuse(recallProblems.recall_too_late());
  const moved =
    answer === 'accept'
      ? await acceptRecall(parts, recall, platformId, text)
      : await takeStep(parts, recall, answer, { actor: 'platform', id: platformId }, text);
  if (moved === undefined) return refuse(await whyLost(parts, recall));
  if (!isIn(moved, 'taking')) return ok(moved);
  try {
    return ok(await carryOut(parts, moved));
  } catch (error) {
    log.error(
      { err: error, recall: recall.recallId },
      'an agreed recall could not be carried out at once',
    );
    return ok(moved);
  }
}

function wrongState({ state }: Recall): Problem {
  return recallProblems.wrong_recall_state(`It is ${state}.`, { state });
}

/** Why an answer came too late for a recall that another caller changed at the same moment. */
async function whyLost(
  { pool }: RecallParts,
  { bucket, recallId }: Recall<'asked'>,
): Promise<Problem> {
  const present = await selectRecall(pool, bucket, recallId);
  return present === undefined || isIn(present, 'asked')
    ? ledgerProblems.unavailable('Another caller has just changed it.')
    : wrongState(present);
}

function barOf(bars: Awaited<ReturnType<typeof selectBars>>): Problem | undefined {
  if (bars.disputeOpen) return ledgerProblems.transaction_disputed();
  if (bars.recallOpen) return recallProblems.recall_open();
  if (bars.disputeHeard)
    return ledgerProblems.transfer_final(
      'A dispute over it was decided, or the target platform has answered in one.',
    );
  if (bars.recallAnswered)
    return ledgerProblems.transfer_final(
      'The target platform was asked for it and has answered, or let its due date pass.',
    );
  if (bars.windowSettled) return ledgerProblems.transfer_final('Its settlement window is settled.');
  return undefined;
}

function isIn<S extends RecallState>(recall: Recall, state: S): recall is Recall<S> {
  return recall.state === state;
}
