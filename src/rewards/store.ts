// All SQL of the rewards module.

import type { Bucket, MemberId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { Queryable } from '../runtime/database.ts';
import type { SignatureMark } from '../ledger/ledger.ts';
import { transitions, type RedemptionState, type TransitionName } from './states.ts';
import type { Issue, Redemption, ReversalUnderWay, UnitChoice, Voucher } from './types.ts';
import { formatUnits, parseUnits } from './voucher-units.ts';

interface RedemptionRow {
  readonly redemption_id: TransactionId;
  readonly platform_id: PlatformId;
  readonly member_id: MemberId;
  readonly reward_id: string;
  readonly quantity: bigint;
  readonly amount: bigint;
  readonly given_back: bigint;
  readonly state: RedemptionState;
  readonly issued_at: Date;
  readonly expires_at: Date | null;
  readonly changed_at: Date;
  readonly revision: number;
  readonly reversal: ReversalRow | null;
  readonly v_unit: readonly number[] | null;
  readonly v_units: readonly bigint[];
  readonly v_usable: readonly bigint[];
  readonly v_fulfilled: readonly bigint[];
  readonly v_returned: readonly bigint[];
  readonly v_part_returned: readonly bigint[];
}

interface ReversalRow {
  readonly key: string;
  readonly signature?: SignatureMark;
  readonly reason: string;
  readonly reference?: string;
  readonly amount?: string;
  readonly quantity?: string;
  readonly named?: readonly number[];
  readonly chosen?: string;
  readonly from: RedemptionState;
}

/** The vouchers of `r`, as arrays in the same order. */
const WITH_VOUCHERS = `
  cross join lateral (
    select ${['unit', 'units', 'usable', 'fulfilled', 'returned', 'part_returned'].map((name) => `array_agg(${name} order by unit) as v_${name}`).join(', ')}
      from rewards.voucher where redemption_id = r.redemption_id) v`;

function readRedemption(row: RedemptionRow): Redemption {
  return {
    redemptionId: row.redemption_id,
    platformId: row.platform_id,
    memberId: row.member_id,
    rewardId: row.reward_id,
    quantity: row.quantity,
    amount: row.amount,
    givenBack: row.given_back,
    vouchers: readVouchers(row),
    state: row.state,
    issuedAtMs: row.issued_at.getTime(),
    expiresAtMs: row.expires_at?.getTime() ?? null,
    changedAtMs: row.changed_at.getTime(),
    revision: row.revision,
    reversal: row.reversal === null ? null : readReversal(row.reversal),
  };
}

function readVouchers(row: RedemptionRow): Voucher[] {
  return (row.v_unit ?? []).map((unit, index) => ({
    unit,
    units: row.v_units[index] ?? 0n,
    usable: row.v_usable[index] ?? 0n,
    fulfilled: row.v_fulfilled[index] ?? 0n,
    returned: row.v_returned[index] ?? 0n,
    partReturned: row.v_part_returned[index] ?? 0n,
  }));
}

function readReversal({ amount, quantity, chosen, ...row }: ReversalRow): ReversalUnderWay {
  return {
    ...row,
    amount: amount === undefined ? undefined : BigInt(amount),
    quantity: quantity === undefined ? undefined : BigInt(quantity),
    chosen: chosen === undefined ? undefined : parseUnits(chosen),
  };
}

function writeReversal({ amount, quantity, chosen, ...reversal }: ReversalUnderWay): string {
  return JSON.stringify({
    ...reversal,
    amount: amount?.toString(),
    quantity: quantity?.toString(),
    chosen: chosen === undefined ? undefined : formatUnits(chosen),
  });
}

/**
 * Writes redemptions that are not there yet, with their vouchers; returns which. Sorted, so that
 * two processes that write the same do not wait for each other in a circle.
 */
export async function insertRedemptions(
  db: Queryable,
  issues: readonly Issue[],
  vouchersOf: (issue: Issue) => readonly SealedVoucher[],
): Promise<Issue[]> {
  const sorted = issues.toSorted((a, b) => (a.redemptionId < b.redemptionId ? -1 : 1));
  const { rows } = await db.query<{ redemption_id: string }>(
    `insert into rewards.redemption (redemption_id, platform_id, member_id, reward_id, quantity,
        amount, issued_at, expires_at, changed_at)
     select i.*, i.issued_at
       from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[],
       $7::timestamptz[], $8::timestamptz[])
            as i (redemption_id, platform_id, member_id, reward_id, quantity, amount, issued_at,
              expires_at)
         on conflict do nothing returning redemption_id`,
    [
      sorted.map((issue) => issue.redemptionId),
      sorted.map((issue) => issue.platformId),
      sorted.map((issue) => issue.memberId),
      sorted.map((issue) => issue.rewardId),
      sorted.map((issue) => issue.quantity),
      sorted.map((issue) => issue.amount),
      sorted.map((issue) => new Date(issue.issuedAtMs)),
      sorted.map((issue) => (issue.expiresAtMs === null ? null : new Date(issue.expiresAtMs))),
    ],
  );
  const written = new Set(rows.map((row) => row.redemption_id));
  const fresh = sorted.filter(({ redemptionId }) => written.has(redemptionId));
  const vouchers = fresh.flatMap((issue) =>
    vouchersOf(issue).map((voucher) => ({ ...voucher, redemptionId: issue.redemptionId })),
  );
  if (vouchers.length > 0) {
    // Two equal codes are too unlikely to happen; even then the journal would be read on.
    await db.query(
      `insert into rewards.voucher (code_hash, redemption_id, unit, units, usable)
       select v.*, v.units
         from unnest($1::bytea[], $2::uuid[], $3::integer[], $4::bigint[]) as v (code_hash,
         redemption_id, unit, units)
           on conflict do nothing`,
      [
        vouchers.map(({ codeHash }) => codeHash),
        vouchers.map(({ redemptionId }) => redemptionId),
        vouchers.map(({ unit }) => unit),
        vouchers.map(({ units }) => units),
      ],
    );
  }
  return fresh;
}

/** A voucher as it is first written. */
export interface SealedVoucher {
  readonly codeHash: Buffer;
  readonly unit: number;
  readonly units: bigint;
}

export async function selectRedemption(
  db: Queryable,
  redemptionId: TransactionId,
): Promise<Redemption | undefined> {
  const { rows } = await db.query<RedemptionRow>(
    `select r.*, v.* from rewards.redemption r ${WITH_VOUCHERS} where r.redemption_id = $1`,
    [redemptionId],
  );
  return rows[0] === undefined ? undefined : readRedemption(rows[0]);
}

/**
 * Those of the given redemptions that are written. Their rows, locked in the order of their ids,
 * stay locked to the end of the dbTransaction.
 */
export async function lockRedemptions(
  db: Queryable,
  redemptionIds: readonly TransactionId[],
): Promise<Redemption[]> {
  await db.query(
    `select 1 from rewards.redemption where redemption_id = any($1) order by redemption_id
        for update`,
    [redemptionIds],
  );
  const { rows } = await db.query<RedemptionRow>(
    `select r.*, v.* from rewards.redemption r ${WITH_VOUCHERS} where r.redemption_id = any($1)`,
    [redemptionIds],
  );
  return rows.map(readRedemption);
}

/** By the hash of a code, or by the code where it is still in clear. */
export async function selectByVoucher(
  db: Queryable,
  codeHash: Buffer,
  code: string,
): Promise<{ redemption: Redemption; unit: number } | undefined> {
  const { rows } = await db.query<RedemptionRow & { unit: number }>(
    `select r.*, v.*, w.unit from rewards.voucher w
        join rewards.redemption r using (redemption_id) ${WITH_VOUCHERS}
      where w.code_hash = $1 or w.code = $2`,
    [codeHash, code],
  );
  return rows[0] === undefined
    ? undefined
    : { redemption: readRedemption(rows[0]), unit: rows[0].unit };
}

/** Of a platform, newest first; of one state when it is given. */
export async function selectRedemptions(
  db: Queryable,
  platformId: PlatformId,
  state: RedemptionState | undefined,
  limit: number,
): Promise<Redemption[]> {
  const { rows } = await db.query<RedemptionRow>(
    `select r.*, v.*
        from (select * from rewards.redemption
        where platform_id = $1 and ($2::text is null or state = $2)
                            order by issued_at desc, redemption_id limit $3) r ${WITH_VOUCHERS}
      order by r.issued_at desc, r.redemption_id`,
    [platformId, state ?? null, limit],
  );
  return rows.map(readRedemption);
}

/** The values that a change sets besides the state. */
export interface Setting {
  readonly reversal?: ReversalUnderWay;
  readonly vouchers?: readonly Voucher[];
  /** Points that come back. */
  readonly givenBack?: bigint;
}

/**
 * Changes the state of one redemption as it was read; undefined when another process has changed it
 * since.
 */
export async function moveRedemption(
  db: Queryable,
  { redemptionId, revision }: Pick<Redemption, 'redemptionId' | 'revision'>,
  transition: TransitionName,
  nowMs: number,
  { reversal, vouchers = [], givenBack = 0n }: Setting = {},
): Promise<Redemption | undefined> {
  const { from, to } = transitions[transition];
  const { rowCount } = await db.query(
    `update rewards.redemption set state = $4, changed_at = $5, revision = revision + 1,
        reversal = $6, given_back = given_back + $7
      where redemption_id = $1 and revision = $2 and state = any($3)`,
    [
      redemptionId,
      revision,
      from,
      to,
      new Date(nowMs),
      reversal === undefined ? null : writeReversal(reversal),
      givenBack,
    ],
  );
  if (rowCount === 0) return undefined;
  await updateVouchers(db, redemptionId, vouchers);
  return selectRedemption(db, redemptionId);
}

/** Counts units and points that came back, and leaves the state as it is. */
export async function countReturned(
  db: Queryable,
  redemptionId: TransactionId,
  vouchers: readonly Voucher[],
  givenBack: bigint,
): Promise<void> {
  await db.query(
    `update rewards.redemption set given_back = given_back + $2, revision = revision + 1
        where redemption_id = $1`,
    [redemptionId, givenBack],
  );
  await updateVouchers(db, redemptionId, vouchers);
}

async function updateVouchers(
  db: Queryable,
  redemptionId: TransactionId,
  vouchers: readonly Voucher[],
): Promise<void> {
  if (vouchers.length === 0) return;
  await db.query(
    `update rewards.voucher w set usable = n.usable, fulfilled = n.fulfilled, returned = n.returned,
        part_returned = n.part_returned
       from unnest($2::integer[], $3::bigint[], $4::bigint[], $5::bigint[],
         $6::bigint[]) as n (unit, usable, fulfilled, returned, part_returned)
      where w.redemption_id = $1 and w.unit = n.unit`,
    [
      redemptionId,
      vouchers.map(({ unit }) => unit),
      vouchers.map(({ usable }) => usable),
      vouchers.map(({ fulfilled }) => fulfilled),
      vouchers.map(({ returned }) => returned),
      vouchers.map(({ partReturned }) => partReturned),
    ],
  );
}

/**
 * Records that the units of a reversal are taken off the vouchers; false when that was done before.
 * The redemption's row is locked by the caller.
 */
export async function insertReturn(
  db: Queryable,
  reversalId: TransactionId,
  redemptionId: TransactionId,
  units: bigint,
  amount: bigint,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into rewards.unit_return (reversal_id, redemption_id, units, amount)
        values ($1, $2, $3, $4) on conflict do nothing`,
    [reversalId, redemptionId, units, amount],
  );
  return rowCount === 1;
}

/** The request of the caller of a fulfilment; undefined when the key is new. */
export async function selectFulfilment(
  db: Queryable,
  redemptionId: TransactionId,
  key: string,
): Promise<string | undefined> {
  const { rows } = await db.query<{ stated: string }>(
    'select stated from rewards.fulfilment where redemption_id = $1 and key = $2',
    [redemptionId, key],
  );
  return rows[0]?.stated;
}

export async function insertFulfilment(
  db: Queryable,
  redemptionId: TransactionId,
  key: string,
  stated: string,
  chosen: readonly UnitChoice[],
  nowMs: number,
): Promise<void> {
  await db.query(
    `insert into rewards.fulfilment (redemption_id, key, stated, units, fulfilled_at)
        values ($1, $2, $3, $4, $5)`,
    [redemptionId, key, stated, formatUnits(chosen), new Date(nowMs)],
  );
}

/**
 * Expires redemptions that are past their time, longest overdue first; skips those that another
 * process is working on.
 */
export async function expireDue(
  db: Queryable,
  nowMs: number,
  limit: number,
): Promise<Redemption[]> {
  const { to } = transitions.expire;
  const { rows } = await db.query<RedemptionRow>(
    `with expired as (
       update rewards.redemption set state = $1, changed_at = $2, revision = revision + 1
        where redemption_id in (select redemption_id from rewards.redemption
          where state = 'issued' and expires_at <= $2 order by expires_at limit $3
          for update skip locked)
        returning *)
     select r.*, v.* from expired r ${WITH_VOUCHERS}`,
    [to, new Date(nowMs), limit],
  );
  return rows.map(readRedemption);
}

/** Redemptions whose reversal has not moved since `beforeMs`. */
export async function selectCancelling(
  db: Queryable,
  beforeMs: number,
  limit: number,
): Promise<Redemption[]> {
  const { rows } = await db.query<RedemptionRow>(
    `select r.*, v.*
        from (select * from rewards.redemption where state = 'cancelling' and changed_at <= $1
        order by changed_at limit $2) r ${WITH_VOUCHERS}
      order by r.changed_at`,
    [new Date(beforeMs), limit],
  );
  return rows.map(readRedemption);
}

/**
 * Codes that an earlier version has kept in clear; skips those that another process is working on.
 */
export async function lockClearCodes(
  db: Queryable,
  limit: number,
): Promise<{ redemptionId: TransactionId; unit: number; code: string }[]> {
  const { rows } = await db.query<{ redemption_id: TransactionId; unit: number; code: string }>(
    `select redemption_id, unit, code from rewards.voucher where code is not null order by code
        limit $1 for update skip locked`,
    [limit],
  );
  return rows.map(({ redemption_id: redemptionId, unit, code }) => ({ redemptionId, unit, code }));
}

/** Replaces a clear code by its hash. */
export async function sealCodes(
  db: Queryable,
  codes: readonly { readonly code: string; readonly codeHash: Buffer }[],
): Promise<void> {
  await db.query(
    `update rewards.voucher v set code = null, code_hash = s.code_hash
        from unnest($1::text[], $2::bytea[]) as s (code, code_hash) where v.code = s.code`,
    [codes.map(({ code }) => code), codes.map(({ codeHash }) => codeHash)],
  );
}

/** How far the journal of a bucket has been read. */
export async function readCursor(db: Queryable, bucket: Bucket): Promise<bigint> {
  const { rows } = await db.query<{ sequence: bigint }>(
    'select sequence from rewards.cursor where bucket = $1',
    [bucket],
  );
  if (rows[0] !== undefined) return rows[0].sequence;
  await db.query(
    'insert into rewards.cursor (bucket, sequence) values ($1, 0) on conflict do nothing',
    [bucket],
  );
  return 0n;
}

/**
 * False when another process was first. The row stays locked to the end of the dbTransaction, so
 * that one process at a time writes a bucket.
 */
export async function moveCursor(
  db: Queryable,
  bucket: Bucket,
  from: bigint,
  to: bigint,
): Promise<boolean> {
  const { rowCount } = await db.query(
    'update rewards.cursor set sequence = $3 where bucket = $1 and sequence = $2',
    [bucket, from, to],
  );
  return rowCount === 1;
}
