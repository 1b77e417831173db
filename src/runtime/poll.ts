// Follows what other processes change: asks again and again, one question at a time, and says once
// when it cannot.

import type { Log } from './log.ts';

export interface PollOptions {
  /** What is followed, as the log names it. */
  readonly what: string;
  readonly everyMs: number;
  readonly log: Log;
  ask(): Promise<void>;
}

export interface Poll {
  close(): void;
}

export function startPoll({ what, everyMs, log, ask }: PollOptions): Poll {
  let lost = false;
  let closed = false;
  let asking: Promise<void> | undefined;

  async function poll(): Promise<void> {
    try {
      await ask();
      if (lost) log.info(`${what} are being followed again`);
      lost = false;
    } catch (error) {
      // Said once: what is in memory stays valid until the database answers again. The last
      // question may outlive the pool.
      if (!lost && !closed) log.warn({ err: error }, `${what} cannot be followed`);
      lost = true;
    }
  }

  const timer = setInterval(() => {
    asking ??= poll().finally(() => (asking = undefined));
  }, everyMs).unref();

  return {
    close() {
      closed = true;
      clearInterval(timer);
    },
  };
}
