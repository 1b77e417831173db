// Follows a state that other processes change: asks for it regularly, one question at a time, and
// logs an outage once.

import type { Log } from './log.ts';

/** What is asked, and how often. */
export interface PollOptions {
  /** What is followed, as log messages name it, e.g. `changes of tags`. */
  readonly what: string;
  readonly everyMs: number;
  readonly log: Log;
  ask(): Promise<void>;
}

/** A running poll. */
export interface Poll {
  close(): void;
}

/** Asks every `everyMs` milliseconds, for the first time after that time. */
export function startPoll({ what, everyMs, log, ask }: PollOptions): Poll {
  let failing = false;
  let closed = false;
  let asking: Promise<void> | undefined;

  async function poll(): Promise<void> {
    try {
      await ask();
      if (failing) log.info(`following ${what} works again`);
      failing = false;
    } catch (error) {
      // Logged once: the state in memory stays in use until the database answers again. After
      // `close`, the last question may find the pool closed; that is not logged.
      if (!failing && !closed) log.warn({ err: error }, `following ${what} fails; it is retried`);
      failing = true;
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
