// Work that repeats in the background: one run at a time, a failure is logged and tried again, a
// stop waits for the run.

import { setTimeout as sleep } from 'node:timers/promises';

import type { Log } from './log.ts';

export interface LoopOptions {
  readonly name: string;
  readonly log: Log;
  /** Rest between runs. */
  readonly everyMs: number;
  /**
   * Rest after failures, at most; otherwise it doubles with each of them up to 30 times `everyMs`.
   */
  readonly longestRestMs?: number;
  /** Answers true when there is more to do at once. The signal asks a long run to end early. */
  run(signal: AbortSignal): Promise<boolean>;
}

export interface Loop {
  readonly name: string;
  /** Resolves when the present run is over. */
  stop(): Promise<void>;
}

const LONGEST_REST_FACTOR = 30;

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
      // Once for each outage, not once for each attempt.
      log[failures === 1 ? 'error' : 'debug'](
        { err: error, loop: name, failures },
        'a background loop failed and is tried again',
      );
    }
    if (more) continue;
    // Jitter keeps the processes of one network from asking all at once.
    const rest =
      (failures === 0 ? everyMs : Math.min(everyMs * 2 ** failures, longestRestMs)) *
      (0.9 + Math.random() * 0.2);
    await sleep(rest, undefined, { signal }).catch(() => undefined);
  }
}
