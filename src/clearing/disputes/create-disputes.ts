// Disputes over posted transactions: opened within a deadline, answered in turn or decided by
// silence, else by an operator, and settled through the ledger. Owns who said what and when; that
// points are frozen, given back or compensated is the ledger's to say.

import { hash } from 'node:crypto';
import {
  bucketOfTransaction,
  parseId,
  type PlatformId,
  type TransactionId,
} from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { ledgerProblems, type Outcome, type PostedLeg } from '../../ledger/ledger.ts';
import { dbTransaction, type DbClient } from '../../runtime/database.ts';
import {
  adjustDifferenceIn,
  checkAdjustment,
  type Adjusted,
  type NewAdjustment,
} from './adjust-difference.ts';
import { appealDispute, appealUntilMs } from './appeal.ts';
import { carryOut, isCarrying, release } from './carry-out.ts';
import { decideDispute, isUnderReview, stillDisputed } from './decide-dispute.ts';
import { followReversals } from './follow-reversals.ts';
import { findMoved, isReversible } from './moved.ts';
import { finishOpening, openDispute } from './open-dispute.ts';
import { disputeProblems } from './problems.ts';
import { reverseWithin } from './reverse-within.ts';
import {
  fits,
  transitions,
  whenDue,
  whenOverdue,
  type DisputeState,
  type DueState,
  type TransitionFrom,
  type TransitionName,
} from './states.ts';
import {
  noteProblem,
  selectDispute,
  selectDisputes,
  selectDue,
  selectFrozen,
  type Filter,
  type Setting,
} from './store.ts';
import {
  insertEvidence,
  insertStep,
  selectContent,
  selectEvidence,
  selectSteps,
} from './store-trail.ts';
import { selectReversed } from './store-claims.ts';
import {
  BY_CLOCK,
  deadlinesOf,
  LEASE_MS,
  takeStep,
  takeStepByState,
  type DisputeParts,
} from './take-step.ts';
import {
  MAX_EVIDENCE,
  type Decision,
  type Dispute,
  type Evidence,
  type EvidenceFile,
  type Frozen,
  type NewDispute,
  type Resolution,
  type Step,
  type Who,
} from './types.ts';

export interface Disputes {
  open(
    dispute: NewDispute,
  ): Promise<Result<{ readonly dispute: Dispute; readonly replayed: boolean }>>;
  /** By its public id; with a platform, only when that takes part. */
  find(publicId: string, platformId?: PlatformId): Promise<Result<Dispute>>;
  /** Newest first. */
  list(filter: Filter): Promise<readonly Dispute[]>;
  /** Everything that happened, in order. */
  listSteps(dispute: Dispute): Promise<readonly Step[]>;
  listEvidence(dispute: Dispute): Promise<readonly Evidence[]>;
  getContent(
    dispute: Dispute,
    evidence: number,
  ): Promise<Result<Evidence & { readonly content: Buffer }>>;
  /** The word of the side whose turn it is. */
  respond(
    publicId: string,
    platformId: PlatformId,
    answer: Answer,
    text: string,
  ): Promise<Result<Dispute>>;
  addEvidence(publicId: string, who: Who, file: EvidenceFile): Promise<Result<Evidence>>;
  /**
   * The claimant's, once, against a decision; a dispute of its own, which an operator decides who
   * had no part in the first one.
   */
  appeal(
    publicId: string,
    platformId: PlatformId,
    text: string,
  ): Promise<Result<{ readonly dispute: Dispute; readonly replayed: boolean }>>;
  /** Until when the claimant can appeal; undefined where it cannot. */
  appealUntilMs(dispute: Dispute): number | undefined;
  withdraw(publicId: string, platformId: PlatformId, text: string): Promise<Result<Dispute>>;
  decide(publicId: string, decision: Decision): Promise<Result<Dispute>>;
  /**
   * A platform's reversal of a transfer within it, by `submit`: at most what no adjustment has
   * settled.
   */
  reverseWithin(
    transfer: PostedLeg,
    amount: bigint | undefined,
    submit: () => Promise<Outcome>,
  ): Promise<Outcome>;
  /** Whether as much is left of a transaction to be adjusted for its source. */
  checkAdjustment(
    wanted: Pick<NewAdjustment, 'transactionId' | 'amount'>,
  ): Promise<Result<undefined>>;
  /** Within a dbTransaction, by two operators: given back at the source, and paid by the target. */
  adjustIn(client: DbClient, wanted: NewAdjustment): Promise<Result<Adjusted>>;
  /**
   * Lets the disputes over a transaction know at once that its platform has reversed it; a loop
   * does it otherwise.
   */
  noteReversed(transactionId: TransactionId): Promise<void>;
  /** What is in dispute now, for settlement to leave out. */
  listFrozen(): Promise<readonly Frozen[]>;
  /**
   * Does what is due and finishes what others have begun; true when there is more to do. Bounded
   * work for each call.
   */
  follow(): Promise<boolean>;
}

export type Answer = 'accept' | 'contest' | 'rebut';

const FOLLOW_LIMIT = 100;

