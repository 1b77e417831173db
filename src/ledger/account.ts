// An account and a wallet as the posting path holds them in memory. Only `post-plan.ts` changes
// their counters. Before this: `store-wallets.ts` reads them.

import type { Bucket, OwnerId } from '../kernel/ids.ts';
import { NEVER, type Day } from '../kernel/time.ts';
import type { Purpose } from './types.ts';

/** Where each number lies in `Account.numbers`. */
const DEBITS_POSTED = 0;
const CREDITS_POSTED = 1;
const DEBITS_PENDING = 2;
const CREDITS_PENDING = 3;
const LAST_SEQUENCE = 4;

/**
 * The most a counter may show: half of what a signed 64-bit integer can, so that no sum over one
 * transaction passes its end.
 */
export const MAX_COUNTER = 2n ** 62n;

/**
 * Four counters, never a signed balance: what was debited and credited, posted and pending; each at
 * most `MAX_COUNTER`.
 */
export class Account {
  readonly bucket: Bucket;
  readonly ownerId: OwnerId;
  readonly assetId: number;
  readonly purpose: Purpose;
  /**
   * The last day on which it can be spent: of a lot, or of the period of an allowance; `infinity`
   * for all others.
   */
  readonly expiresOn: Day;
  /** 0 until the account is first moved. */
  accountId = 0n;
  /** Posted less pending debits may not fall below it; null for no bound. */
  floor: bigint | null;
  /** True when the database has a row for it. */
  stored = false;
  /**
   * The numbers that movements change, as raw integers. A new bigint for each change would keep the
   * garbage collector busy.
   */
  private readonly numbers = new BigInt64Array(5);

  constructor({ bucket, ownerId, assetId }: Wallet, purpose: Purpose, expiresOn: Day) {
    this.bucket = bucket;
    this.ownerId = ownerId;
    this.assetId = assetId;
    this.purpose = purpose;
    this.expiresOn = expiresOn;
    this.floor =
      purpose === 'lot' ||
      purpose === 'stock' ||
      purpose === 'shared_allowance' ||
      purpose === 'prefund'
        ? 0n
        : null;
  }

  get debitsPosted(): bigint {
    return this.numbers[DEBITS_POSTED]!;
  }
  set debitsPosted(sum: bigint) {
    this.numbers[DEBITS_POSTED] = sum;
  }
  get creditsPosted(): bigint {
    return this.numbers[CREDITS_POSTED]!;
  }
  set creditsPosted(sum: bigint) {
    this.numbers[CREDITS_POSTED] = sum;
  }
  get debitsPending(): bigint {
    return this.numbers[DEBITS_PENDING]!;
  }
  set debitsPending(sum: bigint) {
    this.numbers[DEBITS_PENDING] = sum;
  }
  get creditsPending(): bigint {
    return this.numbers[CREDITS_PENDING]!;
  }
  set creditsPending(sum: bigint) {
    this.numbers[CREDITS_PENDING] = sum;
  }
  /** The last transaction row of the bucket that moved this account or its floor. */
  get lastSequence(): bigint {
    return this.numbers[LAST_SEQUENCE]!;
  }
  set lastSequence(sequence: bigint) {
    this.numbers[LAST_SEQUENCE] = sequence;
  }
}

/**
 * All accounts of one owner and asset within one bucket: a member's points on a platform, or a
 * platform's system accounts.
 */
export interface Wallet {
  readonly bucket: Bucket;
  readonly ownerId: OwnerId;
  readonly assetId: number;
  /** Lots by expiry, earliest first. */
  readonly lots: Account[];
  /** The member's debt account, if there ever was a debt. It is read often. */
  debt: Account | undefined;
  /** All accounts but lots, one for each purpose and period: a handful. */
  readonly others: Account[];
}

export function newWallet(bucket: Bucket, ownerId: OwnerId, assetId: number): Wallet {
  return { bucket, ownerId, assetId, lots: [], debt: undefined, others: [] };
}

/** Puts an account into its wallet; lots stay ordered by expiry. */
export function addAccount(wallet: Wallet, account: Account): Account {
  if (account.purpose === 'lot') {
    const at = wallet.lots.findIndex((lot) => lot.expiresOn > account.expiresOn);
    wallet.lots.splice(at < 0 ? wallet.lots.length : at, 0, account);
  } else {
    wallet.others.push(account);
    if (account.purpose === 'debt') wallet.debt = account;
  }
  return account;
}

/**
 * The lot of that expiry, made empty when there is none. An empty account is written only once it
 * is moved.
 */
export function lotOf(wallet: Wallet, expiresOn: Day): Account {
  return (
    wallet.lots.find((lot) => lot.expiresOn === expiresOn) ??
    addAccount(wallet, new Account(wallet, 'lot', expiresOn))
  );
}

/** The account of that purpose, and period for an allowance, made empty when there is none. */
export function accountOf(wallet: Wallet, purpose: Purpose, until: Day = NEVER): Account {
  for (const account of wallet.others)
    if (account.purpose === purpose && account.expiresOn === until) return account;
  return addAccount(wallet, new Account(wallet, purpose, until));
}

/** The posted balance of an account, without pending movements. */
export function postedBalance(account: Account): bigint {
  return account.creditsPosted - account.debitsPosted;
}

/**
 * The amount that may leave the account before it reaches its floor. Only meaningful where there is
 * a floor.
 */
export function headroom(account: Account): bigint {
  return postedBalance(account) - account.debitsPending - (account.floor ?? 0n);
}

/** The amount that may leave a lot today: zero after its last day. */
export function spendable(lot: Account, today: Day): bigint {
  return lot.expiresOn < today ? 0n : lot.creditsPosted - lot.debitsPosted - lot.debitsPending;
}

/** The member's debt on this wallet after reversals; never negative. */
export function debtOf(wallet: Wallet): bigint {
  return wallet.debt === undefined ? 0n : -postedBalance(wallet.debt);
}

/**
 * A member's points in this wallet: spendable and held ones, less debt. Points past their last day
 * no longer count.
 */
export function walletBalance(wallet: Wallet, today: Day): bigint {
  let sum = -debtOf(wallet);
  for (const lot of wallet.lots)
    sum += lot.expiresOn < today ? lot.debitsPending : postedBalance(lot);
  return sum;
}

/** The points that the member may spend now; never negative. */
export function availableOf(wallet: Wallet, today: Day): bigint {
  let sum = -debtOf(wallet);
  for (const lot of wallet.lots) sum += spendable(lot, today);
  return sum > 0n ? sum : 0n;
}
