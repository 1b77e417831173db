// One run for one platform, from the lock to the result: read, compare, write breaks, look up late
// ones. Only after a complete comparison are breaks closed that have vanished.

import { formatId, type PlatformId, type TransactionId } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/time.ts';
import { getPoints, type Ledger } from '../../ledger/ledger.ts';
import { dbTransaction, type DbClient, type Pool } from '../../runtime/database.ts';
import { appendEvents } from '../../events/events.ts';
import type { Log } from '../../runtime/log.ts';
import type { ConnectorClient } from '../../connections/connections.ts';
import { askForLate } from './ask-again.ts';
import type { Patience } from './ask-platform.ts';
import { compareEffects } from './compare.ts';
import { compareTotals } from './compare-totals.ts';
import { mergeEffects, type MergeCounts } from './merge.ts';
import { StatementReader } from './read-statement.ts';
import { BreakRecorder } from './record-breaks.ts';
import { resolveUnseen } from './store-breaks.ts';
import {
  beginStatement,
  deleteOldLines,
  ensurePlatform,
  insertOpeningTotal,
  keepLock,
  lockPlatform,
  markMerged,
  openStatement,
  selectOpeningTotal,
  type Statement,
} from './store-statements.ts';
import { endAbandonedRuns, finishRun, startRun, type RunResult } from './store-runs.ts';
import { openSides, sumHosted } from './store-sides.ts';
import type { Difference, Run, TotalFinding } from './types.ts';

export interface RunParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Pick<Ledger, 'pointsOf' | 'bucketCount' | 'findTransaction'>;
  readonly custodyOf: (platformId: PlatformId) => 'hosted' | 'connected' | undefined;
  readonly connectorOf: (platformId: PlatformId) => ConnectorClient | undefined;
  readonly patience: Patience;
}

/** A saga's step this shortly before the statement was read may not be in it yet. */
const JUST_DONE_MS = 120_000;
/**
 * Changes this long before the last comparison are compared again: a commit may have come late, or
 * a step may have been too recent.
 */
const OVERLAP_MS = 600_000;
const DELETE_LINES = 20_000;

const NOTHING: Omit<RunResult, 'state' | 'reason'> = {
  linesRead: 0,
  compared: 0,
  matched: 0,
  underWay: 0,
  breaks: {},
  opened: 0,
  resolved: 0,
  total: null,
};

/**
 * Carries out a queued run. Undefined when another process is reconciling this platform, or has
 * begun this run.
 */
export async function runReconciliation(
  parts: RunParts,
  run: Run,
  signal?: AbortSignal,
): Promise<RunResult | undefined> {
  const { pool, clock, log } = parts;
  const { runId, platformId } = run;
  await ensurePlatform(pool, platformId);
  const result = await dbTransaction(pool, async (lock) => {
    const generation = await lockPlatform(lock, platformId);
    if (generation === undefined) return undefined;
    await endAbandonedRuns(
      pool,
      platformId,
      'the process that ran it ended before the run was complete',
      new Date(clock.now()),
    );
    if (!(await startRun(pool, runId, new Date(clock.now())))) return undefined;
    const done =
      parts.custodyOf(platformId) === 'connected'
        ? await runConnected(parts, run, generation, lock, signal)
        : await runHosted(parts, run);
    return end(lock, parts.clock, run, done);
  });
  if (result !== undefined)
    log[result.state === 'complete' ? 'info' : 'warn'](
      {
        platform_id: platformId,
        run_id: runId,
        ...result,
        total: undefined,
        total_state: result.total?.state,
      },
      'reconciled',
    );
  return result;
}

/** The findings of a run, and, when it compared all transactions, how far. */
interface Done {
  readonly result: RunResult;
  readonly compared?: { readonly statement: Statement; readonly mergedAt: Date };
}

async function runConnected(
  parts: RunParts,
  run: Run,
  generation: number,
  lock: DbClient,
  signal?: AbortSignal,
): Promise<Done> {
  const { pool, clock, patience } = parts;
  const { platformId } = run;
  const connector = parts.connectorOf(platformId);
  if (connector === undefined)
    return {
      result: {
        ...NOTHING,
        state: 'incomplete',
        reason: 'no connection to this platform is registered',
      },
    };
  while (await deleteOldLines(pool, platformId, DELETE_LINES)) await keepLock(lock);

  const statement = await openReading(pool, run, generation);
  const reader = new StatementReader(
    { pool, clock, connector, patience, signal, keepAlive: () => keepLock(lock) },
    statement,
  );
  const reading = await reader.readToEnd();
  // A missing answer is no difference: nothing is compared, and nothing is closed.
  if (!reading.ended)
    return {
      result: {
        ...NOTHING,
        state: 'incomplete',
        reason: reading.reason,
        linesRead: reader.linesRead,
      },
    };
  const total = await compareTotals({
    connector,
    reader,
    patience,
    signal,
    openingTotal: await selectOpeningTotal(pool, platformId),
  });
  if (total.answered && total.value.state === 'baseline' && total.value.theirs !== null)
    await insertOpeningTotal(pool, platformId, total.value.theirs - reader.statement.effectSum);

  if (reader.brokenOff)
    return {
      result: {
        ...NOTHING,
        state: 'incomplete',
        reason: total.answered ? null : total.reason,
        linesRead: reader.linesRead,
      },
    };

  const recorder = new BreakRecorder({
    pool,
    clock,
    log: parts.log,
    platformId,
    scale: getPoints(parts.ledger, platformId).scale,
    runId: run.runId,
  });
  const mergedAt = new Date(clock.now() - OVERLAP_MS);
  const counts = await compareTransactions(parts, reader, recorder, lock);
  if (total.answered) await recordTotal(recorder, total.value);
  await recorder.flush();
  const asked = await askForLate({ pool, clock, connector, patience, signal }, platformId);
  return {
    result: {
      state: total.answered ? 'complete' : 'incomplete',
      reason: total.answered ? null : total.reason,
      linesRead: reader.linesRead,
      ...counts,
      breaks: recorder.seen,
      opened: recorder.opened,
      resolved: asked,
      total: total.answered ? total.value : null,
    },
    compared: { statement: reader.statement, mergedAt },
  };
}

