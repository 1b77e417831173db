// The process that reconciles in the benchmark: runs one full reconciliation over HTTP, or one
// comparison of lines that are already stored, and reports to its parent.

import { mergeEffects, type MergeCounts } from '../src/clearing/reconciliation/merge.ts';
import { openSides } from '../src/clearing/reconciliation/store-sides.ts';
import { openStatement } from '../src/clearing/reconciliation/store-statements.ts';
import type { PlatformId } from '../src/kernel/ids.ts';
import { createPool, dbTransaction, type Pool } from '../src/runtime/database.ts';
import { createLog } from '../src/runtime/log.ts';
import type { ReconcileJob, ReconcileReport } from './reconcile.ts';

const PLATFORM = 'platform_c' as PlatformId;
const NEVER = new Date('9999-01-01');

const job = JSON.parse(process.argv[2] ?? '') as ReconcileJob;
const log = createLog('error');
const pool = createPool({ url: job.databaseUrl, log, applicationName: 'pontis bench', max: 5 });

async function compare(on: Pool): Promise<{ lines: number; breaks: number }> {
  const counts: MergeCounts = { compared: 0, matched: 0, underWay: 0 };
  let breaks = 0;
  const { rows } = await on.query<{ generation: number }>(
    'select generation from clearing.reconciled_platform where platform_id = $1',
    [PLATFORM],
  );
  const statement = await openStatement(on, PLATFORM, rows[0]?.generation ?? 0);
  await dbTransaction(on, async (client) => {
    const sides = await openSides(client, { statement, changedSince: null, recentSince: NEVER });
    for await (const difference of mergeEffects(sides.ours, sides.theirs, counts))
      breaks += difference.category === undefined ? 0 : 1;
  });
  return { lines: counts.matched, breaks };
}

async function reconcileWhole(on: Pool): Promise<{ lines: number; breaks: number }> {
  // Imported only here: loading it would add to the memory of a bare comparison.
  const [{ createConnectorClient }, { createReconciliation }] = await Promise.all([
    import('../src/connections/connector-client.ts'),
    import('../src/clearing/reconciliation/create-reconciliation.ts'),
  ]);
  const connector = createConnectorClient({
    url: job.platformUrl,
    platformId: PLATFORM,
    token: 'token',
    secret: 'secret',
  });
  const platform = { platformId: PLATFORM, custody: 'connected' as const };
  const reconciliation = createReconciliation({
    pool: on,
    log,
    clock: { now: Date.now },
    everyMs: 0,
    connectorOf: () => connector,
    ledger: { pointsOf: () => undefined, bucketCount: () => 3, findTransaction: async () => [] },
    identity: { listPlatforms: () => [platform] as never, findPlatform: () => platform as never },
  });
  const runs = await reconciliation.reconcile({
    platformId: PLATFORM,
    mode: 'full',
    operatorId: null,
  });
  const run = runs.ok ? runs.value[0] : undefined;
  if (run?.state !== 'complete') throw new Error(`the run is ${run?.state}: ${run?.reason}`);
  return { lines: Number(run.linesRead), breaks: run.opened };
}

const [from, cpu] = [performance.now(), process.cpuUsage()];
const { lines, breaks } = await (job.mode === 'merge' ? compare : reconcileWhole)(pool);
const { user, system } = process.cpuUsage(cpu);
const result: ReconcileReport = {
  lines,
  breaks,
  seconds: (performance.now() - from) / 1000,
  cpuSeconds: (user + system) / 1e6,
  peakMb: process.resourceUsage().maxRSS / 1024,
};
await pool.end();
process.send?.(result);
