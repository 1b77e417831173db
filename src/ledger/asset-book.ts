// The network's assets and shape, held in memory: read whole, replaced as a whole, and read again
// about every second. `store-assets.ts` has the SQL.

import { assert } from '../kernel/assert.ts';
import type { PlatformId } from '../kernel/ids.ts';
import type { Pool } from '../runtime/database.ts';
import { inTurn } from '../runtime/in-turn.ts';
import type { Log } from '../runtime/log.ts';
import { insertAsset, loadBook, writeClawback, writeMode } from './store-assets.ts';
import type { Ledger } from './ledger-calls.ts';
import type { Asset } from './types.ts';
import type { AssetBook } from './view.ts';

const REFRESH_MS = 1_000;

/** The book of this process, and the calls of the ledger that ask or change it. */
export interface AssetKeeper {
  book(): AssetBook;
  refresh(): Promise<void>;
  /** True once all of these assets are known here; reads the book again when one is not. */
  knows(assetIds: Iterable<number>): Promise<boolean>;
  close(): void;
  readonly calls: Pick<
    Ledger,
    | 'assets'
    | 'refreshAssets'
    | 'pointsOf'
    | 'assetById'
    | 'settlementAsset'
    | 'registerAsset'
    | 'setClawback'
    | 'setMode'
    | 'bucketCount'
  >;
}

export async function keepAssets(pool: Pool, log: Log): Promise<AssetKeeper> {
  let book = await loadBook(pool);
  const refresh = inTurn(async () => {
    book = await loadBook(pool);
  });
  const refreshing = setInterval(
    () =>
      void refresh().catch((error: unknown) =>
        log.debug({ err: error }, 'assets could not be refreshed'),
      ),
    REFRESH_MS,
  );
  refreshing.unref();
  return {
    book: () => book,
    refresh,
    knows: async (assetIds) => {
      const wanted = [...assetIds];
      const isKnown = (): boolean => wanted.every((assetId) => book.byId.has(assetId));
      if (!isKnown()) await refresh();
      return isKnown();
    },
    close: () => clearInterval(refreshing),
    calls: {
      assets: () => [...book.byId.values()],
      refreshAssets: refresh,
      pointsOf: (platformId) => book.pointsByPlatform.get(platformId),
      assetById: (assetId) => book.byId.get(assetId),
      settlementAsset: () => book.settlement,
      bucketCount: () => book.bucketCount,
      registerAsset: async (asset) => {
        await insertAsset(pool, asset);
        await refresh();
        const registered = [...book.byId.values()].find(({ code }) => code === asset.code);
        assert(registered !== undefined, `asset ${asset.code} was registered`);
        return registered;
      },
      setClawback: async (assetId, clawback) => {
        await writeClawback(pool, assetId, clawback);
        await refresh();
      },
      setMode: async (platformId, change, also) => {
        const done = await writeMode(pool, pointsIn(book, platformId).assetId, change, also);
        await refresh();
        return done;
      },
    },
  };
}

/** The points of a platform that must be known. */
export function pointsIn(book: AssetBook, platformId: PlatformId): Asset {
  const points = book.pointsByPlatform.get(platformId);
  assert(points !== undefined, `platform ${platformId} has no points asset`);
  return points;
}
