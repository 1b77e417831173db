// SQL of the claims of disputes on a transaction, and of its other reversals.

import { bucketOfTransaction, type TransactionId } from '../../kernel/ids.ts';
import type { Queryable } from '../../runtime/database.ts';
import { FINAL_STATES } from './states.ts';
import type { Dispute, Side } from './types.ts';
import { readDispute, type DisputeRow } from './store.ts';

/**
 * A caller that opens a dispute over a transaction holds this row to the end of the dbTransaction.
 */
export async function lockDisputed(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
): Promise<void> {
  await db.query(
    `insert into clearing.disputed (bucket, transaction_id, disputes) values ($1, $2, 1)
         on conflict (bucket, transaction_id) do update set disputes = disputed.disputes + 1`,
    [bucket, transactionId],
  );
}

export interface Claimed {
  /**
   * The sum of open claims of both sides, of adjustments that settled others, and of what recalls
   * ask from the target.
   */
  readonly claimed: bigint;
  /**
   * The sum of what was decided against a side before, and of what it withdrew: it cannot claim
   * that again.
   */
  readonly decided: bigint;
}

/**
 * The sum of claims of disputes on a transaction that moved `whole`. A claim that was appealed
 * counts as its appeal does; an appeal may be over less, because the rest was claimed otherwise. A
 * withdrawn claim may be made once more, but not after an appeal; what was withdrawn beyond the
 * whole counts as decided.
 */
export async function sumClaimed(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
  side: Side,
  whole: bigint,
): Promise<Claimed> {
  const { rows } = await db.query<Claimed>(
    `select (coalesce(sum(case when state <> all($3) then rest when outcome = 'upheld'
        and resolution = 'adjustment' then resolution_amount else 0 end), 0)
             + coalesce((select sum(amount) from clearing.recall
               where bucket = $1 and transaction_id = $2 and state in ('asked', 'taking')),
               0))::bigint as claimed,
            (coalesce(sum(case when claimant_side <> $4 then 0
                               when state = 'rejected'
                                 or (state = 'withdrawn' and appeal_of is not null)
                                 then greatest(rest - appealed, 0)
                               when state = 'upheld'
                                 then greatest(rest - resolution_amount - appealed, 0) else 0 end),
                                 0)
             + greatest(coalesce(sum(rest) filter (where claimant_side = $4 and state = 'withdrawn'
               and appeal_of is null), 0) - $5, 0))::bigint as decided
       from (select d.*, amount - reversed as rest,
                    coalesce((select a.amount from clearing.dispute a
                      where a.bucket = d.bucket and a.appeal_of = d.dispute_id), 0) as appealed
               from clearing.dispute d where bucket = $1 and transaction_id = $2) d`,
    [bucket, transactionId, FINAL_STATES, side, whole],
  );
  return rows[0] ?? { claimed: 0n, decided: 0n };
}

/** The amount that other disputes over a transaction have settled by adjustments. */
export async function sumAdjusted(
  db: Queryable,
  { bucket, transactionId, disputeId }: Pick<Dispute, 'bucket' | 'transactionId' | 'disputeId'>,
): Promise<bigint> {
  const { rows } = await db.query<{ adjusted: bigint }>(
    `select coalesce(sum(resolution_amount), 0)::bigint as adjusted from clearing.dispute
      where bucket = $1 and transaction_id = $2 and dispute_id <> $3 and state = 'upheld'
        and resolution = 'adjustment'`,
    [bucket, transactionId, disputeId],
  );
  return rows[0]?.adjusted ?? 0n;
}

/**
 * The amount that disputes over a transaction have settled, or are about to settle, by adjustments.
 */
export async function sumAdjusting(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
): Promise<bigint> {
  const { rows } = await db.query<{ adjusting: bigint }>(
    `select coalesce(sum(resolution_amount), 0)::bigint as adjusting from clearing.dispute
      where bucket = $1 and transaction_id = $2 and resolution = 'adjustment'
        and (state = 'upholding' or (state = 'upheld' and resolution_id is not null))`,
    [bucket, transactionId],
  );
  return rows[0]?.adjusting ?? 0n;
}

