// The process's memory of one bucket: its sequence number and the wallets used lately. The memory
// is true while the database still shows that sequence number, which `ledger.post` checks at every
// write. Otherwise it is thrown away. Before this: `loading.ts` asks for wallets. Next: `commit.ts`
// writes the changes.

import type { Bucket, OwnerId } from '../kernel/ids.ts';
import type { Account, Wallet } from './account.ts';
import type { HoldPlan } from './plan.ts';
import type { PostedLeg } from './types.ts';

/** A hold or reversal to be written with the rows. */
export interface HoldWrite {
  readonly row: PostedLeg;
  readonly plan: HoldPlan;
}

export interface ReversalWrite {
  readonly row: PostedLeg;
  readonly originalId: PostedLeg['transactionId'];
  readonly amount: bigint;
}

/** A quote that is used up by a transaction. */
export interface QuoteUse {
  readonly bucket: Bucket;
  readonly nonce: string;
  readonly transactionId: PostedLeg['transactionId'];
}

/** A request signature that a transaction was posted, or given again, under. */
export interface SignatureUse {
  readonly bucket: Bucket;
  readonly signedAt: number;
  readonly mark: string;
  /** 16 hexadecimal digits of the id that it stands for. */
  readonly operation: string;
}

/** The writes that one batch has decided for a bucket. */
export interface Writes {
  readonly rows: PostedLeg[];
  readonly accounts: Set<Account>;
  readonly holds: HoldWrite[];
  readonly reversals: ReversalWrite[];
  readonly quotes: QuoteUse[];
  readonly signatures: SignatureUse[];
}

/**
 * Wallets that a process remembers over all its buckets: between one and two times this many, about
 * half a kilobyte each.
 */
const WALLETS_REMEMBERED = 400_000;

export class BucketState {
  readonly bucket: Bucket;
  /** The last sequence number and account number that were decided; undefined when not known. */
  known: { sequence: bigint; accountCount: bigint } | undefined;
  /**
   * Batches for which the row is locked before deciding, as another process was seen writing here,
   * instead of checked after.
   */
  contended = 0;
  /** The writes of the batch in progress. */
  writes: Writes = noWrites();
  /** `known` as of the start of the batch in progress. */
  base: { readonly sequence: bigint; readonly accountCount: bigint } = {
    sequence: 0n,
    accountCount: 0n,
  };
  private young = new Generation();
  private old = new Generation();
  private readonly generationSize: number;

  constructor(bucket: Bucket, bucketCount: number) {
    this.bucket = bucket;
    this.generationSize = Math.ceil(WALLETS_REMEMBERED / bucketCount);
  }

  /** A remembered wallet. A wallet that was not used during a whole generation is forgotten. */
  find(ownerId: OwnerId, assetId: number): Wallet | undefined {
    const found = this.young.get(ownerId, assetId);
    if (found !== undefined) return found;
    const older = this.old.get(ownerId, assetId);
    if (older !== undefined) this.young.add(older);
    return older;
  }

  remember(wallet: Wallet): void {
    this.young.add(wallet);
  }

  /** Starts a batch on what is known. */
  begin(): void {
    if (this.young.size > this.generationSize) {
      this.old = this.young;
      this.young = new Generation();
    }
    this.writes = noWrites();
    if (this.known !== undefined) this.base = { ...this.known };
  }

  /** Forgets everything. The next batch locks the bucket and reads it again. */
  forget(): void {
    this.known = undefined;
    this.young = new Generation();
    this.old = new Generation();
    this.writes = noWrites();
  }
}

/** Wallets by asset, then owner: both are found without making a key. */
class Generation {
  size = 0;
  private readonly byAsset: (Map<OwnerId, Wallet> | undefined)[] = [];

  get(ownerId: OwnerId, assetId: number): Wallet | undefined {
    return this.byAsset[assetId]?.get(ownerId);
  }

  add(wallet: Wallet): void {
    (this.byAsset[wallet.assetId] ??= new Map()).set(wallet.ownerId, wallet);
    this.size += 1;
  }
}

function noWrites(): Writes {
  return { rows: [], accounts: new Set(), holds: [], reversals: [], quotes: [], signatures: [] };
}
