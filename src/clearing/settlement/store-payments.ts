// SQL of the payments of obligations, in parts, and of amounts carried over from window to window.

import type { PostedLeg } from '../../ledger/ledger.ts';
import { obligationTransitions } from './states.ts';
import {
  NETWORK,
  type CarriedOver,
  type Obligation,
  type ObligationKey,
  type PartPayment,
  type Participant,
} from './types.ts';
import type { Queryable } from '../../runtime/database.ts';

type InWindow = ObligationKey & { readonly windowId: number };

interface PartRow extends Omit<PartPayment, 'postedAtMs'> {
  readonly participant: Participant;
  readonly basis: string;
  readonly postedAt: Date | null;
}

/** All parts of a window by obligation, in order; also of obligations that are gone. */
export async function selectParts(
  db: Queryable,
  windowId: number,
): Promise<(ObligationKey & PartPayment)[]> {
  const { rows } = await db.query<PartRow>(
    `select participant, basis, number, amount, state, paid_from as "paidFrom",
        bank_reference as "bankReference",
            transaction_id as "transactionId", posted_at as "postedAt"
       from clearing.part_payment where window_id = $1 order by participant, basis, number`,
    [windowId],
  );
  return rows.map(({ postedAt, ...row }) => ({ ...row, postedAtMs: postedAt?.getTime() ?? null }));
}

export interface NewPart
  extends InWindow, Pick<PartPayment, 'number' | 'amount' | 'paidFrom' | 'bankReference'> {
  /** For money paid out. */
  readonly share?: { readonly round: number; readonly claim: bigint; readonly paidBefore: bigint };
}

