// The network that is measured: an embedded PostgreSQL as `script/start` runs it (fsync on), two platforms, many members with points.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MemberId, PlatformId } from '../src/kernel/ids.ts';
import { systemClock } from '../src/kernel/time.ts';
import { createLedger, type Ledger, type LedgerOptions } from '../src/ledger/ledger.ts';
import { createPool, type Pool } from '../src/runtime/database.ts';
import { startEmbeddedPostgres } from '../src/runtime/embedded-postgres.ts';
import { createLog } from '../src/runtime/log.ts';
import { migrate } from '../src/runtime/migrate.ts';
import { createValuation, setMultiplier } from '../src/valuation/valuation.ts';

export const SOURCE = 'platform_a' as PlatformId;
export const TARGET = 'platform_b' as PlatformId;

export interface Network {
  readonly url: string;
  readonly dataDir: string;
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly members: readonly MemberId[];
  /** Closes the ledger and opens another one, e.g. with other lanes. */
  reopen(options: Partial<LedgerOptions>): Promise<Ledger>;
  stop(): Promise<void>;
}

export async function startNetwork(memberCount: number, options: Partial<LedgerOptions> = {}): Promise<Network> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pontis-bench-'));
  const log = createLog('warn');
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  const pool = createPool({ url: postgres.url, log, applicationName: 'pontis bench', statementTimeoutMs: 0 });
  await migrate(pool, log);
  await setMultiplier(pool, SOURCE, '1.0');
  await setMultiplier(pool, TARGET, '1.2');
  const valuation = await createValuation(pool);
  const open = (more: Partial<LedgerOptions>): Promise<Ledger> =>
    createLedger({ pool, url: postgres.url, log, clock: systemClock, valuation, ...options, ...more });
  let ledger = await open({});
  for (const platformId of [SOURCE, TARGET]) {
    const asset = await ledger.registerAsset({ code: platformId, kind: 'points', platformId });
    // A cap as in production, wide enough not to be reached.
    await ledger.setCap({ ownerId: asset.ownerId ?? ('' as never), assetId: ledger.settlementAsset().assetId, purpose: 'position', amount: 10n ** 17n });
  }
  const members = Array.from({ length: memberCount }, () => randomUUID() as string as MemberId);
  for (let from = 0; from < members.length; from += 20_000) {
    await Promise.all(members.slice(from, from + 20_000).map((memberId) =>
      ledger.submit({ kind: 'earn', platformId: SOURCE, memberId, key: 'opening', amount: 10n ** 12n })));
  }
  await pool.query('analyze');
  return {
    url: postgres.url, dataDir, pool, members,
    get ledger() {
      return ledger;
    },
    reopen: async (more) => {
      await ledger.close();
      ledger = await open(more);
      return ledger;
    },
    stop: async () => {
      await ledger.close();
      await pool.end();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
