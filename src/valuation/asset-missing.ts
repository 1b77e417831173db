// Thrown when the rules or the accounts need an asset that this process does not know yet: another
// process has added it, and reading the assets again is enough. No other asset is ever used
// instead.

/** The caller reads the assets again and retries the decision, or refuses it as unavailable. */
export class AssetMissing extends Error {
  override name = 'AssetMissing';

  constructor(asset: string) {
    super(`asset ${asset} is not known here yet`);
  }
}
