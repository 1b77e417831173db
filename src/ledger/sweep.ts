// The timers of the ledger: holds whose time is over are released, lots whose day has come expire,
// and marks of stale signatures are forgotten. Each is an ordinary command or a bounded deletion,
// so several processes may sweep at once.

import { assert } from '../kernel/assert.ts';
import { buckets, type Bucket, type PlatformId } from '../kernel/ids.ts';
import type { Day } from '../kernel/time.ts';
import type { Pool } from '../runtime/database.ts';
import { SIGNATURE_TOLERANCE_SECONDS } from '../security/security.ts';
import type { Command } from './commands/commands.ts';
import { listDueHolds } from './store-holds.ts';
import { deleteSignatures } from './store-signatures.ts';
import type { Outcome } from './types.ts';
import type { AssetBook } from './view.ts';
import { listExpiredLots } from './store-wallets.ts';

/** Work of one sweep in one bucket. */
const SWEEP_LIMIT = 500;
/** Longer than a signature can be valid, by more than clocks of several processes may differ. */
const SIGNATURE_KEPT_SECONDS = 3 * SIGNATURE_TOLERANCE_SECONDS;
/** Marks of signatures that one sweep of a bucket forgets at the most. */
const SIGNATURES_SWEPT = 5_000;

export interface SweepParts {
  readonly pool: Pool;
  readonly book: AssetBook;
  readonly nowMs: number;
  readonly today: Day;
  readonly submit: (command: Command) => Promise<Outcome>;
}

export interface Swept {
  readonly released: number;
  readonly expired: number;
  /** True when there was more to do than one sweep does. */
  readonly behind: boolean;
}

export async function sweep(parts: SweepParts): Promise<Swept> {
  const { pool, book, nowMs } = parts;
  let [released, expired] = [0, 0];
  let behind = false;
  for (const bucket of buckets(book.bucketCount)) {
    const [releases, expiries] = [await releasesIn(bucket, parts), await expiriesIn(bucket, parts)];
    const asked = [...releases, ...expiries].map((command) => parts.submit(command));
    const done = (await Promise.all(asked)).map(({ ok }) => ok);
    released += done.slice(0, releases.length).filter(Boolean).length;
    expired += done.slice(releases.length).filter(Boolean).length;
    const stale = Math.floor(nowMs / 1000) - SIGNATURE_KEPT_SECONDS;
    const forgotten = await deleteSignatures(pool, bucket, stale, SIGNATURES_SWEPT);
    behind ||= forgotten === SIGNATURES_SWEPT;
  }
  return { released, expired, behind };
}

async function releasesIn(bucket: Bucket, { pool, book, nowMs }: SweepParts): Promise<Command[]> {
  const holds = await listDueHolds(pool, bucket, nowMs, SWEEP_LIMIT);
  // No caller can name these keys: a key from a header has no space in it.
  return holds.map(({ holdId, memberId, assetId }) => ({
    kind: 'release',
    platformId: platformOf(assetId, book),
    memberId,
    key: `sweep timer ${holdId}`,
    holdId,
    cause: 'timer',
  }));
}

async function expiriesIn(bucket: Bucket, { pool, book, today }: SweepParts): Promise<Command[]> {
  const lots = await listExpiredLots(pool, bucket, today, SWEEP_LIMIT);
  // The day is part of the key: one transaction may have credited lots that expire on different
  // days.
  return lots.map(({ memberId, assetId, lastSequence }) => ({
    kind: 'expire',
    platformId: platformOf(assetId, book),
    memberId,
    key: `sweep expire ${assetId} ${today} ${lastSequence}`,
    day: today,
  }));
}

function platformOf(assetId: number, book: AssetBook): PlatformId {
  const platformId = book.byId.get(assetId)?.platformId ?? null;
  assert(platformId !== null, 'members hold points of platforms only');
  return platformId;
}