export function createDisputes(parts: DisputeParts): Disputes {
  const { pool, clock, log } = parts;

  const find: Disputes['find'] = async (publicId, platformId) => {
    const disputeId = parseId('dsp', publicId);
    const dispute =
      disputeId === undefined
        ? undefined
        : await selectDispute(pool, bucketOfTransaction(disputeId), disputeId);
    const sees =
      dispute !== undefined &&
      (platformId === undefined ||
        dispute.source.platformId === platformId ||
        dispute.target.platformId === platformId);
    return sees ? ok(dispute) : refuse(disputeProblems.dispute_not_found());
  };

  /** As it is after what its platform has reversed. */
  const findUpToDate = async (
    publicId: string,
    platformId?: PlatformId,
  ): Promise<Result<Dispute>> => {
    const found = await find(publicId, platformId);
    if (
      !found.ok ||
      found.value.outcome !== null ||
      found.value.source.platformId !== found.value.target.platformId
    )
      return found;
    await noteReversed(found.value.transactionId);
    return find(publicId, platformId);
  };

  const noteReversed = async (transactionId: TransactionId): Promise<void> => {
    for (const ended of await followReversals(parts, transactionId)) await finish(ended);
  };

  /** Carries out what has been decided as far as that is possible now; a loop does the rest. */
  const finish = async (dispute: Dispute): Promise<Dispute> => {
    try {
      return isCarrying(dispute) ? await carryOut(parts, dispute) : dispute;
    } catch (error) {
      log.error(
        { err: error, dispute: dispute.disputeId },
        'a dispute that is decided could not be carried out at once',
      );
      return dispute;
    }
  };

  /** A platform's step, in its turn and in time. */
  const act = async <N extends 'accept' | 'contest' | 'rebut' | 'withdraw'>(
    publicId: string,
    platformId: PlatformId,
    name: N,
    text: string,
  ): Promise<Result<Dispute>> => {
    const found = await findUpToDate(publicId, platformId);
    if (!found.ok) return found;
    const dispute = found.value;
    const { by } = transitions[name];
    if (partyOf(dispute, by) !== platformId) return refuse(disputeProblems.not_your_side());
    const { state } = dispute;
    if (!fits(name, state))
      return refuse(disputeProblems.wrong_dispute_state(`It is ${state}.`, { state }));
    if (name !== 'withdraw' && dispute.dueAtMs !== null && clock.now() >= dispute.dueAtMs)
      return refuse(disputeProblems.answer_too_late());
    const setting = await settingOf(name, dispute);
    // The state was checked to fit the name, which the compiler cannot follow through a name that
    // varies.
    const moved = await takeStep(
      parts,
      dispute,
      name as TransitionFrom<DisputeState>,
      { actor: 'platform', id: platformId },
      text,
      setting,
    );
    return moved === undefined
      ? refuse(ledgerProblems.unavailable('Somebody else has just changed it.'))
      : ok(await finish(moved));
  };

  /** What comes next after a step: whose turn it is until when, or what is to be carried out. */
  const settingOf = async (name: TransitionName, dispute: Dispute): Promise<Setting> => {
    const { answerMs, decisionMs } = deadlinesOf(parts.valuation);
    switch (transitions[name].to) {
      case 'contested':
        return { dueInMs: answerMs };
      case 'under_review':
        return { dueInMs: decisionMs };
      case 'upholding':
        return { nextInMs: LEASE_MS, resolution: await usualResolution(dispute) };
      default:
        return { nextInMs: LEASE_MS };
    }
  };

  /**
   * Without an operator's word: the disputed amount goes back; where only a whole reversal is
   * possible, the target platform pays for a part.
   */
  const usualResolution = async (dispute: Dispute): Promise<Resolution> => {
    const amount = stillDisputed(dispute);
    const original = await findMoved(parts.ledger, dispute.transactionId);
    return isReversible(parts.ledger, dispute, amount, original?.amount ?? 0n)
      ? { kind: 'reversal', amount }
      : { kind: 'adjustment', amount, borneBy: 'target' };
  };

  const actWhenDue = async (dispute: Dispute<DueState>): Promise<void> => {
    if (isUnderReview(dispute))
      return dispute.overdueAtMs === null ? remind(dispute) : rejectUndecided(dispute);
    const moved = await takeStepByState(
      parts,
      dispute,
      whenDue,
      BY_CLOCK,
      null,
      await settingOf(whenDue[dispute.state], dispute),
    );
    if (moved !== undefined) await finish(moved);
  };

  const rejectUndecided = async (dispute: Dispute<'under_review'>): Promise<void> => {
    const moved = await takeStepByState(
      parts,
      dispute,
      whenOverdue,
      BY_CLOCK,
      'No operator has decided.',
      { nextInMs: LEASE_MS },
    );
    if (moved !== undefined) await finish(moved);
  };

  /** A freeze ends with the due date of a decision, whoever is late with it. */
  const remind = async (dispute: Dispute<'under_review'>): Promise<void> => {
    const problem = await release(parts, dispute);
    if (problem !== undefined)
      return noteProblem(pool, dispute, problem.detail, clock.now() + LEASE_MS);
    const nowMs = clock.now();
    const setting = {
      frozen: 0n,
      dueAtMs: dispute.dueAtMs ?? nowMs,
      overdueAtMs: nowMs,
      nextInMs: deadlinesOf(parts.valuation).decisionMs,
    };
    const told = await takeStep(parts, dispute, 'remind', BY_CLOCK, null, setting);
    if (told !== undefined)
      log.error(
        { dispute: dispute.disputeId },
        "a dispute waits for an operator's decision past its due date",
      );
  };

  const follow = async (dispute: Dispute): Promise<void> => {
    if (dispute.state === 'opening') await finishOpening(parts, dispute);
    else if (isCarrying(dispute)) await carryOut(parts, dispute);
    else if (isDue(dispute)) await actWhenDue(dispute);
  };

  return {
    find,
    open: (dispute) => openDispute(parts, dispute),
    list: (filter) => selectDisputes(pool, filter),
    listSteps: (dispute) => selectSteps(pool, dispute),
    listEvidence: (dispute) => selectEvidence(pool, dispute),
    async getContent(dispute, evidence) {
      const found = await selectContent(pool, dispute, evidence);
      return found === undefined ? refuse(disputeProblems.evidence_not_found()) : ok(found);
    },
    respond: (publicId, platformId, answer, text) => act(publicId, platformId, answer, text),
    async appeal(publicId, platformId, text) {
      const found = await findUpToDate(publicId, platformId);
      if (!found.ok) return found;
      if (partyOf(found.value, 'claimant') !== platformId)
        return refuse(disputeProblems.not_your_side());
      return appealDispute(parts, found.value, text);
    },
    appealUntilMs: (dispute) => appealUntilMs(parts, dispute),
    withdraw: (publicId, platformId, text) => act(publicId, platformId, 'withdraw', text),
    async addEvidence(publicId, who, file) {
      const found = await find(
        publicId,
        who.actor === 'platform' || who.actor === 'member' ? who.id : undefined,
      );
      if (!found.ok) return found;
      return dbTransaction(pool, async (client): Promise<Result<Evidence>> => {
        const dispute = await selectDispute(
          client,
          found.value.bucket,
          found.value.disputeId,
          true,
        );
        if (dispute === undefined || dispute.outcome !== null)
          return refuse(disputeProblems.wrong_dispute_state(`It is ${dispute?.state ?? 'gone'}.`));
        const known = await selectEvidence(client, dispute);
        const sha256 = hash('sha256', file.content);
        const same = known.find(
          (one) =>
            one.sha256 === sha256 &&
            one.name === file.name &&
            one.who.actor === who.actor &&
            one.who.id === who.id,
        );
        if (same !== undefined) return ok(same);
        if (known.length >= MAX_EVIDENCE) return refuse(disputeProblems.too_much_evidence());
        const added = await insertEvidence(
          client,
          dispute,
          known.length + 1,
          file,
          who,
          clock.now(),
        );
        await insertStep(client, dispute, {
          takenAtMs: clock.now(),
          who,
          action: 'evidence',
          stateBefore: dispute.state,
          stateAfter: dispute.state,
          text: `${added.evidence}: ${added.name} sha256 ${added.sha256}`,
        });
        return ok(added);
      });
    },
    async decide(publicId, decision) {
      const found = await findUpToDate(publicId);
      if (!found.ok) return found;
      const decided = await decideDispute(parts, found.value, decision);
      return decided.ok ? ok(await finish(decided.value)) : decided;
    },
    checkAdjustment: (wanted) => checkAdjustment(parts, wanted),
    adjustIn: (client, wanted) => adjustDifferenceIn(client, parts, wanted),
    listFrozen: () => selectFrozen(pool),
    reverseWithin: (transfer, amount, submit) => reverseWithin(parts, transfer, amount, submit),
    noteReversed,
    async follow() {
      const due = await selectDue(pool, clock.now(), FOLLOW_LIMIT);
      let failed = 0;
      for (const { transactionId } of await selectReversed(pool, FOLLOW_LIMIT)) {
        await noteReversed(transactionId).catch((error: unknown) =>
          log.error(
            { err: error, transaction: transactionId },
            'disputes could not learn of a reversal; tried again',
          ),
        );
      }
      for (const dispute of due) {
        await follow(dispute).catch((error: unknown) => {
          failed += 1;
          log.error(
            { err: error, dispute: dispute.disputeId },
            'a dispute could not be carried on and is tried again',
          );
        });
      }
      return due.length === FOLLOW_LIMIT && failed === 0;
    },
  };
}

function isDue(dispute: Dispute): dispute is Dispute<DueState> {
  return Object.hasOwn(whenDue, dispute.state);
}

/** The platform that speaks for a side. */
function partyOf(
  { claimantSide, source, target }: Dispute,
  side: 'claimant' | 'respondent',
): PlatformId {
  return ((claimantSide === 'source') === (side === 'claimant') ? source : target).platformId;
}