/** Whether a dispute was ever opened over a transaction. */
export async function isDisputed(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
): Promise<boolean> {
  const { rows } = await db.query(
    'select from clearing.dispute where bucket = $1 and transaction_id = $2 limit 1',
    [bucket, transactionId],
  );
  return rows.length > 0;
}

/**
 * Every dispute over a transaction in the order of opening, and how much of its reversals they
 * know. Locked to the end of the dbTransaction.
 */
export async function lockDisputesOf(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
): Promise<{ readonly known: bigint; readonly disputes: readonly Dispute[] }> {
  const {
    rows: [disputed],
  } = await db.query<{ reversed: bigint }>(
    'select reversed from clearing.disputed where bucket = $1 and transaction_id = $2 for update',
    [bucket, transactionId],
  );
  const { rows } = await db.query<DisputeRow>(
    `select * from clearing.dispute where bucket = $1 and transaction_id = $2
        order by opened_at, dispute_id`,
    [bucket, transactionId],
  );
  return { known: disputed?.reversed ?? 0n, disputes: rows.map(readDispute) };
}

/** The reversals of a transaction in the ledger. */
export async function selectReversals(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
): Promise<readonly { readonly reversalId: TransactionId; readonly amount: bigint }[]> {
  const { rows } = await db.query<{ reversalId: TransactionId; amount: bigint }>(
    `select reversal_id as "reversalId", amount from ledger.reversal
        where bucket = $1 and transaction_id = $2`,
    [bucket, transactionId],
  );
  return rows;
}

/**
 * How much a freeze still sets aside, and how much reversals took from it; zero for both when there
 * is no freeze.
 */
export async function selectFreeze(
  db: Queryable,
  holdId: TransactionId | null,
): Promise<{ readonly left: bigint; readonly taken: bigint }> {
  const {
    rows: [hold],
  } =
    holdId === null
      ? { rows: [] }
      : await db.query<{ left: bigint; taken: bigint }>(
          `select case when state = 'held' then amount - captured else 0 end as left,
              captured as taken from ledger.hold where bucket = $1 and hold_id = $2`,
          [bucketOfTransaction(holdId), holdId],
        );
  return hold ?? { left: 0n, taken: 0n };
}

/**
 * Records how much of a transaction's reversals its disputes know: those by its platform, and those
 * of upheld disputes.
 */
export async function noteReversals(
  db: Queryable,
  { bucket, transactionId }: Pick<Dispute, 'bucket' | 'transactionId'>,
  { reversed, settled }: { readonly reversed: bigint; readonly settled: bigint },
): Promise<void> {
  await db.query(
    `update clearing.disputed set reversed = $3, settled = $4
        where bucket = $1 and transaction_id = $2`,
    [bucket, transactionId, reversed, settled],
  );
}

/** Transactions within one platform that were reversed and have disputes that may not know it. */
export async function selectReversed(
  db: Queryable,
  limit: number,
): Promise<readonly Pick<Dispute, 'bucket' | 'transactionId'>[]> {
  const { rows } = await db.query<Pick<Dispute, 'bucket' | 'transactionId'>>(
    `select d.bucket, d.transaction_id as "transactionId" from clearing.dispute d
       join clearing.disputed t on t.bucket = d.bucket and t.transaction_id = d.transaction_id
      cross join lateral (select sum(r.amount) as amount from ledger.reversal r
        where r.bucket = d.bucket and r.transaction_id = d.transaction_id) r
      where d.state in ('opening', 'opened', 'contested', 'under_review')
        and d.source_platform = d.target_platform
        and r.amount > t.reversed + t.settled
      group by 1, 2 limit $1`,
    [limit],
  );
  return rows;
}
