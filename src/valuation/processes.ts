// Which version each running process has in force, so that an approval can say truly when it holds.
// Each process tells its own, about once a second and when it changes; whoever approves waits until
// none that is running has an older one.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '../runtime/database.ts';
import { deleteProcess, hasOlderProcess, upsertProcess } from './store.ts';

export interface Processes {
  /**
   * For a process that runs: its version in force, written when it is another one or some time has
   * passed.
   */
  tell(version: number): Promise<void>;
  /** The process runs no more. */
  leave(): Promise<void>;
  /**
   * True once no other running process has an older version; false when one still has after a
   * while.
   */
  haveInForce(version: number): Promise<boolean>;
}

/** A row is written anew after this long. */
const TELL_EVERY_MS = 1_000;
/** A process that has not told for this long runs no more; a loop that fails tries again sooner. */
const SILENT_S = 15;
/** How long an approval waits. */
const WAIT_MS = 3_000;
const LOOK_EVERY_MS = 50;

export function createProcesses(pool: Pool): Processes {
  const processId = randomUUID();
  let told: { readonly version: number; readonly at: number } | undefined;
  return {
    async tell(version) {
      const now = performance.now();
      if (told?.version === version && now - told.at < TELL_EVERY_MS) return;
      await upsertProcess(pool, processId, version);
      told = { version, at: now };
    },
    async leave() {
      if (told !== undefined) await deleteProcess(pool, processId);
      told = undefined;
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
