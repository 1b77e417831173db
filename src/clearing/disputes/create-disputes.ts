// Disputes over posted transactions: opened within a deadline, answered in turn or decided by
// silence, else by an operator, and settled through the ledger. Owns who said what and when; the
// ledger owns whether points are frozen, given back or compensated.

import type { PlatformId, TransactionId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import type { Outcome, PostedLeg } from '../../ledger/ledger.ts';
import type { DbClient } from '../../runtime/database.ts';
import {
  adjustDifferenceIn,
  checkAdjustment,
  type Adjusted,
  type NewAdjustment,
} from './adjust-difference.ts';
import { appealDispute, appealUntilMs } from './appeal.ts';
import { carryOut, isCarrying } from './carry-out.ts';
import { decideDispute } from './decide-dispute.ts';
import { finishOpening, openDispute } from './open-dispute.ts';
import { disputeProblems } from './problems.ts';
import { reverseWithin } from './reverse-within.ts';
import { selectDisputes, selectDue, selectFrozen, type Filter } from './store.ts';
import { selectContent, selectEvidence, selectSteps } from './store-trail.ts';
import { selectReversed } from './store-claims.ts';
import type { DisputeParts } from './take-step.ts';
import type {
  Decision,
  Dispute,
  Evidence,
  EvidenceFile,
  Frozen,
  NewDispute,
  Step,
  Who,
} from './types.ts';
import { actWhenDue, isDue } from './act-when-due.ts';
import { addEvidence } from './add-evidence.ts';
import { answerDispute, partyOf, type Answer } from './answer-dispute.ts';
import { findDispute, findUpToDate } from './find-dispute.ts';
import { finish, noteReversed } from './finish.ts';

export interface Disputes {
  open(
    dispute: NewDispute,
  ): Promise<Result<{ readonly dispute: Dispute; readonly replayed: boolean }>>;
  /** By its public id; with a platform, only a dispute in which it takes part. */
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
  /** The answer of the side whose turn it is. */
  respond(
    publicId: string,
    platformId: PlatformId,
    answer: Answer,
    text: string,
  ): Promise<Result<Dispute>>;
  addEvidence(publicId: string, who: Who, file: EvidenceFile): Promise<Result<Evidence>>;
  /**
   * Once, by the claimant, against a decision. The appeal is a dispute of its own, decided by an
   * operator who had no part in the first one.
   */
  appeal(
    publicId: string,
    platformId: PlatformId,
    text: string,
  ): Promise<Result<{ readonly dispute: Dispute; readonly replayed: boolean }>>;
  /** The time until which the claimant can appeal; undefined where it cannot. */
  appealUntilMs(dispute: Dispute): number | undefined;
  withdraw(publicId: string, platformId: PlatformId, text: string): Promise<Result<Dispute>>;
  decide(publicId: string, decision: Decision): Promise<Result<Dispute>>;
  /**
   * A platform's reversal of a transfer between its own members, posted by `submit`: at most what
   * no adjustment has settled.
   */
  reverseWithin(
    transfer: PostedLeg,
    amount: bigint | undefined,
    submit: () => Promise<Outcome>,
  ): Promise<Outcome>;
  /** Whether that much of a transaction is left to be adjusted for its source. */
  checkAdjustment(
    wanted: Pick<NewAdjustment, 'transactionId' | 'amount'>,
  ): Promise<Result<undefined>>;
  /**
   * Within a dbTransaction, by two operators: gives points back at the source, and the target pays.
   */
  adjustIn(client: DbClient, wanted: NewAdjustment): Promise<Result<Adjusted>>;
  /**
   * Tells the disputes over a transaction at once that its platform has reversed it; otherwise a
   * loop does so.
   */
  noteReversed(transactionId: TransactionId): Promise<void>;
  /** What is in dispute now; settlement leaves it out. */
  listFrozen(): Promise<readonly Frozen[]>;
  /**
   * Does what is due and finishes what others have begun; true when there is more to do. Bounded
   * work for each call.
   */
  follow(): Promise<boolean>;
}

const FOLLOW_LIMIT = 100;

export function createDisputes(parts: DisputeParts): Disputes {
  const { pool } = parts;
  const find: Disputes['find'] = (publicId, platformId) => findDispute(parts, publicId, platformId);

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
    respond: (publicId, platformId, answer, text) =>
      answerDispute(parts, publicId, platformId, answer, text),
    async appeal(publicId, platformId, text) {
      const found = await findUpToDate(parts, publicId, platformId);
      if (!found.ok) return found;
      if (partyOf(found.value, 'claimant') !== platformId)
        return refuse(disputeProblems.not_your_side());
      return appealDispute(parts, found.value, text);
    },
    appealUntilMs: (dispute) => appealUntilMs(parts, dispute),
    withdraw: (publicId, platformId, text) =>
      answerDispute(parts, publicId, platformId, 'withdraw', text),
    async addEvidence(publicId, who, file) {
      const found = await find(
        publicId,
        who.actor === 'platform' || who.actor === 'member' ? who.id : undefined,
      );
      return found.ok ? addEvidence(parts, found.value, who, file) : found;
    },
    async decide(publicId, decision) {
      const found = await findUpToDate(parts, publicId);
      if (!found.ok) return found;
      const decided = await decideDispute(parts, found.value, decision);
      return decided.ok ? ok(await finish(parts, decided.value)) : decided;
    },
    checkAdjustment: (wanted) => checkAdjustment(parts, wanted),
    adjustIn: (client, wanted) => adjustDifferenceIn(client, parts, wanted),
    listFrozen: () => selectFrozen(pool),
    reverseWithin: (transfer, amount, submit) => reverseWithin(parts, transfer, amount, submit),
    noteReversed: (transactionId) => noteReversed(parts, transactionId),
    follow: () => followDisputes(parts),
  };
}

async function followDisputes(parts: DisputeParts): Promise<boolean> {
  const { pool, clock, log } = parts;
  const due = await selectDue(pool, clock.now(), FOLLOW_LIMIT);
  let failed = 0;
  for (const { transactionId } of await selectReversed(pool, FOLLOW_LIMIT)) {
    await noteReversed(parts, transactionId).catch((error: unknown) =>
      log.error(
        { err: error, transaction: transactionId },
        'disputes could not be told about a reversal; this is retried',
      ),
    );
  }
  for (const dispute of due) {
    await followDispute(parts, dispute).catch((error: unknown) => {
      failed += 1;
      log.error(
        { err: error, dispute: dispute.disputeId },
        'a dispute could not continue; this is retried',
      );
    });
  }
  return due.length === FOLLOW_LIMIT && failed === 0;
}

async function followDispute(parts: DisputeParts, dispute: Dispute): Promise<void> {
  if (dispute.state === 'opening') await finishOpening(parts, dispute);
  else if (isCarrying(dispute)) await carryOut(parts, dispute);
  else if (isDue(dispute)) await actWhenDue(parts, dispute);
}
