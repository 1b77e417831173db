// An account and a wallet as the posting path holds them in memory. Only `post-plan.ts` changes their counters.

import type { Bucket, OwnerId } from '../kernel/ids.ts';
import type { Day } from '../kernel/time.ts';
import type { Purpose } from './types.ts';

/** Four counters, never a signed balance: what was debited and credited, posted and pending. */
export interface Account {
  readonly bucket: Bucket;
  readonly ownerId: OwnerId;
  readonly assetId: number;
  readonly purpose: Purpose;
  /** The last day on which it can be spent; `infinity` for all but lots. */
  readonly expiresOn: Day;
  /** 0 until the account is first moved. */
  accountId: bigint;
  debitsPosted: bigint;
  creditsPosted: bigint;
  debitsPending: bigint;
  creditsPending: bigint;
  /** Posted less pending debits may not fall below it; null for no bound. */
  floor: bigint | null;
  lastSequence: bigint;
  /** True when the database has a row for it. */
  stored: boolean;
}

/** All accounts of one owner and asset within one bucket: a member's points on a platform, or a platform's system accounts. */
export interface Wallet {
  readonly bucket: Bucket;
  readonly ownerId: OwnerId;
  readonly assetId: number;
  /** Lots by expiry, earliest first. */
  readonly lots: Account[];
  /** What the member owes, when that ever happened; asked for often. */
  debt: Account | undefined;
  /** All other accounts, by purpose. */
  readonly others: Map<Purpose, Account>;
}

export function newWallet(bucket: Bucket, ownerId: OwnerId, assetId: number): Wallet {
  return { bucket, ownerId, assetId, lots: [], debt: undefined, others: new Map() };
}

export function newAccount(wallet: Wallet, purpose: Purpose, expiresOn: Day): Account {
  return {
    bucket: wallet.bucket, ownerId: wallet.ownerId, assetId: wallet.assetId, purpose, expiresOn, accountId: 0n,
    debitsPosted: 0n, creditsPosted: 0n, debitsPending: 0n, creditsPending: 0n,
    floor: purpose === 'lot' || purpose === 'stock' ? 0n : null, lastSequence: 0n, stored: false,
  };
}

/** Puts an account into its wallet; lots stay ordered by expiry. */
export function addAccount(wallet: Wallet, account: Account): Account {
  if (account.purpose === 'lot') {
    const at = wallet.lots.findIndex((lot) => lot.expiresOn > account.expiresOn);
    wallet.lots.splice(at < 0 ? wallet.lots.length : at, 0, account);
  } else {
    wallet.others.set(account.purpose, account);
    if (account.purpose === 'debt') wallet.debt = account;
  }
  return account;
}

/** The lot of that expiry, made empty when there is none. An empty account is written only once it is moved. */
export function lotOf(wallet: Wallet, expiresOn: Day): Account {
  return wallet.lots.find((lot) => lot.expiresOn === expiresOn) ?? addAccount(wallet, newAccount(wallet, 'lot', expiresOn));
}

/** The account of that purpose, made empty when there is none. */
export function accountOf(wallet: Wallet, purpose: Purpose): Account {
  return wallet.others.get(purpose) ?? addAccount(wallet, newAccount(wallet, purpose, 'infinity'));
}

/** What the account holds, pending movements aside. */
export function postedBalance(account: Account): bigint {
  return account.creditsPosted - account.debitsPosted;
}

/** What may leave the account before it reaches its floor; only meaningful where there is one. */
export function headroom(account: Account): bigint {
  return postedBalance(account) - account.debitsPending - (account.floor ?? 0n);
}

/** What may leave a lot today: nothing once its last day is over. */
export function spendable(lot: Account, today: Day): bigint {
  return lot.expiresOn < today ? 0n : lot.creditsPosted - lot.debitsPosted - lot.debitsPending;
}

/** What the member owes on this wallet after reversals; never negative. */
export function debtOf(wallet: Wallet): bigint {
  return wallet.debt === undefined ? 0n : -postedBalance(wallet.debt);
}

/** A member's points in this wallet: spendable and held ones, less debt. Points past their last day no longer count. */
export function walletBalance(wallet: Wallet, today: Day): bigint {
  let sum = -debtOf(wallet);
  for (const lot of wallet.lots) sum += lot.expiresOn < today ? lot.debitsPending : postedBalance(lot);
  return sum;
}

/** What the member may spend now: never negative. */
export function availableOf(wallet: Wallet, today: Day): bigint {
  let sum = -debtOf(wallet);
  for (const lot of wallet.lots) sum += spendable(lot, today);
  return sum > 0n ? sum : 0n;
}
