// SQL of accounts: wallets, allowances, what stripes have left, money of the platforms. Every
// statement on a hot table names one bucket (docs/decisions/0002). Before this: `loading.ts` misses
// a wallet. Next: `decide.ts`.

import type { Bucket, MemberId, OwnerId } from '../kernel/ids.ts';
import type { Day } from '../kernel/time.ts';
import type { Queryable } from '../runtime/database.ts';
import type { Account, Wallet } from './account.ts';
import { readWallet, type AccountRow } from './rows.ts';

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
 * The room that all stripes of a system account together have left, read at one moment and without
 * a lock; the room below the bound where the rules set it.
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

/** The allowances among some accounts of a bucket, with their owners. */
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