/** Planned; a share of zero is done at once. */
export async function insertPart(db: Queryable, part: NewPart, nowMs: number): Promise<void> {
  const { windowId, participant, basis, number, amount, paidFrom, bankReference, share } = part;
  await db.query(
    `insert into clearing.part_payment (window_id, participant, basis, number, amount, state,
        paid_from, bank_reference, round, claim, paid_before, planned_at, posted_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      windowId,
      participant,
      basis,
      number,
      amount,
      amount === 0n ? 'posted' : 'planned',
      paidFrom,
      bankReference,
      share?.round ?? null,
      share?.claim ?? null,
      share?.paidBefore ?? null,
      new Date(nowMs),
      amount === 0n ? new Date(nowMs) : null,
    ],
  );
}

export async function selectLastRound(db: Queryable, windowId: number): Promise<number> {
  const { rows } = await db.query<{ round: number | null }>(
    'select max(round) as round from clearing.part_payment where window_id = $1',
    [windowId],
  );
  return rows[0]?.round ?? 0;
}

/**
 * As the ledger has posted it, whatever was planned; it may not have been planned by this program
 * at all.
 */
export async function recordPosted(
  db: Queryable,
  { windowId, participant, basis }: InWindow,
  number: number,
  posted: PostedLeg,
): Promise<void> {
  await db.query(
    `insert into clearing.part_payment as p (window_id, participant, basis, number, amount, state,
        paid_from, bank_reference, planned_at, transaction_id, posted_at)
     values ($1, $2, $3, $4, $5, 'posted', $6, $7, $9, $8, $9)
         on conflict (window_id, participant, basis, number) do update
        set round = case when p.amount = excluded.amount then p.round end, claim = case
          when p.amount = excluded.amount then p.claim end,
            paid_before = case when p.amount = excluded.amount then p.paid_before end,
              amount = excluded.amount, state = 'posted', paid_from = excluded.paid_from,
              bank_reference = coalesce(excluded.bank_reference, p.bank_reference),
            transaction_id = excluded.transaction_id, posted_at = excluded.posted_at`,
    [
      windowId,
      participant,
      basis,
      number,
      posted.amount,
      posted.details?.['from'],
      posted.reference,
      posted.transactionId,
      new Date(posted.postedAtMs),
    ],
  );
}

/** Deletes what is planned and not posted. */
export async function deletePlanned(
  db: Queryable,
  { windowId, participant, basis }: InWindow,
): Promise<void> {
  await db.query(
    `delete from clearing.part_payment where window_id = $1 and participant = $2 and basis = $3
        and state = 'planned'`,
    [windowId, participant, basis],
  );
}

/**
 * Cancels everything planned and not posted of a window. A distribution that is not completed does
 * not count: its posted parts stand by themselves.
 */
export async function cancelPlanned(db: Queryable, windowId: number): Promise<void> {
  await db.query(
    `with broken as (select distinct round from clearing.part_payment
        where window_id = $1 and state = 'planned' and round is not null)
     update clearing.part_payment set round = null, claim = null, paid_before = null
      where window_id = $1 and state = 'posted' and amount <> 0 and round in (select round
        from broken)`,
    [windowId],
  );
  await db.query(
    `with broken as (select distinct round from clearing.part_payment
        where window_id = $1 and state = 'planned' and round is not null)
     delete from clearing.part_payment
       where window_id = $1
       and (state = 'planned' or (amount = 0 and round in (select round from broken)))`,
    [windowId],
  );
}

/** Marks obligations with nothing outstanding as paid, like their last part. */
export async function markPaid(
  db: Queryable,
  { windowId, participant, basis }: InWindow,
): Promise<void> {
  await db.query(
    `update clearing.obligation o set state = $4, transaction_id = p.transaction_id,
        paid_at = p.posted_at, paid_from = p.paid_from,
            bank_reference = coalesce(p.bank_reference, o.bank_reference), problem = null,
              next_attempt_at = null
       from clearing.part_payment p
      where o.window_id = $1 and o.participant = $2 and o.basis = $3 and o.state = any($5)
        and p.window_id = $1 and p.participant = $2 and p.basis = $3
        and p.number = (select max(l.number) from clearing.part_payment l
                         where l.window_id = $1 and l.participant = $2 and l.basis = $3
                           and l.transaction_id is not null)`,
    [windowId, participant, basis, obligationTransitions.pay.to, obligationTransitions.pay.from],
  );
}

/**
 * Changes an amount; the outstanding part is to be paid again. A larger debt cannot be what the
 * bank has moved.
 */
export async function changeObligation(
  db: Queryable,
  before: Obligation,
  amount: bigint,
): Promise<void> {
  const { windowId, participant, basis, paid, paidFrom, state } = before;
  const outstanding = amount - paid;
  const takesMore =
    outstanding < 0n && outstanding < before.amount - paid && participant !== NETWORK;
  await db.query(
    `update clearing.obligation set amount = $4, paid_from = $5, bank_reference = case
        when $5 = paid_from then bank_reference end,
            state = $6, transaction_id = null, paid_at = null, problem = null,
              next_attempt_at = null
      where window_id = $1 and participant = $2 and basis = $3`,
    [
      windowId,
      participant,
      basis,
      amount,
      takesMore ? 'prefund' : paidFrom,
      state === 'paid' ? obligationTransitions.reopen.to : state,
    ],
  );
  if (outstanding === 0n && paid !== 0n) await markPaid(db, before);
}

export async function holdObligation(
  db: Queryable,
  { windowId, participant, basis }: InWindow,
): Promise<void> {
  await db.query(
    `update clearing.obligation set state = $4, problem = null, next_attempt_at = null
        where window_id = $1 and participant = $2 and basis = $3 and state = any($5)`,
    [windowId, participant, basis, obligationTransitions.hold.to, obligationTransitions.hold.from],
  );
}

export async function deleteObligation(
  db: Queryable,
  { windowId, participant, basis }: InWindow,
): Promise<void> {
  await db.query(
    'delete from clearing.obligation where window_id = $1 and participant = $2 and basis = $3',
    [windowId, participant, basis],
  );
}

/** The amounts carried out of a window, and into it. */
export async function selectCarried(db: Queryable, windowId: number): Promise<CarriedOver[]> {
  const { rows } = await db.query<CarriedOver>(
    `select window_id as "windowId", to_window_id as "toWindowId", left_out as "leftOut",
        participant, basis, amount
       from clearing.carried_over where window_id = $1 or to_window_id = $1
         order by carried_at, window_id, left_out, participant, basis`,
    [windowId],
  );
  return rows;
}

export async function insertCarried(
  db: Queryable,
  actId: string,
  carried: readonly CarriedOver[],
  nowMs: number,
): Promise<void> {
  for (const { windowId, toWindowId, leftOut, participant, basis, amount } of carried) {
    await db.query(
      `insert into clearing.carried_over (act_id, window_id, left_out, participant, basis, amount,
          to_window_id, carried_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [actId, windowId, leftOut, participant, basis, amount, toWindowId, new Date(nowMs)],
    );
  }
}
