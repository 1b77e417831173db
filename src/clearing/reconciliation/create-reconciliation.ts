// Reconciliation: compares the network's record with each platform's own, by transaction and in
// total, and keeps the list of differences. Never moves a point, and never reads a missing answer
// as a figure.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { identityProblems, type Identity } from '../../identity/identity.ts';
import type { PlatformId } from '../../kernel/ids.ts';
import { ok, refuse, type Result } from '../../kernel/problem.ts';
import { PATIENCE } from './ask-platform.ts';
import { createBreakActions, type BreakActions } from './break-actions.ts';
import { runReconciliation, type RunParts } from './run.ts';
import { countOpenBreaks, selectBreaks, type BreakFilter } from './store-breaks.ts';
import {
  insertRun,
  selectLastAsked,
  selectLastComplete,
  selectQueued,
  selectRun,
  selectRuns,
} from './store-runs.ts';
import type { Break, OpenCount, Run, RunMode } from './types.ts';

/** Between two looks at a run that another process carries out. */
const WAIT_MS = 200;

export interface ReconciliationParts extends Omit<RunParts, 'custodyOf' | 'patience'> {
  readonly identity: Pick<Identity, 'findPlatform' | 'listPlatforms'>;
  /** Between two automatic runs of a platform; 0 for never. */
  readonly everyMs: number;
  readonly patience?: RunParts['patience'];
}

interface RunRequest {
  /** By default all platforms. */
  readonly platformId?: string | undefined;
  readonly mode: RunMode;
  readonly operatorId: string | null;
}

export interface Reconciliation extends BreakActions {
  /** Queues runs; a process with the loop starts them within seconds. */
  request(request: RunRequest): Promise<Result<readonly Run[]>>;
  /** The same, done here and now; waits for runs that another process carries out. */
  reconcile(request: RunRequest, signal?: AbortSignal): Promise<Result<readonly Run[]>>;
  /** Carries out queued and due runs. True when there may be more to do at once. */
  runDue(signal?: AbortSignal): Promise<boolean>;
  /** Newest first. */
  listRuns(platformId: PlatformId | undefined, limit: number): Promise<readonly Run[]>;
  /** Oldest first. */
  listBreaks(filter: BreakFilter, limit: number): Promise<readonly Break[]>;
  countOpen(): Promise<readonly OpenCount[]>;
  /** When each platform was last compared completely. */
  listLastComplete(): Promise<
    readonly { readonly platformId: PlatformId; readonly finishedAt: Date }[]
  >;
}

export function createReconciliation(given: ReconciliationParts): Reconciliation {
  const { pool, clock, identity, everyMs } = given;
  const parts: RunParts = {
    ...given,
    patience: given.patience ?? PATIENCE,
    custodyOf: (platformId) => identity.findPlatform(platformId)?.custody,
  };

  async function request({
    platformId,
    mode,
    operatorId,
  }: RunRequest): Promise<Result<readonly Run[]>> {
    const platforms = identity
      .listPlatforms()
      .filter((platform) => platformId === undefined || platform.platformId === platformId);
    if (platforms.length === 0 && platformId !== undefined)
      return refuse(identityProblems.platform_not_found());
    return ok(
      await Promise.all(platforms.map((platform) => queue(platform.platformId, mode, operatorId))),
    );
  }

  async function queue(
    platformId: PlatformId,
    mode: RunMode,
    askedBy: string | null,
  ): Promise<Run> {
    const runId = randomUUID();
    await insertRun(pool, { runId, platformId, mode, askedBy, askedAt: new Date(clock.now()) });
    return getRun(runId);
  }

  async function getRun(runId: string): Promise<Run> {
    const run = await selectRun(pool, runId);
    if (run === undefined) throw new Error(`there is no run ${runId}`);
    return run;
  }

  /**
   * Tries again while another process has the platform, or has begun this run. The process that
   * gets the lock finds the run queued, ended, or left by a process that is gone, and ends it.
   */
  async function runToEnd(wanted: Run, signal: AbortSignal | undefined): Promise<Run> {
    for (;;) {
      await runReconciliation(parts, wanted, signal);
      const run = await getRun(wanted.runId);
      if (run.state === 'complete' || run.state === 'incomplete' || signal?.aborted === true)
        return run;
      await sleep(WAIT_MS, undefined, signal === undefined ? {} : { signal }).catch(
        () => undefined,
      );
    }
  }

  async function queueDue(): Promise<void> {
    if (everyMs === 0) return;
    const platformIds = identity.listPlatforms().map(({ platformId }) => platformId);
    const asked = await selectLastAsked(pool, platformIds);
    for (const platformId of platformIds) {
      if (clock.now() - (asked.get(platformId)?.getTime() ?? Number.NEGATIVE_INFINITY) >= everyMs)
        await queue(platformId, 'incremental', null);
    }
  }

  return {
    ...createBreakActions(
      parts,
      async ({ platformId }, operatorId) =>
        void (await queue(platformId, 'incremental', operatorId)),
    ),
    request,
    async reconcile(wanted, signal) {
      const queued = await request(wanted);
      if (!queued.ok) return queued;
      const ended: Run[] = [];
      for (const run of queued.value) ended.push(await runToEnd(run, signal));
      return ok(ended);
    },
    async runDue(signal) {
      await queueDue();
      return runQueued(parts, signal);
    },
    listRuns: (platformId, limit) => selectRuns(pool, platformId, limit),
    listBreaks: (filter, limit) => selectBreaks(pool, filter, limit),
    listLastComplete: () =>
      selectLastComplete(
        pool,
        identity.listPlatforms().map(({ platformId }) => platformId),
      ),
    countOpen: () => countOpenBreaks(pool, new Date(clock.now())),
  };
}

async function runQueued(parts: RunParts, signal: AbortSignal | undefined): Promise<boolean> {
  for (const run of await selectQueued(parts.pool)) {
    if (signal?.aborted === true) return false;
    try {
      await runReconciliation(parts, run, signal);
    } catch (error) {
      // The next run of this platform reports that this one did not finish; the other runs go on.
      parts.log.error(
        { err: error, platform_id: run.platformId, run_id: run.runId },
        'a reconciliation failed',
      );
    }
  }
  return false;
}
