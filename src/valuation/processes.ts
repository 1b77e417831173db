// Records which version each running process has in force, so that an approval can report truly
// when it takes effect. Each process reports its version about once a second and at every change.
// An approval waits until no running process has an older version.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '../runtime/database.ts';
import { deleteProcess, hasOlderProcess, upsertProcess } from './store.ts';

/** The versions that running processes have in force. */
export interface Processes {
  /**
   * Reports this process's version in force. Writes it when the version has changed or the last
   * report is a second old.
   */
  report(version: number): Promise<void>;
  /** Reports that this process stops. */
  leave(): Promise<void>;
  /**
   * True as soon as no other running process has an older version; false when one still has after
   * three seconds.
   */
  haveInForce(version: number): Promise<boolean>;
}

/** A report is written again after this time. */
const REPORT_EVERY_MS = 1_000;
/**
 * A process that has not reported for this time is taken as stopped. A failing loop retries sooner
 * than this.
 */
const SILENT_S = 15;
/** Longest time that an approval waits. */
const WAIT_MS = 3_000;
const LOOK_EVERY_MS = 50;

/** Reports for this process, under a new random id. */
export function createProcesses(pool: Pool): Processes {
  const processId = randomUUID();
  let reported: { readonly version: number; readonly at: number } | undefined;
  return {
    async report(version) {
      const now = performance.now();
      if (reported?.version === version && now - reported.at < REPORT_EVERY_MS) return;
      await upsertProcess(pool, processId, version);
      reported = { version, at: now };
    },
    async leave() {
      if (reported !== undefined) await deleteProcess(pool, processId);
      reported = undefined;
    },
    async haveInForce(version) {
      const until = performance.now() + WAIT_MS;
      while (await hasOlderProcess(pool, version, { but: processId, seconds: SILENT_S })) {
        if (performance.now() > until) return false;
        await sleep(LOOK_EVERY_MS);
      }
      return true;
    },
  };
}
