// Thrown where the rules or the books name an asset that this process does not know yet: another
// process has added it, and a reading of the books is enough. No other asset is ever taken in its
// place.

/**
 * A decision that meets it is made again once the books have been read anew, or refused as
 * unavailable.
 */
export class AssetMissing extends Error {
  override name = 'AssetMissing';

  constructor(asset: string) {
    super(`asset ${asset} is not known here yet`);
  }
}
