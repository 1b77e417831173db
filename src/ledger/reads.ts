// The reads of the ledger: balances, histories, transactions, holds, allowances and the journal,
// for the modules above. Nothing is locked and nothing is decided here.

import { bucketOf, bucketOfTransaction, buckets, type TransactionId } from '../kernel/ids.ts';
import { NEVER, type Day } from '../kernel/time.ts';
import type { Pool } from '../runtime/database.ts';
import {
  accountOf,
  availableOf,
  debtOf,
  postedBalance,
  spendable,
  walletBalance,
  type Wallet,
} from './account.ts';
import { pointsIn } from './asset-book.ts';
import { loadCap } from './store-assets.ts';
import { loadHold } from './store-holds.ts';
import { listLegs, listLegsAfter, listMoved, listReviews, loadReversed } from './store-journal.ts';
import type { Ledger } from './ledger-calls.ts';
import { findTransaction } from './look-back.ts';
import { listMoney } from './money.ts';
import type { Balance, HistoryPage, WaitingLeg } from './types.ts';
import type { AssetBook } from './view.ts';
import { loadWallet, loadWallets } from './store-wallets.ts';

const MAX_SEQUENCE = 2n ** 63n - 1n;

type Reading = Pick<
  Ledger,
  | 'findTransaction'
  | 'findHold'
  | 'findCap'
  | 'getBalance'
  | 'getReversed'
  | 'listAfter'
  | 'listHistory'
  | 'listMoney'
  | 'listMoved'
  | 'listReviews'
  | 'listUsed'
>;

export interface ReadParts {
  readonly pool: Pool;
  readonly book: () => AssetBook;
  /** The network's day, as the decisions have it. */
  readonly today: () => Day;
}

export function createReads({ pool, book, today }: ReadParts): Reading {
  const bucketCount = (): number => book().bucketCount;
  const exists = (id: TransactionId): boolean => bucketOfTransaction(id) < bucketCount();
  return {
    findTransaction: (transactionId) => findTransaction({ pool, bucketCount }, transactionId),
    listMoney: (platformIds) => listMoney(pool, book(), platformIds),
    findCap: (ownerId, assetId, purpose) => loadCap(pool, bucketCount(), ownerId, assetId, purpose),
    listReviews: async (limit) => {
      const found: WaitingLeg[] = [];
      for (const bucket of buckets(bucketCount()))
        found.push(...(await listReviews(pool, bucket, limit)));
      return found.toSorted((a, b) => a.leg.postedAtMs - b.leg.postedAtMs).slice(0, limit);
    },
    getBalance: async (memberId, platformId) => {
      const { assetId } = pointsIn(book(), platformId);
      const bucket = bucketOf(memberId, bucketCount());
      return balanceOf(await loadWallet(pool, bucket, memberId, assetId), today());
    },
    listHistory: async (memberId, platformId, { limit, page, cursor }): Promise<HistoryPage> => {
      const { assetId } = pointsIn(book(), platformId);
      const bucket = bucketOf(memberId, bucketCount());
      const before = cursor === undefined ? MAX_SEQUENCE : BigInt(cursor);
      const offset = cursor === undefined ? ((page ?? 1) - 1) * limit : 0;
      const rows = await listLegs(pool, bucket, memberId, assetId, before, limit + 1, offset);
      const transactions = rows.slice(0, limit);
      return {
        transactions,
        nextCursor: rows.length > limit ? String(transactions.at(-1)?.sequence) : null,
      };
    },
    findHold: async (holdId) =>
      exists(holdId) ? loadHold(pool, bucketOfTransaction(holdId), holdId) : undefined,
    listMoved: async (transactionId, assetId) =>
      exists(transactionId)
        ? listMoved(pool, bucketOfTransaction(transactionId), transactionId, assetId)
        : [],
    getReversed: async (transactionId, client) =>
      exists(transactionId)
        ? loadReversed(client ?? pool, bucketOfTransaction(transactionId), transactionId)
        : 0n,
    listUsed: async (memberId, allowances) => {
      const wallets = await loadWallets(
        pool,
        bucketOf(memberId, bucketCount()),
        allowances.map(({ assetId }) => ({ ownerId: memberId, assetId })),
        today(),
      );
      return wallets.map(
        (wallet, index) => -postedBalance(accountOf(wallet, 'allowance', allowances[index]?.until)),
      );
    },
    listAfter: (bucket, sequence, kinds, limit) =>
      listLegsAfter(pool, bucket, sequence, kinds, limit),
  };
}

function balanceOf(wallet: Wallet, today: Day): Balance {
  const expiring = wallet.lots
    .filter((lot) => lot.expiresOn !== NEVER && spendable(lot, today) > 0n)
    .map((lot) => ({ expiresOn: lot.expiresOn, amount: spendable(lot, today) }));
  return {
    balance: walletBalance(wallet, today),
    available: availableOf(wallet, today),
    held: wallet.lots.reduce((sum, lot) => sum + lot.debitsPending, 0n),
    debt: debtOf(wallet),
    expiring,
  };
}
