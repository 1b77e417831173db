// All SQL of the rewards module.

import type { Bucket, MemberId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { DbClient, Pool } from '../runtime/database.ts';
import { transitions, type RedemptionState, type TransitionName } from './states.ts';
import type { Issue, Redemption } from './types.ts';
import type { VoucherCode } from './voucher-code.ts';

/** Whatever can run one statement. */
export type Queryable = Pick<Pool, 'query'> | Pick<DbClient, 'query'>;

interface RedemptionRow {
  readonly redemption_id: TransactionId;
  readonly platform_id: PlatformId;
  readonly member_id: MemberId;
  readonly reward_id: string;
  readonly quantity: bigint;
  readonly amount: bigint;
  readonly state: RedemptionState;
  readonly issued_at: Date;
  readonly expires_at: Date | null;
  readonly changed_at: Date;
  readonly revision: number;
  readonly reversal: { readonly key: string; readonly reason: string; readonly reference?: string; readonly amount?: string; readonly from: RedemptionState } | null;
  readonly fulfilled_key: string | null;
}

function readRedemption(row: RedemptionRow): Redemption {
  const { reversal } = row;
  return {
    redemptionId: row.redemption_id, platformId: row.platform_id, memberId: row.member_id, rewardId: row.reward_id,
    quantity: row.quantity, amount: row.amount, state: row.state, issuedAtMs: row.issued_at.getTime(),
    expiresAtMs: row.expires_at?.getTime() ?? null, changedAtMs: row.changed_at.getTime(), revision: row.revision,
    reversal: reversal === null ? null : { ...reversal, amount: reversal.amount === undefined ? undefined : BigInt(reversal.amount) },
    fulfilledKey: row.fulfilled_key,
  };
}

/** Writes redemptions that are not there yet, with their vouchers; returns which. Sorted, so that two who write the same do not wait for each other in a circle. */
export async function insertRedemptions(db: Queryable, issues: readonly Issue[], codesOf: (issue: Issue) => readonly VoucherCode[]): Promise<Issue[]> {
  const sorted = issues.toSorted((a, b) => (a.redemptionId < b.redemptionId ? -1 : 1));
  const { rows } = await db.query<{ redemption_id: string }>(
    `insert into rewards.redemption (redemption_id, platform_id, member_id, reward_id, quantity, amount, issued_at, expires_at, changed_at)
     select i.*, i.issued_at from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::timestamptz[])
            as i (redemption_id, platform_id, member_id, reward_id, quantity, amount, issued_at, expires_at)
         on conflict do nothing returning redemption_id`,
    [
      sorted.map((issue) => issue.redemptionId), sorted.map((issue) => issue.platformId), sorted.map((issue) => issue.memberId), sorted.map((issue) => issue.rewardId),
      sorted.map((issue) => issue.quantity), sorted.map((issue) => issue.amount), sorted.map((issue) => new Date(issue.issuedAtMs)),
      sorted.map((issue) => (issue.expiresAtMs === null ? null : new Date(issue.expiresAtMs))),
    ],
  );
  const written = new Set(rows.map((row) => row.redemption_id));
  const fresh = sorted.filter(({ redemptionId }) => written.has(redemptionId));
  const vouchers = fresh.flatMap((issue) => codesOf(issue).map((voucher) => ({ ...voucher, redemptionId: issue.redemptionId })));
  if (vouchers.length > 0) {
    // That two codes are alike is too unlikely to happen; if it did, the journal would still be read on.
    await db.query(
      'insert into rewards.voucher (code, redemption_id, unit) select * from unnest($1::text[], $2::uuid[], $3::integer[]) on conflict (code) do nothing',
      [vouchers.map(({ code }) => code), vouchers.map(({ redemptionId }) => redemptionId), vouchers.map(({ unit }) => unit)],
    );
  }
  return fresh;
}

export async function selectRedemption(db: Queryable, redemptionId: TransactionId): Promise<Redemption | undefined> {
  const { rows } = await db.query<RedemptionRow>('select * from rewards.redemption where redemption_id = $1', [redemptionId]);
  return rows[0] === undefined ? undefined : readRedemption(rows[0]);
}

export async function selectByVoucher(db: Queryable, code: string): Promise<{ redemption: Redemption; unit: number } | undefined> {
  const { rows } = await db.query<RedemptionRow & { unit: number }>(
    'select r.*, v.unit from rewards.voucher v join rewards.redemption r using (redemption_id) where v.code = $1', [code],
  );
  return rows[0] === undefined ? undefined : { redemption: readRedemption(rows[0]), unit: rows[0].unit };
}

/** Of a platform, newest first; those of one state when it is named. */
export async function selectRedemptions(db: Queryable, platformId: PlatformId, state: RedemptionState | undefined, limit: number): Promise<Redemption[]> {
  const { rows } = await db.query<RedemptionRow>(
    `select * from rewards.redemption where platform_id = $1 and ($2::text is null or state = $2) order by issued_at desc, redemption_id limit $3`,
    [platformId, state ?? null, limit],
  );
  return rows.map(readRedemption);
}

/** What a change sets besides the state. */
export interface Setting {
  readonly reversal?: NonNullable<Redemption['reversal']>;
  readonly fulfilledKey?: string;
}

/** Changes the state of one redemption as it was read; undefined when somebody else has changed it since. */
export async function moveRedemption(
  db: Queryable, { redemptionId, revision }: Pick<Redemption, 'redemptionId' | 'revision'>, transition: TransitionName, nowMs: number, { reversal, fulfilledKey }: Setting = {},
): Promise<Redemption | undefined> {
  const { from, to } = transitions[transition];
  const { rows } = await db.query<RedemptionRow>(
    `update rewards.redemption set state = $4, changed_at = $5, revision = revision + 1, reversal = $6, fulfilled_key = coalesce($7, fulfilled_key)
      where redemption_id = $1 and revision = $2 and state = any($3) returning *`,
    [redemptionId, revision, from, to, new Date(nowMs), reversal === undefined ? null : JSON.stringify({ ...reversal, amount: reversal.amount?.toString() }), fulfilledKey ?? null],
  );
  return rows[0] === undefined ? undefined : readRedemption(rows[0]);
}

/** Those of the given redemptions that a transition fits, changed whatever their revision. */
export async function moveAll(db: Queryable, redemptionIds: readonly TransactionId[], transition: 'cancel', nowMs: number): Promise<Redemption[]> {
  const { from, to } = transitions[transition];
  const { rows } = await db.query<RedemptionRow>(
    `update rewards.redemption set state = $3, changed_at = $4, revision = revision + 1, reversal = null
      where redemption_id = any($1) and state = any($2) returning *`,
    [redemptionIds, from, to, new Date(nowMs)],
  );
  return rows.map(readRedemption);
}

/** Which of the given redemptions were fulfilled. */
export async function selectFulfilled(db: Queryable, redemptionIds: readonly TransactionId[]): Promise<TransactionId[]> {
  const { rows } = await db.query<{ redemption_id: TransactionId }>(`select redemption_id from rewards.redemption where redemption_id = any($1) and state = 'fulfilled'`, [redemptionIds]);
  return rows.map((row) => row.redemption_id);
}

/** Lets redemptions expire whose time is over, longest overdue first; what another process is at is left to it. */
export async function expireDue(db: Queryable, nowMs: number, limit: number): Promise<Redemption[]> {
  const { to } = transitions.expire;
  const { rows } = await db.query<RedemptionRow>(
    `update rewards.redemption set state = $1, changed_at = $2, revision = revision + 1
      where redemption_id in (select redemption_id from rewards.redemption where state = 'issued' and expires_at <= $2 order by expires_at limit $3 for update skip locked)
      returning *`,
    [to, new Date(nowMs), limit],
  );
  return rows.map(readRedemption);
}

/** Redemptions whose reversal has not moved since `beforeMs`. */
export async function selectCancelling(db: Queryable, beforeMs: number, limit: number): Promise<Redemption[]> {
  const { rows } = await db.query<RedemptionRow>(
    `select * from rewards.redemption where state = 'cancelling' and changed_at <= $1 order by changed_at limit $2`, [new Date(beforeMs), limit],
  );
  return rows.map(readRedemption);
}

/** How far the journal of a bucket has been read. */
export async function readCursor(db: Queryable, bucket: Bucket): Promise<bigint> {
  const { rows } = await db.query<{ sequence: bigint }>('select sequence from rewards.cursor where bucket = $1', [bucket]);
  if (rows[0] !== undefined) return rows[0].sequence;
  await db.query('insert into rewards.cursor (bucket, sequence) values ($1, 0) on conflict do nothing', [bucket]);
  return 0n;
}

/** False when another process was first. Its row stays locked to the end of the dbTransaction, so that one process at a time writes what a bucket says. */
export async function moveCursor(db: Queryable, bucket: Bucket, from: bigint, to: bigint): Promise<boolean> {
  const { rowCount } = await db.query('update rewards.cursor set sequence = $3 where bucket = $1 and sequence = $2', [bucket, from, to]);
  return rowCount === 1;
}
