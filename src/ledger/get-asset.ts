// Finds an asset that must be known. An unknown asset is a defect, and its amounts are never
// written with other decimals.

import type { PlatformId } from '../kernel/ids.ts';
import { assert } from '../kernel/assert.ts';
import type { Ledger } from './ledger-calls.ts';
import type { Asset } from './types.ts';

/** The points of a platform of the network. */
export function getPoints(ledger: Pick<Ledger, 'pointsOf'>, platformId: PlatformId): Asset {
  const points = ledger.pointsOf(platformId);
  assert(points !== undefined, `${platformId} has points`);
  return points;
}

/** The asset that a row of the journal names. */
export function getAsset(ledger: Pick<Ledger, 'assetById'>, assetId: number): Asset {
  const asset = ledger.assetById(assetId);
  assert(asset !== undefined, `asset ${assetId} is known`);
  return asset;
}