/**
 * A full run reads from the beginning, whatever an earlier one has left; so does any run after a
 * reading that contradicted itself.
 */
async function openReading(
  pool: Pool,
  { mode, platformId }: Run,
  counts: number,
): Promise<Statement> {
  const known = mode === 'full' ? undefined : await openStatement(pool, platformId, counts);
  return known === undefined || known.brokenOff !== null
    ? beginStatement(pool, platformId, counts)
    : known;
}

async function compareTransactions(
  { pool, ledger }: RunParts,
  reader: StatementReader,
  recorder: BreakRecorder,
  lock: DbClient,
): Promise<MergeCounts> {
  const counts: MergeCounts = { compared: 0, matched: 0, underWay: 0 };
  const { statement } = reader;
  await dbTransaction(pool, async (client) => {
    const sides = await openSides(client, {
      statement,
      changedSince: statement.mergedAt,
      recentSince: new Date(reader.askedAtMs - JUST_DONE_MS),
    });
    for await (const difference of mergeEffects(
      sides.ours,
      withHeartbeat(sides.theirs, () => keepLock(lock)),
      counts,
    )) {
      await recorder.add(await nameTransaction(ledger, difference));
    }
    for await (const names of sides.foreign) {
      for (const { reference, effect, repeated } of names) {
        const verdict = compareEffects(undefined, { effect, repeated });
        counts.compared += 1;
        if (verdict === 'agrees' || verdict === 'under_way') counts.matched += 1;
        else
          await recorder.add({
            category: verdict,
            subject: reference,
            transactionId: null,
            ours: null,
            theirs: effect,
          });
      }
    }
  });
  return counts;
}

/**
 * Named as the platform names it. A transaction that exists here, but does not concern that
 * platform, is not an unknown one.
 */
async function nameTransaction(
  ledger: Pick<Ledger, 'findTransaction'>,
  difference: Difference,
): Promise<Difference> {
  const transactionId = difference.transactionId as TransactionId;
  const subject = formatId('txn', transactionId);
  if (
    difference.category !== 'unknown_reference' ||
    (await ledger.findTransaction(transactionId)).length === 0
  )
    return { ...difference, subject };
  return { ...difference, subject, category: 'missing_here' };
}

async function* withHeartbeat<T>(
  pages: AsyncIterable<T>,
  beat: () => Promise<void>,
): AsyncGenerator<T> {
  for await (const page of pages) {
    await beat();
    yield page;
  }
}

async function recordTotal(
  recorder: BreakRecorder,
  { state, ours, theirs }: TotalFinding,
): Promise<void> {
  if (state === 'differs')
    await recorder.add({ category: 'total', subject: 'total', transactionId: null, ours, theirs });
}

/**
 * A hosted platform has no books but ours: the points of its members must equal the sum of
 * everything else that was ever posted in its points.
 */
async function runHosted(parts: RunParts, run: Run): Promise<Done> {
  const { pool, clock, log, ledger } = parts;
  const asset = ledger.pointsOf(run.platformId);
  if (asset === undefined)
    return { result: { ...NOTHING, state: 'incomplete', reason: 'this platform has no points' } };
  const { members, rest } = await dbTransaction(pool, (client) =>
    sumHosted(client, asset.assetId, ledger.bucketCount()),
  );
  const total: TotalFinding = {
    state: members === rest ? 'agrees' : 'differs',
    ours: rest,
    theirs: members,
  };
  const recorder = new BreakRecorder({
    pool,
    clock,
    log,
    platformId: run.platformId,
    scale: asset.scale,
    runId: run.runId,
  });
  await recordTotal(recorder, total);
  await recorder.flush();
  return {
    result: {
      ...NOTHING,
      state: 'complete',
      reason: null,
      breaks: recorder.seen,
      opened: recorder.opened,
      total,
    },
  };
}

/**
 * Ends a run in the commit that releases the platform's lock, with all consequences. Without a
 * complete comparison, no break of a transaction is closed.
 */
async function end(
  lock: DbClient,
  clock: Clock,
  run: Run,
  { result, compared }: Done,
): Promise<RunResult> {
  const { runId, platformId } = run;
  const now = new Date(clock.now());
  let { resolved } = result;
  if (compared !== undefined) {
    resolved += await resolveUnseen(lock, platformId, runId, false, now);
    await markMerged(lock, compared.statement, compared.mergedAt);
  }
  // A platform that moved, or whose first total this is, has not confirmed an earlier difference.
  if (result.total?.state === 'agrees')
    resolved += await resolveUnseen(lock, platformId, runId, true, now);
  const ended = { ...result, resolved };
  if (!(await finishRun(lock, runId, ended, now)))
    throw new Error('another process has ended this run');
  const breaks = Object.values(result.breaks).reduce((sum, count) => sum + count, 0);
  await appendEvents(
    lock,
    [
      {
        type: 'reconciliation.completed',
        platformId,
        data: {
          run_id: runId,
          mode: run.mode,
          complete: result.state === 'complete',
          reason: result.reason,
          lines_read: result.linesRead,
          compared: result.compared,
          matched: result.matched,
          breaks,
          total: result.total?.state ?? null,
        },
      },
    ],
    now.getTime(),
  );
  return ended;
}
