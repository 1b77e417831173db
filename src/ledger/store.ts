// All SQL of the ledger. Every statement on a hot table names one bucket (docs/decisions/0002).

import type { Bucket, MemberId, OwnerId, TransactionId } from '../kernel/ids.ts';
import type { Day } from '../kernel/time.ts';
import type { Queryable } from '../runtime/database.ts';
import type { Account, Wallet } from './account.ts';
import type { BucketState, HoldWrite, SignatureUse } from './bucket-state.ts';
import {
  checkColumns,
  encodeRows,
  type CatalogueColumn,
  type RowEncoding,
} from './row-encoding.ts';
import {
  accountChangeRows,
  accountRows,
  digitsOf,
  holdRows,
  quoteUseRows,
  readHold,
  readLeg,
  readWallet,
  reversalRows,
  signatureUseRows,
  signedOf,
  transactionRows,
  type AccountRow,
  type HoldRow,
  type TransactionRow,
} from './rows.ts';
import type { Hold, PostedLeg, SignatureMark, TransactionKind, WaitingLeg } from './types.ts';

/** OIDs of the row types that are written; they differ from database to database. */
export interface RowTypes {
  readonly account: number;
  readonly accountChange: number;
  readonly transaction: number;
  readonly hold: number;
  readonly reversal: number;
  readonly quoteUse: number;
  readonly signatureUse: number;
}

export const STALE = 'PN001';
export const UNIQUE_VIOLATION = '23505';

/** Reads the row types, and makes sure that the program writes the columns that the tables have. */
export async function loadRowTypes(db: Queryable): Promise<RowTypes> {
  return {
    account: await rowType(db, accountRows),
    accountChange: await rowType(db, accountChangeRows),
    transaction: await rowType(db, transactionRows),
    hold: await rowType(db, holdRows),
    reversal: await rowType(db, reversalRows),
    quoteUse: await rowType(db, quoteUseRows),
    signatureUse: await rowType(db, signatureUseRows),
  };
}

