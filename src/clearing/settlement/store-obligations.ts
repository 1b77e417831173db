// SQL of obligations: what each participant is to be paid or to pay for a window, and how far that
// is approved.

import type { TransactionId } from '../../kernel/ids.ts';
import { obligationTransitions, type ObligationState } from './states.ts';
import { selectParts } from './store-payments.ts';
import {
  NETWORK,
  type Obligation,
  type PaidFrom,
  type PartPayment,
  type Participant,
} from './types.ts';
import type { Queryable } from '../../runtime/database.ts';

interface ObligationRow {
  readonly window_id: number;
  readonly participant: Participant;
  readonly basis: string;
  readonly amount: bigint;
  readonly state: ObligationState;
  readonly paid_from: PaidFrom;
  readonly bank_reference: string | null;
  readonly proposed_by: string;
  readonly proposed_at: Date;
  readonly approved_by: string | null;
  readonly problem: string | null;
  readonly next_attempt_at: Date | null;
  readonly transaction_id: TransactionId | null;
  readonly paid_at: Date | null;
}

function readObligation(row: ObligationRow, parts: readonly PartPayment[]): Obligation {
  const paid = parts.reduce((sum, part) => (part.state === 'posted' ? sum + part.amount : sum), 0n);
  return {
    windowId: row.window_id,
    participant: row.participant,
    basis: row.basis,
    amount: row.amount,
    paid,
    parts,
    state: row.state,
    paidFrom: row.paid_from,
    bankReference: row.bank_reference,
    proposedBy: row.proposed_by,
    proposedAtMs: row.proposed_at.getTime(),
    approvedBy: row.approved_by,
    problem: row.problem,
    nextAttemptAtMs: row.next_attempt_at?.getTime() ?? null,
    transactionId: row.transaction_id,
    paidAtMs: row.paid_at?.getTime() ?? null,
  };
}

/** Payers first. */
export async function selectObligations(db: Queryable, windowId: number): Promise<Obligation[]> {
  const { rows } = await db.query<ObligationRow>(
    'select * from clearing.obligation where window_id = $1 order by amount > 0, participant, basis',
    [windowId],
  );
  const parts = Map.groupBy(
    await selectParts(db, windowId),
    ({ participant, basis }) => `${participant} ${basis}`,
  );
  return rows.map((row) => readObligation(row, parts.get(`${row.participant} ${row.basis}`) ?? []));
}

export type NewObligation = Pick<
  Obligation,
  'windowId' | 'participant' | 'basis' | 'amount' | 'paidFrom' | 'bankReference' | 'proposedBy'
>;

export async function insertObligation(
  db: Queryable,
  { windowId, participant, basis, amount, paidFrom, bankReference, proposedBy }: NewObligation,
  nowMs: number,
): Promise<void> {
  await db.query(
    `insert into clearing.obligation (window_id, participant, basis, amount, state, paid_from,
        bank_reference, proposed_by, proposed_at) values ($1, $2, $3, $4, 'proposed', $5, $6, $7,
        $8)`,
    [windowId, participant, basis, amount, paidFrom, bankReference, proposedBy, new Date(nowMs)],
  );
}

/**
 * For a proposal that is withdrawn or taken back, or a settlement that was given back: nothing is
 * paid of any of them.
 */
export async function deleteObligations(db: Queryable, windowId: number): Promise<void> {
  await db.query('delete from clearing.obligation where window_id = $1', [windowId]);
}

/**
 * Sets every amount to zero, so that payments are outstanding the other way: into and out of the
 * prefunds, because no bank has moved the money back.
 */
export async function reverseObligations(
  db: Queryable,
  windowId: number,
  proposedBy: string,
  approvedBy: string,
  nowMs: number,
): Promise<void> {
  await db.query(
    `update clearing.obligation set amount = 0, state = $2, paid_from = case when participant = $6
        then 'outside' else 'prefund' end, bank_reference = null,
            proposed_by = $3, proposed_at = $5, approved_by = $4, approved_at = $5,
              transaction_id = null, paid_at = null, problem = null, next_attempt_at = null
      where window_id = $1`,
    [windowId, obligationTransitions.reopen.to, proposedBy, approvedBy, new Date(nowMs), NETWORK],
  );
}

type InWindow = Pick<Obligation, 'windowId' | 'participant' | 'basis'>;

export async function approveObligation(
  db: Queryable,
  { windowId, participant, basis }: InWindow,
  operatorId: string,
  nowMs: number,
): Promise<void> {
  await db.query(
    `update clearing.obligation set state = $4, approved_by = $5, approved_at = $6, problem = null,
        next_attempt_at = null
      where window_id = $1 and participant = $2 and basis = $3 and state = any($7)`,
    [
      windowId,
      participant,
      basis,
      obligationTransitions.approve.to,
      operatorId,
      new Date(nowMs),
      obligationTransitions.approve.from,
    ],
  );
}

export async function proposeObligationAgain(
  db: Queryable,
  { windowId, participant, basis, paidFrom, bankReference, proposedBy }: NewObligation,
  nowMs: number,
): Promise<void> {
  await db.query(
    `update clearing.obligation set state = $4, paid_from = $5, bank_reference = $6,
        proposed_by = $7, proposed_at = $8, approved_by = null, approved_at = null, problem = null,
            next_attempt_at = null
      where window_id = $1 and participant = $2 and basis = $3 and state = any($9)`,
    [
      windowId,
      participant,
      basis,
      obligationTransitions.proposeAgain.to,
      paidFrom,
      bankReference,
      proposedBy,
      new Date(nowMs),
      obligationTransitions.proposeAgain.from,
    ],
  );
}

/** It stays approved and is tried again. */
export async function noteRefusal(
  db: Queryable,
  { windowId, participant, basis }: InWindow,
  problem: string,
  nextAttemptMs: number,
): Promise<void> {
  await db.query(
    `update clearing.obligation set problem = $4, next_attempt_at = $5
        where window_id = $1 and participant = $2 and basis = $3 and state = 'approved'`,
    [windowId, participant, basis, problem, new Date(nextAttemptMs)],
  );
}
