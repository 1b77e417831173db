// Repeats work in the background: one run at a time. A failure is logged and retried, and a stop
// waits for the current run.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Log } from './log.ts';

/** What a loop does, and how often. */
export interface LoopOptions {
  readonly name: string;
  readonly log: Log;
  /** Pause between runs, in milliseconds; each pause varies by up to 10 %. */
  readonly everyMs: number;
  /**
   * Longest pause after failures, in milliseconds; by default 30 times `everyMs`. The pause doubles
   * with each failure up to this.
   */
  readonly longestRestMs?: number;
  /**
   * Does one run. Returns true when there is more to do at once. The signal asks a long run to end
   * early.
   */
  run(signal: AbortSignal): Promise<boolean>;
}

/** A running loop. */
export interface Loop {
  readonly name: string;
  /** Ends the loop; resolves when the current run is over. */
  stop(): Promise<void>;
}

const LONGEST_REST_FACTOR = 30;

/** Starts the first run at once. */
export function startLoop(options: LoopOptions): Loop {
  const stopping = new AbortController();
  const done = repeat(options, stopping.signal);
  return {
    name: options.name,
    stop() {
      stopping.abort();
      return done;
    },
  };
}

async function repeat(
  { name, log, everyMs, longestRestMs = everyMs * LONGEST_REST_FACTOR, run }: LoopOptions,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let more = false;
    try {
      more = await run(signal);
      failures = 0;
    } catch (error) {
      failures++;
      // One error for each outage, not one for each attempt.
      log[failures === 1 ? 'error' : 'debug'](
        { err: error, loop: name, failures },
        'a background loop failed and is retried',
      );
    }
    if (more) continue;
    // Jitter prevents all processes of a network from running at the same moment.
    const rest =
      (failures === 0 ? everyMs : Math.min(everyMs * 2 ** failures, longestRestMs)) *
      (0.9 + Math.random() * 0.2);
    await sleep(rest, undefined, { signal }).catch(() => undefined);
  }
}
