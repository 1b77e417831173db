// The view of a decision: the state of the buckets that it concerns, at one moment. The database
// stands behind it in production, plain maps in tests; a decision cannot tell which. Before this:
// `loading.ts` makes it. Next: `decide.ts` gives it to a command.

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

/** The part of the view that every decision has: the moment, the assets and the rules. */
export interface BaseView {
  readonly nowMs: number;
  readonly today: Day;
  bucketOf(memberId: MemberId): Bucket;
  /** The points of a platform. */
  points(platformId: PlatformId): Asset;
  asset(assetId: number): Asset;
  readonly settlement: Asset;
  /** The version in force. */
  readonly rulebook: Rulebook;
  readonly scales: Scales;
}

/** The readings, each of which a decision may ask for only if its command names it in `reads`. */
export interface Readings {
  hold(holdId: TransactionId): Hold | undefined;
  /** All legs of the earlier transaction that the command goes on from. */
  original(transactionId: TransactionId): readonly PostedLeg[];
  /** The allowances that the earlier transaction drew on. */
  allowances(transactionId: TransactionId): readonly AllowanceUse[];
  /** The amount of a transaction that was reversed before. */
  reversed(transactionId: TransactionId): bigint;
  /** How much of it was reversed by parts that still rounded down; undefined for nearly all. */
  floored(transactionId: TransactionId): bigint | undefined;
  /**
   * The points of a lot that have lapsed and are still among the expired points. The earlier
   * transaction credited the lot.
   */
  lapsed(lot: Account): bigint;
  /** The freezes of disputes over a transaction at its receiver, longest frozen first. */
  freezes(transactionId: TransactionId): readonly Hold[];
  /** Where points of a reversed transaction may have gone when they came out of a freeze for it. */
  lengthened(transactionId: TransactionId): readonly Lengthened[];
  /** The transaction that has used a quote. */
  quoteUser(nonce: string): TransactionId | undefined;
}

/** The readings that a command names: for each one, the id that it asks for. */
export interface Reads {
  readonly hold?: TransactionId | undefined;
  readonly original?: TransactionId | undefined;
  readonly allowances?: TransactionId | undefined;
  readonly reversed?: TransactionId | undefined;
  readonly floored?: TransactionId | undefined;
  /** The transaction that credited the lots. */
  readonly lapsed?: TransactionId | undefined;
  readonly freezes?: TransactionId | undefined;
  readonly lengthened?: TransactionId | undefined;
  readonly quoteUser?: { readonly nonce: string; readonly bucket: Bucket } | undefined;
}

/**
 * For commands that read nothing but wallets. It is always this object, so that it can be compared
 * by identity.
 */
export const NO_READS: Reads = {};

/**
 * The view by which `wallets` finds the wallets of a decision. Asking for a wallet names it. One
 * that is not in memory yet comes back empty, and nothing is decided before it is read.
 */
export type WalletView<R extends keyof Readings = never> = BaseView &
  WalletSource &
  Pick<Readings, R & ('original' | 'allowances')>;

/** The accounts of an owner and asset in a bucket; empty when it has none. */
interface WalletSource {
  wallet(bucket: Bucket, ownerId: OwnerId, assetId: number): Wallet;
  /** The same, of system accounts: each bucket has some of that owner and asset. */
  stripe(bucket: Bucket, ownerId: OwnerId, assetId: number): Wallet;
}

/** The view of a decision beside its wallets, with only the readings that its command names. */
export type DecidingView<R extends keyof Readings = never> = BaseView & Pick<Readings, R>;

/** Everything that the shell around the decisions provides. */
export interface View extends BaseView, WalletSource, Readings {}

/** An allowance account that a transaction drew on, and how much. */
export interface AllowanceUse {
  readonly bucket: Bucket;
  readonly accountId: bigint;
  readonly ownerId: OwnerId;
  readonly assetId: number;
  readonly used: bigint;
}

/** The network's assets: small, read whole, replaced as a whole. */
export interface AssetBook {
  readonly bucketCount: number;
  readonly settlement: Asset;
  readonly byId: ReadonlyMap<number, Asset>;
  readonly pointsByPlatform: ReadonlyMap<PlatformId, Asset>;
}

/** The parts of a view that differ between production and tests. */
export type ViewSource = WalletSource & Readings;

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
    stripe: (bucket, ownerId, assetId) => source.stripe(bucket, ownerId, assetId),
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
  view: Pick<BaseView, 'asset'>,
): Asset {
  assert(targetAssetId !== null, `transaction ${transactionId} has a target asset`);
  return view.asset(targetAssetId);
}

/**
 * The system accounts that a platform's points asset owns in one bucket: of the points themselves,
 * or of another asset.
 */
export function systemWallet(
  view: Pick<WalletSource, 'stripe'>,
  bucket: Bucket,
  points: Asset,
  assetId: number = points.assetId,
): Wallet {
  assert(points.ownerId !== null, `asset ${points.code} has no owner`);
  return view.stripe(bucket, points.ownerId, assetId);
}
