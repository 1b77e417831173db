// Reads the whole journal in order, page by page from one snapshot. Memory does not grow with the
// ledger.

import { networkOwnerId } from '../kernel/ids.ts';
import { platformOwnerId, type PlatformId } from '../kernel/ids.ts';
import { dbTransaction, type DbClient, type Pool } from '../runtime/database.ts';

/** An asset as the export names it. */
export interface Commodity {
  readonly code: string;
  readonly scale: number;
}

/** One entry of a row. */
interface JournalEntry {
  /** A stable, readable name, e.g. `member:<id>:platform_a:lot:2027-01-01`. */
  readonly account: string;
  readonly accountId: bigint;
  readonly layer: string;
  readonly amount: bigint;
  readonly balanceAfter: bigint;
  readonly commodity: Commodity;
}

/** One row of the journal. */
export interface JournalRow {
  readonly bucket: number;
  readonly sequence: bigint;
  readonly transactionId: string;
  readonly leg: number;
  readonly kind: string;
  readonly postedAt: Date;
  readonly occurredAt: Date | null;
  readonly memberId: string;
  readonly relatedId: string | null;
  readonly reference: string | null;
  readonly entries: readonly JournalEntry[];
}

/** The posted balance of an account, over all its stripes. */
interface AccountSum {
  readonly account: string;
  readonly commodity: Commodity;
  readonly balance: bigint;
  /** True when holds may have moved its pending sums. */
  readonly pending: boolean;
}

/** A journal inside one snapshot. Walk only one generator at a time. */
export interface JournalSnapshot {
  readonly commodities: readonly Commodity[];
  /** All rows by bucket and sequence. */
  rows(): AsyncGenerator<JournalRow>;
  /** All accounts, with the balance by the account's own counters. */
  accounts(): AsyncGenerator<AccountSum>;
}

const PAGE = 1_000;

/** Runs `read` on a snapshot that later posting does not change. */
export async function withJournalSnapshot<T>(
  pool: Pool,
  read: (journal: JournalSnapshot) => Promise<T>,
): Promise<T> {
  return dbTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    // A slow reader of the output, such as a pager, must not end the export.
    await client.query(
      'set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0',
    );
    const names = await loadNames(client);
    return read({
      commodities: [...names.commodities.values()],
      rows: () => readRows(client, names),
      accounts: () => readAccounts(client, names),
    });
  });
}

interface Names {
  readonly commodities: ReadonlyMap<number, Commodity>;
  readonly platforms: ReadonlyMap<string, PlatformId>;
}

async function loadNames(client: DbClient): Promise<Names> {
  const { rows } = await client.query<{
    asset_id: number;
    code: string;
    scale: number;
    platform_id: PlatformId | null;
  }>('select asset_id, code, scale, platform_id from ledger.asset order by asset_id');
  return {
    commodities: new Map(rows.map(({ asset_id, code, scale }) => [asset_id, { code, scale }])),
    platforms: new Map(
      rows.flatMap(({ platform_id }) =>
        platform_id === null ? [] : [[platformOwnerId(platform_id), platform_id] as const],
      ),
    ),
  };
}

interface AccountRow {
  readonly account_id: bigint;
  readonly owner_id: string;
  readonly asset_id: number;
  readonly purpose: string;
  readonly expires_on: string;
}

function commodityOf(account: AccountRow, names: Names): Commodity {
  return names.commodities.get(account.asset_id) ?? { code: `asset ${account.asset_id}`, scale: 0 };
}

/** The owner that stands for the network. */
const NETWORK_OWNER = networkOwnerId();
/** Purposes of which an owner has one account for each last day. */
const DATED = ['lot', 'allowance', 'shared_allowance'];
/** Purposes of which a platform or the network has one account for each asset. */
const OF_ONE_ASSET = ['stock', 'delivered', 'shared_allowance', 'used'];

/**
 * The name of an account. All stripes of a system account have the same name; a member's accounts
 * lie in one bucket.
 */