async function rowType<Row>(db: Queryable, encoding: RowEncoding<Row>): Promise<number> {
  const columns = await db.query<CatalogueColumn & { oid: number }>(
    `select a.attname as name, c.reltype::integer as oid,
            case t.typname when '_int8' then 'int8[]' else t.typname end as type
       from pg_class c join pg_attribute a on a.attrelid = c.oid
         join pg_type t on t.oid = a.atttypid
      where c.oid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [encoding.table],
  );
  checkColumns(
    encoding,
    columns.rows.map(({ name, type }) => ({ name, type })),
  );
  const [first] = columns.rows;
  if (first === undefined) throw new Error(`there is no table ${encoding.table}`);
  return first.oid;
}

/**
 * Locks a bucket's row until the end of the dbTransaction. Callers lock several in ascending order.
 */
export async function lockBucket(
  db: Queryable,
  bucket: Bucket,
): Promise<{ sequence: bigint; accountCount: bigint }> {
  const { rows } = await db.query<{ sequence: bigint; account_count: bigint }>({
    name: 'ledger-lock-bucket',
    text: 'select sequence, account_count from ledger.bucket where bucket = $1 for update',
    values: [bucket],
  });
  const row = rows[0];
  if (row === undefined) throw new Error(`bucket ${bucket} does not exist`);
  return { sequence: row.sequence, accountCount: row.account_count };
}

/**
 * The wallets of the given owners and assets, without allowances of periods that were over before
 * `today`; those without accounts come back empty.
 */
export async function loadWallets(
  db: Queryable,
  bucket: Bucket,
  wanted: readonly { readonly ownerId: OwnerId; readonly assetId: number }[],
  today: Day,
): Promise<Wallet[]> {
  const { rows } = await db.query<AccountRow>({
    name: 'ledger-load-wallets',
    text: `select a.* from unnest($2::uuid[], $3::integer[]) as w (owner_id, asset_id)
             cross join lateral (select * from ledger.account a
               where a.bucket = $1 and a.owner_id = w.owner_id and a.asset_id = w.asset_id
                                   and (a.expires_on >= $4
                                     or a.purpose not in ('allowance',
                                     'shared_allowance')) offset 0) a`,
    values: [
      bucket,
      wanted.map((wallet) => wallet.ownerId),
      wanted.map((wallet) => wallet.assetId),
      today,
    ],
  });
  const byWallet = Map.groupBy(rows, (row) => `${row.owner_id}${row.asset_id}`);
  return wanted.map(({ ownerId, assetId }) =>
    readWallet(bucket, ownerId, assetId, byWallet.get(`${ownerId}${assetId}`) ?? []),
  );
}

/**
 * Leg 0 of those of the given transactions that exist, and the bucket's sequence number at the same
 * moment.
 */
export async function findPosted(
  db: Queryable,
  bucket: Bucket,
  ids: readonly TransactionId[],
): Promise<{ sequence: bigint; found: PostedLeg[] }> {
  const { rows } = await db.query<TransactionRow & { bucket_sequence: bigint }>({
    name: 'ledger-find-posted',
    text: `select b.sequence as bucket_sequence, t.*
             from ledger.bucket b
             left join (unnest($2::uuid[]) as w (id)
               cross join lateral (select * from ledger.transaction t
                 where t.bucket = $1 and t.transaction_id = w.id and t.leg = 0 limit 1) t) on true
            where b.bucket = $1`,
    values: [bucket, ids],
  });
  const sequence = rows[0]?.bucket_sequence ?? 0n;
  return { sequence, found: rows.filter((row) => row.transaction_id !== null).map(readLeg) };
}

/** All legs of a transaction that lie in one bucket. */
export async function findLegs(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
): Promise<PostedLeg[]> {
  const { rows } = await db.query<TransactionRow>({
    name: 'ledger-find-legs',
    text: 'select * from ledger.transaction where bucket = $1 and transaction_id = $2 order by leg',
    values: [bucket, transactionId],
  });
  return rows.map(readLeg);
}

/** What the first leg of a transaction posted on accounts of one asset, summed by owner. */
export async function listMoved(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
  assetId: number,
): Promise<{ ownerId: OwnerId; amount: bigint }[]> {
  const { rows } = await db.query<{ ownerId: OwnerId; amount: bigint }>({
    name: 'ledger-list-moved',
    text: `select a.owner_id as "ownerId", sum(e.amount)::bigint as amount
             from ledger.entry e join ledger.account a on a.bucket = $1
               and a.account_id = e.account_id and a.asset_id = $3
            where e.bucket = $1 and e.transaction_id = $2 and e.leg = 0 and e.layer = 'p'
              group by a.owner_id`,
    values: [bucket, transactionId, assetId],
  });
  return rows;
}

/**
 * What all stripes of a system account together have left, read at one moment and without a lock;
 * of a bound that the rules set, what is left of that.
 */
export async function loadRoom(
  db: Queryable,
  bucketCount: number,
  account: Pick<Account, 'ownerId' | 'assetId' | 'purpose' | 'expiresOn'>,
  cap: bigint | undefined,
): Promise<bigint> {
  const {
    rows: [sum],
  } = await db.query<{ left: bigint; floors: bigint }>({
    name: 'ledger-load-room',
    text: `select coalesce(sum(a.left), 0)::bigint as left,
        coalesce(sum(a.floor), 0)::bigint as floors
             from generate_series(0, $1::integer - 1) as b (bucket)
             cross join lateral (select credits_posted - debits_posted - debits_pending as left,
               coalesce(floor, 0) as floor from ledger.account
               where bucket = b.bucket and owner_id = $2 and asset_id = $3 and purpose = $4
                 and expires_on = $5 offset 0) a`,
    values: [bucketCount, account.ownerId, account.assetId, account.purpose, account.expiresOn],
  });
  if (sum === undefined) throw new Error('a sum has one row');
  return cap === undefined ? sum.left - sum.floors : cap + sum.left;
}

export async function loadHold(
  db: Queryable,
  bucket: Bucket,
  holdId: TransactionId,
): Promise<Hold | undefined> {
  const { rows } = await db.query<HoldRow>({
    name: 'ledger-load-hold',
    text: 'select * from ledger.hold where bucket = $1 and hold_id = $2',
    values: [bucket, holdId],
  });
  return rows[0] === undefined ? undefined : readHold(rows[0]);
}

/** What disputes over a transaction have frozen in a bucket, longest frozen first. */
export async function loadFreezes(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
): Promise<Hold[]> {
  const { rows } = await db.query<HoldRow>({
    name: 'ledger-load-freezes',
    text: `select * from ledger.hold where bucket = $1 and frozen_for = $2 and state = 'held'
        order by frozen_at, hold_id`,
    values: [bucket, transactionId],
  });
  return rows.map(readHold);
}

/** The rows that ended freezes for a transaction in a bucket. */
export async function listEndsOfFreezes(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
): Promise<PostedLeg[]> {
  const { rows } = await db.query<TransactionRow>({
    name: 'ledger-list-ends-of-freezes',
    text: `select t.* from ledger.hold h
             join ledger.transaction t on t.bucket = $1 and t.transaction_id = h.resolved_by
               and t.member_id = h.member_id
            where h.bucket = $1 and h.frozen_for = $2 and h.state <> 'held' order by t.sequence`,
    values: [bucket, transactionId],
  });
  return rows.map(readLeg);
}

/** How much of a transaction has been reversed. */
export async function loadReversed(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
): Promise<bigint> {
  const { rows } = await db.query<{ reversed: bigint }>({
    name: 'ledger-load-reversed',
    text: `select coalesce(sum(amount), 0)::bigint as reversed from ledger.reversal
        where bucket = $1 and transaction_id = $2`,
    values: [bucket, transactionId],
  });
  return rows[0]?.reversed ?? 0n;
}

/** How much of a transaction was reversed by parts that still rounded down. */
export async function loadFloored(
  db: Queryable,
  bucket: Bucket,
  transactionId: TransactionId,
): Promise<bigint | undefined> {
  const { rows } = await db.query<{ amount: bigint }>({
    name: 'ledger-load-floored',
    text: 'select amount from ledger.floored_reversal where bucket = $1 and transaction_id = $2',
    values: [bucket, transactionId],
  });
  return rows[0]?.amount;
}

/**
 * What has lapsed of those of a member's lots that have ended, and is still among the expired
 * points; `lapsedBy` says the same of one row. The partial index holds the rows that count, and
 * none is read when no lot has ended.
 */
export async function loadLapsed(
  db: Queryable,
  bucket: Bucket,
  memberId: MemberId,
  {
    assetId,
    lots,
    today,
  }: { readonly assetId: number; readonly lots: readonly bigint[]; readonly today: Day },
): Promise<ReadonlyMap<bigint, bigint>> {
  const { rows } = await db.query<{ account_id: bigint; lapsed: bigint }>({
    name: 'ledger-load-lapsed',
    text: `with ended as materialized (
             select account_id from ledger.account
              where bucket = $1 and account_id = any($3) and asset_id = $4 and purpose = 'lot'
                and expires_on <= $5::date + 1)
           select account_id, sum(amount)::bigint as lapsed
             from (select e.account_id, -e.amount as amount
                     from ledger.transaction t cross
                       join lateral unnest(t.account_ids, t.amounts) e (account_id, amount)
                    where exists (select from ended) and t.bucket = $1 and t.member_id = $2
                      and t.kind = 'expire'
                    union all
                   select split_part(one, ':', 1)::bigint, -split_part(one, ':', 2)::bigint
                     from ledger.transaction t cross
                       join lateral unnest(string_to_array(t.details ->> 'from_expired', ',')) one
                    where exists (select from ended) and t.bucket = $1 and t.member_id = $2
                      and t.kind = 'reverse' and t.details ? 'from_expired') lapse
            where account_id in (select account_id from ended)
            group by 1`,
    values: [bucket, memberId, lots, assetId, today],
  });
  return new Map(rows.map((row) => [row.account_id, row.lapsed]));
}

/** The transaction that has used a quote. */
export async function loadQuoteUse(
  db: Queryable,
  bucket: Bucket,
  nonce: string,
): Promise<TransactionId | undefined> {
  const { rows } = await db.query<{ transaction_id: TransactionId }>({
    name: 'ledger-load-quote-use',
    text: 'select transaction_id from ledger.quote_use where bucket = $1 and nonce = $2',
    values: [bucket, nonce],
  });
  return rows[0]?.transaction_id;
}

/** What some request signatures stand for, by mark. */
export async function findSignatures(
  db: Queryable,
  bucket: Bucket,
  signatures: readonly SignatureMark[],
): Promise<Map<string, string>> {
  const { rows } = await db.query<{ mark: bigint; operation: bigint }>({
    name: 'ledger-find-signatures',
    text: `select s.mark, s.operation
             from unnest($2::bigint[], $3::bigint[]) as w (signed_at, mark)
             cross join lateral (
               select * from ledger.signature_use s
                where s.bucket = $1 and s.signed_at = w.signed_at and s.mark = w.mark limit 1) s`,
    values: [
      bucket,
      signatures.map(({ signedAt }) => signedAt),
      signatures.map(({ mark }) => signedOf(mark)),
    ],
  });
  return new Map(rows.map(({ mark, operation }) => [digitsOf(mark), digitsOf(operation)]));
}

/** Marks a signature unless it is marked; gives what it stands for. */
export async function insertSignature(
  db: Queryable,
  { bucket, signedAt, mark, operation }: SignatureUse,
): Promise<{ readonly inserted: boolean; readonly user: string | undefined }> {
  const { rowCount } = await db.query(
    `insert into ledger.signature_use (bucket, signed_at, mark, operation) values ($1, $2, $3, $4)
     on conflict do nothing`,
    [bucket, signedAt, signedOf(mark), signedOf(operation)],
  );
  if (rowCount === 1) return { inserted: true, user: operation };
  const found = await findSignatures(db, bucket, [{ signedAt, mark }]);
  return { inserted: false, user: found.get(mark) };
}

export async function deleteSignature(
  db: Queryable,
  bucket: Bucket,
  { signedAt, mark }: SignatureMark,
): Promise<void> {
  await db.query(
    'delete from ledger.signature_use where bucket = $1 and signed_at = $2 and mark = $3',
    [bucket, signedAt, signedOf(mark)],
  );
}

/** Forgets marks of signatures that are stale, oldest first; tells how many. */
export async function deleteSignatures(
  db: Queryable,
  bucket: Bucket,
  beforeSeconds: number,
  limit: number,
): Promise<number> {
  const { rowCount } = await db.query({
    name: 'ledger-delete-signatures',
    // By place in the table, which needs no plan: no statistics of a table that grows and shrinks
    // are right.
    text: `delete from ledger.signature_use
            where bucket = $1 and signed_at < $2 and ctid = any(array(
              select ctid from ledger.signature_use
               where bucket = $1 and signed_at < $2 order by signed_at limit $3))`,
    values: [bucket, beforeSeconds, limit],
  });
  return rowCount ?? 0;
}

/** Which of a bucket's accounts are allowances, and whose. */
export async function listAllowances(
  db: Queryable,
  bucket: Bucket,
  accountIds: readonly bigint[],
): Promise<{ accountId: bigint; ownerId: OwnerId; assetId: number }[]> {
  const { rows } = await db.query<{ accountId: bigint; ownerId: OwnerId; assetId: number }>({
    name: 'ledger-list-allowances',
    text: `select account_id as "accountId", owner_id as "ownerId", asset_id as "assetId"
        from ledger.account
            where bucket = $1 and account_id = any($2)
              and purpose in ('allowance', 'shared_allowance')`,
    values: [bucket, accountIds],
  });
  return rows;
}

/** Owners and periods of a limit's shared allowances that are in use in a bucket and not over. */
export async function listSharedAllowances(
  db: Queryable,
  bucket: Bucket,
  assetId: number,
  today: Day,
): Promise<{ ownerId: OwnerId; until: Day }[]> {
  const { rows } = await db.query<{ ownerId: OwnerId; until: Day }>(
    `select owner_id as "ownerId", expires_on as until from ledger.account
      where bucket = $1 and asset_id = $2 and purpose = 'shared_allowance' and expires_on >= $3`,
    [bucket, assetId, today],
  );
  return rows;
}

/**
 * Writes what a batch decided in one bucket, provided that nobody else wrote there since. Throws
 * STALE when somebody did.
 */
export function writeBucket(db: Queryable, state: BucketState, types: RowTypes): Promise<unknown> {
  const { rows, accounts, holds, reversals, quotes, signatures } = state.writes;
  // In the order of the table, so that the server finds neighbours in the page at hand.
  const touched = [...accounts].sort((a, b) => (a.accountId < b.accountId ? -1 : 1));
  return db.query({
    name: 'ledger-post',
    text: `select ledger.post($1, $2, $3, $4, $5::ledger.account[], $6::ledger.account_change[],
        $7::ledger.transaction[], $8::ledger.hold[], $9::ledger.reversal[], $10::ledger.quote_use[],
        $11::ledger.signature_use[])`,
    values: [
      state.bucket,
      state.base.sequence,
      rows.length,
      Number((state.known?.accountCount ?? state.base.accountCount) - state.base.accountCount),
      array(
        accountRows,
        types.account,
        touched.filter((account) => !account.stored),
      ),
      array(
        accountChangeRows,
        types.accountChange,
        touched.filter((account) => account.stored),
      ),
      array(transactionRows, types.transaction, rows),
      array(holdRows, types.hold, lastOfEach(holds)),
      array(reversalRows, types.reversal, reversals),
      array(quoteUseRows, types.quoteUse, quotes),
      array(signatureUseRows, types.signatureUse, signatures),
    ],
  });
}

/** A freeze may be made and taken from in one batch: what it is at the end is written. */
function lastOfEach(holds: readonly HoldWrite[]): readonly HoldWrite[] {
  if (holds.length < 2) return holds;
  return [
    ...new Map(
      holds.map((write) => [
        write.plan.change === 'create' ? write.row.transactionId : write.plan.hold.holdId,
        write,
      ]),
    ).values(),
  ];
}

/** Rows as one parameter; null when there are none. */
function array<Row>(
  encoding: RowEncoding<Row>,
  typeOid: number,
  rows: readonly Row[],
): Buffer | null {
  return rows.length === 0 ? null : encodeRows(encoding, typeOid, rows);
}

/** A member's accounts on one platform. */
export async function loadWallet(
  db: Queryable,
  bucket: Bucket,
  memberId: MemberId,
  assetId: number,
): Promise<Wallet> {
  const { rows } = await db.query<AccountRow>({
    name: 'ledger-load-wallet',
    text: 'select * from ledger.account where bucket = $1 and owner_id = $2 and asset_id = $3',
    values: [bucket, memberId, assetId],
  });
  return readWallet(bucket, memberId, assetId, rows);
}

/**
 * A member's rows that concern one platform's points, newest first, from before a sequence number.
 * Of what an authorisation took, one row: the one that posted it, or itself while it is open and
 * when it was undone.
 */
export async function listLegs(
  db: Queryable,
  bucket: Bucket,
  memberId: MemberId,
  assetId: number,
  before: bigint,
  limit: number,
  offset: number,
): Promise<PostedLeg[]> {
  const { rows } = await db.query<TransactionRow>({
    name: 'ledger-list-legs',
    text: `select * from ledger.transaction t
            where bucket = $1 and member_id = $2 and sequence < $4
              and ((asset_id = $3 and not (leg = 1 and target_balance_after is not null))
                or (target_asset_id = $3 and target_balance_after is not null))
              and case kind
                    when 'authorise' then not exists (select from ledger.hold h
                      where h.bucket = $1 and h.hold_id = t.transaction_id and h.state = 'captured')
                    when 'release' then not exists (
                      select from ledger.transaction r
                        where r.bucket = $1 and r.transaction_id = t.related_id and r.leg = 0
                        and r.kind = 'authorise')
                    else true end
            order by sequence desc limit $5 offset $6`,
    values: [bucket, memberId, assetId, before, limit, offset],
  });
  return rows.map(readLeg);
}

/** First legs of transfers that wait for an operator, oldest first. */
export async function listReviews(
  db: Queryable,
  bucket: Bucket,
  limit: number,
): Promise<WaitingLeg[]> {
  const { rows } = await db.query<TransactionRow & { readonly due_at: Date }>({
    name: 'ledger-list-reviews',
    text: `select t.*, h.expires_at as due_at from ledger.hold h
        join ledger.transaction t on t.bucket = $1 and t.transaction_id = h.hold_id and t.leg = 0
            where h.bucket = $1 and h.state = 'held' and t.details ? 'review' order by t.sequence
              limit $2`,
    values: [bucket, limit],
  });
  return rows.map((row) => ({ leg: readLeg(row), dueAtMs: row.due_at.getTime() }));
}

/**
 * First legs of some kinds among the `limit` rows after a sequence number, and the number that was
 * looked up to.
 */
export async function listLegsAfter(
  db: Queryable,
  bucket: Bucket,
  sequence: bigint,
  kinds: readonly TransactionKind[],
  limit: number,
): Promise<{ legs: PostedLeg[]; through: bigint }> {
  const { rows } = await db.query<TransactionRow & { through: bigint }>({
    name: 'ledger-list-legs-after',
    text: `select least(b.sequence, $2::bigint + $4::integer) as through, t.*
             from ledger.bucket b
             left join ledger.transaction t on t.bucket = $1 and t.sequence > $2
               and t.sequence <= $2 + $4 and t.leg = 0 and t.kind = any($3)
            where b.bucket = $1 order by t.sequence`,
    values: [bucket, sequence, kinds, limit],
  });
  return {
    legs: rows.filter((row) => row.transaction_id !== null).map(readLeg),
    through: rows[0]?.through ?? sequence,
  };
}

/** Holds of a bucket whose time is over, longest overdue first. */
export async function listDueHolds(
  db: Queryable,
  bucket: Bucket,
  nowMs: number,
  limit: number,
): Promise<Hold[]> {
  const { rows } = await db.query<HoldRow>({
    name: 'ledger-list-due-holds',
    text: `select * from ledger.hold where bucket = $1 and state = 'held' and expires_at <= $2
        order by expires_at limit $3`,
    values: [bucket, new Date(nowMs), limit],
  });
  return rows.map(readHold);
}

/** Members of a bucket with points left in lots whose last day is before `day`. */
export async function listExpiredLots(
  db: Queryable,
  bucket: Bucket,
  day: string,
  limit: number,
): Promise<{ memberId: MemberId; assetId: number; lastSequence: bigint }[]> {
  const { rows } = await db.query<{ owner_id: MemberId; asset_id: number; last_sequence: bigint }>({
    name: 'ledger-list-expired-lots',
    text: `select owner_id, asset_id, max(last_sequence) as last_sequence from (
             select owner_id, asset_id, last_sequence from ledger.account
              where bucket = $1 and purpose = 'lot' and expires_on < $2 and expires_on <> 'infinity'
                and credits_posted - debits_posted - debits_pending > 0
              order by expires_on limit $3) due
            group by owner_id, asset_id`,
    values: [bucket, day, limit],
  });
  return rows.map((row) => ({
    memberId: row.owner_id,
    assetId: row.asset_id,
    lastSequence: row.last_sequence,
  }));
}

/** A bucket's stripes of the platforms' positions and prefunds. */
export async function sumMoney(
  db: Queryable,
  bucket: Bucket,
  assetId: number,
  owners: readonly OwnerId[],
): Promise<
  {
    ownerId: OwnerId;
    purpose: 'position' | 'prefund';
    posted: bigint;
    pendingDebits: bigint;
    pendingCredits: bigint;
  }[]
> {
  const { rows } = await db.query<{
    ownerId: OwnerId;
    purpose: 'position' | 'prefund';
    posted: bigint;
    pendingDebits: bigint;
    pendingCredits: bigint;
  }>({
    name: 'ledger-sum-money',
    text: `select owner_id as "ownerId", purpose, credits_posted - debits_posted as posted,
        debits_pending as "pendingDebits", credits_pending as "pendingCredits"
             from ledger.account where bucket = $1 and owner_id = any($2::uuid[]) and asset_id = $3
               and purpose in ('position', 'prefund')`,
    values: [bucket, owners, assetId],
  });
  return rows;
}

/** The bounds of positions, by owner. */
export async function selectCaps(
  db: Queryable,
  assetId: number,
  owners: readonly OwnerId[],
): Promise<ReadonlyMap<OwnerId, bigint>> {
  const { rows } = await db.query<{ owner_id: OwnerId; amount: bigint }>(
    `select owner_id, amount from ledger.cap where owner_id = any($1::uuid[]) and asset_id = $2
        and purpose = 'position'`,
    [owners, assetId],
  );
  return new Map(rows.map(({ owner_id: ownerId, amount }) => [ownerId, amount]));
}

/**
 * Ends a former backend of ours and waits until it is gone, so that nothing it was sent can still
 * take effect.
 */
export async function terminateBackend(
  db: Queryable,
  pid: number,
  startedAt: string,
): Promise<void> {
  await db.query(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where pid = $1 and backend_start::text = $2`,
    [pid, startedAt],
  );
}

/** Who the server thinks we are. */
export async function identifyBackend(db: Queryable): Promise<{ pid: number; startedAt: string }> {
  const { rows } = await db.query<{ pid: number; started_at: string }>(
    `select pid, backend_start::text as started_at from pg_stat_activity
        where pid = pg_backend_pid()`,
  );
  const [backend] = rows;
  if (backend === undefined) throw new Error('the server does not list this connection');
  return { pid: backend.pid, startedAt: backend.started_at };
}
