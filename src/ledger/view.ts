// What a decision may look at: the state of the buckets it concerns, at one moment. The database
// stands behind it in production, plain maps in tests; decide functions cannot tell.

import {
  bucketOf as bucketOfMember,
  type Bucket,
  type MemberId,
  type OwnerId,
  type PlatformId,
  type TransactionId,
} from '../kernel/ids.ts';
import { assert } from '../kernel/assert.ts';
import type { Day } from '../kernel/time.ts';
import { AssetMissing, type Rulebook, type Scales } from '../valuation/valuation.ts';
import type { Account, Wallet } from './account.ts';
import type { Lengthened } from './lengthened.ts';
import type { Asset, Hold, PostedLeg } from './types.ts';

export interface View {
  readonly nowMs: number;
  readonly today: Day;
  bucketOf(memberId: MemberId): Bucket;
  /** The accounts of that owner and asset in that bucket; empty when it has none. */
  wallet(bucket: Bucket, ownerId: OwnerId, assetId: number): Wallet;
  /** The points of a platform. */
  points(platformId: PlatformId): Asset;
  asset(assetId: number): Asset;
  readonly settlement: Asset;
  /** The version in force. */
  readonly rulebook: Rulebook;
  readonly scales: Scales;
  hold(holdId: TransactionId): Hold | undefined;
  /** All legs of a transaction named by the command. */
  original(transactionId: TransactionId): readonly PostedLeg[];
  /** The allowances that a transaction named by the command drew on. */
  allowances(transactionId: TransactionId): readonly AllowanceUse[];
  /** How much of a transaction was reversed before. */
  reversed(transactionId: TransactionId): bigint;
  /** How much of it was reversed by parts that still rounded down; undefined for nearly all. */
  floored(transactionId: TransactionId): bigint | undefined;
  /**
   * What has lapsed of a lot that a transaction named by the command credited, and is still among
   * the expired points.
   */
  lapsed(lot: Account): bigint;
  /** What disputes over a transaction have frozen at its receiver, longest frozen first. */
  freezes(transactionId: TransactionId): readonly Hold[];
  /** Where points of a reversed transaction may have gone when they came out of a freeze for it. */
  lengthened(transactionId: TransactionId): readonly Lengthened[];
  /** The transaction that has used a quote. */
  quoteUser(nonce: string): TransactionId | undefined;
}

/** An allowance account that a transaction drew on, and how much. */
export interface AllowanceUse {
  readonly bucket: Bucket;
  readonly accountId: bigint;
  readonly ownerId: OwnerId;
  readonly assetId: number;
  readonly used: bigint;
}

/** What the network's books say of assets: small, read whole, replaced as a whole. */
export interface AssetBook {
  readonly bucketCount: number;
  readonly settlement: Asset;
  readonly byId: ReadonlyMap<number, Asset>;
  readonly pointsByPlatform: ReadonlyMap<PlatformId, Asset>;
}

/** What differs between production and tests. */
export interface ViewSource {
  wallet(bucket: Bucket, ownerId: OwnerId, assetId: number): Wallet;
  hold(holdId: TransactionId): Hold | undefined;
  original(transactionId: TransactionId): readonly PostedLeg[];
  allowances(transactionId: TransactionId): readonly AllowanceUse[];
  reversed(transactionId: TransactionId): bigint;
  floored(transactionId: TransactionId): bigint | undefined;
  lapsed(lot: Account): bigint;
  freezes(transactionId: TransactionId): readonly Hold[];
  lengthened(transactionId: TransactionId): readonly Lengthened[];
  quoteUser(nonce: string): TransactionId | undefined;
}

export function createView(
  book: AssetBook,
  rulebook: Rulebook,
  nowMs: number,
  source: ViewSource,
): View {
  const asset = (assetId: number): Asset => {
    const found = book.byId.get(assetId);
    if (found === undefined) throw new AssetMissing(String(assetId));
    return found;
  };
  const points = (platformId: PlatformId): Asset => {
    const found = book.pointsByPlatform.get(platformId);
    if (found === undefined) throw new AssetMissing(platformId);
    return found;
  };
  return {
    nowMs,
    today: rulebook.calendar.dayOf(nowMs),
    settlement: book.settlement,
    rulebook,
    scales: { points: (platformId) => points(platformId).scale, settlement: book.settlement.scale },
    bucketOf: (memberId) => bucketOfMember(memberId, book.bucketCount),
    asset,
    points,
    wallet: (bucket, ownerId, assetId) => source.wallet(bucket, ownerId, assetId),
    hold: (holdId) => source.hold(holdId),
    original: (transactionId) => source.original(transactionId),
    allowances: (transactionId) => source.allowances(transactionId),
    reversed: (transactionId) => source.reversed(transactionId),
    floored: (transactionId) => source.floored(transactionId),
    lapsed: (lot) => source.lapsed(lot),
    freezes: (transactionId) => source.freezes(transactionId),
    lengthened: (transactionId) => source.lengthened(transactionId),
    quoteUser: (nonce) => source.quoteUser(nonce),
  };
}

export function platformOf(asset: Asset): PlatformId {
  assert(asset.platformId !== null, `asset ${asset.code} belongs to no platform`);
  return asset.platformId;
}

/** The asset that a conversion credits. */
export function targetOf(
  { transactionId, targetAssetId }: PostedLeg,
  view: Pick<View, 'asset'>,
): Asset {
  assert(targetAssetId !== null, `transaction ${transactionId} has a target asset`);
  return view.asset(targetAssetId);
}

/**
 * The system accounts that a platform's points asset owns in one bucket: of the points themselves,
 * or of another asset.
 */
export function systemWallet(
  view: View,
  bucket: Bucket,
  points: Asset,
  assetId: number = points.assetId,
): Wallet {
  assert(points.ownerId !== null, `asset ${points.code} has no owner`);
  return view.wallet(bucket, points.ownerId, assetId);
}
