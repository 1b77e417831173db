// What a decision may look at: the state of the buckets it concerns, at one moment. The database stands behind it in
// production, plain maps in tests; decide functions cannot tell.

import { bucketOf as bucketOfMember, type Bucket, type MemberId, type OwnerId, type PlatformId, type TransactionId } from '../kernel/ids.ts';
import { assert } from '../kernel/assert.ts';
import { dayOf, type Day } from '../kernel/time.ts';
import { convert, termsBetween, type Conversion, type Terms, type ValueModel } from '../valuation/valuation.ts';
import type { Wallet } from './account.ts';
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
  convert(source: Asset, target: Asset, amount: bigint): Conversion;
  hold(holdId: TransactionId): Hold | undefined;
  /** All legs of a transaction named by the command. */
  original(transactionId: TransactionId): readonly PostedLeg[];
  /** How much of a transaction was reversed before. */
  reversed(transactionId: TransactionId): bigint;
}

/** What the network's books say of assets: small, read whole, replaced as a whole. */
export interface AssetBook {
  readonly bucketCount: number;
  readonly settlement: Asset;
  readonly byId: ReadonlyMap<number, Asset>;
  readonly pointsByPlatform: ReadonlyMap<PlatformId, Asset>;
  /** All platforms as account owners. */
  readonly owners: ReadonlySet<OwnerId>;
}

/** What differs between production and tests. */
export interface ViewSource {
  wallet(bucket: Bucket, ownerId: OwnerId, assetId: number): Wallet;
  hold(holdId: TransactionId): Hold | undefined;
  original(transactionId: TransactionId): readonly PostedLeg[];
  reversed(transactionId: TransactionId): bigint;
}

export function createView(book: AssetBook, model: ValueModel, nowMs: number, source: ViewSource): View {
  const asset = (assetId: number): Asset => {
    const found = book.byId.get(assetId);
    assert(found !== undefined, `asset ${assetId} is not in the book`);
    return found;
  };
  const terms = new Map<Asset, Map<Asset, Terms>>();
  const termsOf = (from: Asset, to: Asset): Terms => {
    const known = terms.get(from)?.get(to);
    if (known !== undefined) return known;
    const made = termsBetween(model, platformOf(from), platformOf(to), { source: from.scale, target: to.scale, settlement: book.settlement.scale });
    terms.set(from, (terms.get(from) ?? new Map<Asset, Terms>()).set(to, made));
    return made;
  };
  return {
    nowMs,
    today: dayOf(nowMs),
    settlement: book.settlement,
    bucketOf: (memberId) => bucketOfMember(memberId, book.bucketCount),
    asset,
    points: (platformId) => {
      const found = book.pointsByPlatform.get(platformId);
      assert(found !== undefined, `platform ${platformId} has no points asset`);
      return found;
    },
    convert: (from, to, amount) => convert(termsOf(from, to), amount),
    wallet: (bucket, ownerId, assetId) => source.wallet(bucket, ownerId, assetId),
    hold: (holdId) => source.hold(holdId),
    original: (transactionId) => source.original(transactionId),
    reversed: (transactionId) => source.reversed(transactionId),
  };
}


export function platformOf(asset: Asset): PlatformId {
  assert(asset.platformId !== null, `asset ${asset.code} belongs to no platform`);
  return asset.platformId;
}

/** The system accounts that a platform's points asset owns in one bucket: of the points themselves, or of another asset. */
export function systemWallet(view: View, bucket: Bucket, points: Asset, assetId: number = points.assetId): Wallet {
  assert(points.ownerId !== null, `asset ${points.code} has no owner`);
  return view.wallet(bucket, points.ownerId, assetId);
}
