// The network's assets and shape, held in memory: read whole, replaced as a whole, checked again
// every few seconds.

import { buckets, platformOwnerId, type PlatformId } from '../kernel/ids.ts';
import { assert } from '../kernel/assert.ts';
import { dbTransaction, type DbClient, type Pool, type Queryable } from '../runtime/database.ts';
import type { Asset, Cap, Clawback, ClearingMode, Custody } from './types.ts';
import type { AssetBook } from './view.ts';

/**
 * The settlement currency: Chinese yuan, four decimals, so that one hundredth of a point is worth a
 * whole minor unit (docs/decisions/0004).
 */
const SETTLEMENT = { assetId: 1, code: 'CNY', scale: 4 };

interface AssetRow {
  asset_id: number;
  code: string;
  kind: Asset['kind'];
  scale: number;
  platform_id: PlatformId | null;
  clawback: Clawback;
  custody: Custody;
  mode: ClearingMode;
}

/**
 * Creates the network when there is none: its settlement currency and its buckets. The number of
 * buckets is final.
 */
export async function ensureNetwork(pool: Pool, bucketCount: number): Promise<void> {
  await dbTransaction(pool, async (client) => {
    await client.query('lock table ledger.network in exclusive mode');
    const { rowCount } = await client.query('select 1 from ledger.network');
    if (rowCount !== 0) return;
    await client.query(
      `insert into ledger.asset (asset_id, code, kind, scale) values ($1, $2, 'settlement', $3)`,
      [SETTLEMENT.assetId, SETTLEMENT.code, SETTLEMENT.scale],
    );
    await client.query(
      'insert into ledger.network (bucket_count, settlement_asset_id) values ($1, $2)',
      [bucketCount, SETTLEMENT.assetId],
    );
    for (const bucket of buckets(bucketCount))
      await client.query('insert into ledger.bucket (bucket) values ($1)', [bucket]);
  });
}

export async function loadBook(pool: Pool): Promise<AssetBook> {
  const network = await pool.query<{ bucket_count: number; settlement_asset_id: number }>(
    'select bucket_count, settlement_asset_id from ledger.network',
  );
  const { rows } = await pool.query<AssetRow>('select * from ledger.asset order by asset_id');
  const [shape] = network.rows;
  assert(shape !== undefined, 'the network exists');
  const assets = rows.map(readAsset);
  const settlement = assets.find((asset) => asset.assetId === shape.settlement_asset_id);
  assert(settlement !== undefined, 'the settlement asset exists');
  const points = assets.filter((asset) => asset.kind === 'points');
  return {
    bucketCount: shape.bucket_count,
    settlement,
    byId: new Map(assets.map((asset) => [asset.assetId, asset])),
    pointsByPlatform: new Map(
      points.flatMap((asset) => (asset.platformId === null ? [] : [[asset.platformId, asset]])),
    ),
  };
}

function readAsset(row: AssetRow): Asset {
  return {
    assetId: row.asset_id,
    code: row.code,
    kind: row.kind,
    scale: row.scale,
    platformId: row.platform_id,
    ownerId: row.platform_id === null ? null : platformOwnerId(row.platform_id),
    clawback: row.clawback,
    custody: row.custody,
    ...(row.mode === 'both' ? {} : { mode: row.mode }),
  };
}

export type AssetToRegister = Pick<Asset, 'code' | 'kind' | 'platformId'> &
  Partial<Pick<Asset, 'scale' | 'clawback' | 'custody'>>;

/**
 * Adds an asset unless one with its code is there. Numbers are given one after another under the
 * network's row lock.
 */
export async function insertAsset(pool: Pool, asset: AssetToRegister): Promise<void> {
  await dbTransaction(pool, async (client) => {
    await client.query('select 1 from ledger.network for update');
    await client.query(
      `insert into ledger.asset (asset_id, code, kind, scale, platform_id, clawback, custody)
       select coalesce(max(asset_id), 0) + 1, $1, $2, $3, $4, $5, $6 from ledger.asset
       on conflict (code) do nothing`,
      [
        asset.code,
        asset.kind,
        asset.scale ?? (asset.kind === 'reward' ? 0 : 2),
        asset.platformId,
        asset.clawback ?? 'debt',
        asset.custody ?? 'hosted',
      ],
    );
  });
}

export async function writeClawback(
  pool: Pool,
  assetId: number,
  clawback: Clawback,
): Promise<void> {
  await pool.query('update ledger.asset set clawback = $2 where asset_id = $1', [
    assetId,
    clawback,
  ]);
}

/**
 * Changes a platform's mode together with what `also` writes; its asset's row is locked meanwhile,
 * so that changes follow one another.
 */
export async function writeMode(
  pool: Pool,
  assetId: number,
  { mode, from }: { readonly mode: ClearingMode; readonly from?: ClearingMode },
  also: (client: DbClient, before: ClearingMode) => Promise<void>,
): Promise<boolean> {
  return dbTransaction(pool, async (client) => {
    const {
      rows: [row],
    } = await client.query<{ mode: ClearingMode }>(
      'select mode from ledger.asset where asset_id = $1 for update',
      [assetId],
    );
    assert(row !== undefined, `asset ${assetId} exists`);
    if (from !== undefined && row.mode !== from) return false;
    await client.query('update ledger.asset set mode = $2 where asset_id = $1', [assetId, mode]);
    await also(client, row.mode);
    return true;
  });
}

/** The cap's own row; its stripes are written in the same dbTransaction. */
export async function writeCap(client: Queryable, cap: Cap): Promise<unknown> {
  // The bound of a shared allowance is in the rulebook.
  if (cap.purpose === 'shared_allowance') return undefined;
  return client.query(
    `insert into ledger.cap (owner_id, asset_id, purpose, amount) values ($1, $2, $3, $4)
     on conflict (owner_id, asset_id, purpose) do update set amount = excluded.amount`,
    [cap.ownerId, cap.assetId, cap.purpose, cap.amount],
  );
}

/** A cap and how much of it is used: the sum of its stripes, bucket by bucket. */
export async function loadCap(
  pool: Pool,
  bucketCount: number,
  ownerId: string,
  assetId: number,
  purpose: Cap['purpose'],
): Promise<{ amount: bigint; used: bigint } | undefined> {
  const {
    rows: [cap],
  } = await pool.query<{ amount: bigint }>(
    'select amount from ledger.cap where owner_id = $1 and asset_id = $2 and purpose = $3',
    [ownerId, assetId, purpose],
  );
  if (cap === undefined) return undefined;
  let used = 0n;
  for (const bucket of buckets(bucketCount)) {
    const {
      rows: [stripe],
    } = await pool.query<{ used: bigint }>(
      `select debits_posted - credits_posted + debits_pending as used from ledger.account
        where bucket = $1 and owner_id = $2 and asset_id = $3 and purpose = $4`,
      [bucket, ownerId, assetId, purpose],
    );
    used += stripe?.used ?? 0n;
  }
  return { amount: cap.amount, used };
}