function nameOf(account: AccountRow, names: Names): string {
  const { purpose, owner_id: owner } = account;
  const platform = names.platforms.get(owner);
  const { code } = commodityOf(account, names);
  const day = DATED.includes(purpose)
    ? `:${account.expires_on === 'infinity' ? 'never' : account.expires_on}`
    : '';
  if (platform === undefined && owner !== NETWORK_OWNER)
    return `${purpose === 'shared_allowance' ? 'shared' : 'member'}:${owner}:${code}:${purpose}${day}`;
  // A platform has a stock account for each of its rewards. All its other accounts count its points
  // or the settlement currency.
  const unit = OF_ONE_ASSET.includes(purpose) ? `:${code.replace(/^reward:/, '')}` : '';
  return `${platform === undefined ? 'network' : `platform:${platform}`}:${purpose}${unit}${day}`;
}

interface TransactionRow {
  readonly sequence: bigint;
  readonly transaction_id: string;
  readonly leg: number;
  readonly kind: string;
  readonly posted_at: Date;
  readonly occurred_at: Date | null;
  readonly member_id: string;
  readonly related_id: string | null;
  readonly reference: string | null;
  readonly layers: string | null;
  readonly account_ids: readonly bigint[];
  readonly amounts: readonly bigint[];
  readonly balances: readonly bigint[];
}

async function* readRows(client: DbClient, names: Names): AsyncGenerator<JournalRow> {
  const { rows: buckets } = await client.query<{ bucket: number }>(
    'select bucket from ledger.bucket order by bucket',
  );
  for (const { bucket } of buckets) {
    for (let after = 0n; ;) {
      const { rows } = await client.query<TransactionRow>(
        `select sequence, transaction_id, leg, kind, posted_at, occurred_at, member_id, related_id,
            reference, layers, account_ids, amounts, balances
           from ledger.transaction where bucket = $1 and sequence > $2 order by sequence
             limit ${PAGE}`,
        [bucket, after],
      );
      const accounts = await loadAccounts(client, bucket, rows);
      for (const row of rows) yield rowOf(row, bucket, accounts, names);
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) break;
      after = last.sequence;
    }
  }
}

/** Loads the accounts that a page names. */
async function loadAccounts(
  client: DbClient,
  bucket: number,
  page: readonly TransactionRow[],
): Promise<ReadonlyMap<bigint, AccountRow>> {
  const ids = [...new Set(page.flatMap((row) => row.account_ids))];
  const { rows } = await client.query<AccountRow>(
    `select account_id, owner_id, asset_id, purpose, expires_on from ledger.account
        where bucket = $1 and account_id = any($2)`,
    [bucket, ids],
  );
  return new Map(rows.map((account) => [account.account_id, account]));
}

function rowOf(
  row: TransactionRow,
  bucket: number,
  accounts: ReadonlyMap<bigint, AccountRow>,
  names: Names,
): JournalRow {
  return {
    bucket,
    sequence: row.sequence,
    transactionId: row.transaction_id,
    leg: row.leg,
    kind: row.kind,
    postedAt: row.posted_at,
    occurredAt: row.occurred_at,
    memberId: row.member_id,
    relatedId: row.related_id,
    reference: row.reference,
    entries: row.account_ids.map((accountId, index): JournalEntry => {
      const account = accounts.get(accountId);
      // A damaged ledger is exported as far as it can be read; the audit reports what is wrong with
      // it.
      return {
        account: account === undefined ? `unknown:${bucket}:${accountId}` : nameOf(account, names),
        commodity:
          account === undefined ? { code: 'unknown', scale: 0 } : commodityOf(account, names),
        accountId,
        layer: row.layers?.[index] ?? 'p',
        amount: row.amounts[index] ?? 0n,
        balanceAfter: row.balances[index] ?? 0n,
      };
    }),
  };
}

async function* readAccounts(client: DbClient, names: Names): AsyncGenerator<AccountSum> {
  await client.query(`
    declare account_sums no scroll cursor for
    select 0::bigint as account_id, owner_id, asset_id, purpose, expires_on,
      sum(credits_posted::numeric - debits_posted)::text as balance,
           purpose in ('lot', 'redeemed') and exists (select from ledger.hold) as pending
      from ledger.account group by owner_id, asset_id, purpose, expires_on
        order by owner_id, asset_id, purpose, expires_on`);
  for (;;) {
    const { rows } = await client.query<AccountRow & { balance: string; pending: boolean }>(
      `fetch ${PAGE} from account_sums`,
    );
    for (const row of rows) {
      yield {
        account: nameOf(row, names),
        commodity: commodityOf(row, names),
        balance: BigInt(row.balance),
        pending: row.pending,
      };
    }
    if (rows.length < PAGE) break;
  }
  await client.query('close account_sums');
}
