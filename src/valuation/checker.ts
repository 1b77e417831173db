// Checks changes without blocking the process. Each check runs in a thread, a few at a time, and is
// stopped when its caller no longer waits. A small change is checked directly, because a thread
// would cost more than the check.

import { Worker } from 'node:worker_threads';
import { refuse, type Result } from '../kernel/problem.ts';
import { checkChange, type CheckedChange, type CheckInput } from './check-change.ts';
import { valuationProblems } from './problems.ts';

/** Checks changes of the rulebook. */
export interface Checker {
  /**
   * Refuses with `checks_busy` or `rulebook_too_costly` besides the problems of `checkChange`.
   * Rejects with the signal's reason when the signal is aborted.
   */
  check(input: CheckInput, signal?: AbortSignal): Promise<Result<CheckedChange>>;
}

/** Limits of a checker. */
export interface CheckerOptions {
  /** Most threads at a time, by default 2. */
  readonly atOnce?: number;
  /** Most checks that wait for a thread, by default 8; one more is refused. */
  readonly mostWaiting?: number;
  /** Milliseconds that one check may take, by default 20,000. */
  readonly limitMs?: number;
  /**
   * A change is small when it and the current version together have at most this many characters,
   * by default 8,192.
   */
  readonly smallUpTo?: number;
}

/** With two threads, a machine with two cores still serves other calls. */
const AT_ONCE = 2;
const MOST_WAITING = 8;
const LIMIT_MS = 20_000;
const MEMORY_MB = 512;
/** Some dozen items, whose conditions take a few milliseconds in total. */
const SMALL_UP_TO = 8_192;
/** A change is small only with at most this many platforms. */
const FEW_PLATFORMS = 20;

/** A checker with its own threads and queue. */
export function createChecker({
  atOnce = AT_ONCE,
  mostWaiting = MOST_WAITING,
  limitMs = LIMIT_MS,
  smallUpTo = SMALL_UP_TO,
}: CheckerOptions = {}): Checker {
  let running = 0;
  const waiting: (() => void)[] = [];

  /** Resolves when a thread is free for the caller; rejects when the signal is aborted. */
  function turn(signal: AbortSignal | undefined): Promise<void> {
    if (running < atOnce) {
      running += 1;
      return Promise.resolve();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const start = (): void => {
      running += 1;
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    const leave = (): void => {
      waiting.splice(waiting.indexOf(start), 1);
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', leave, { once: true });
    waiting.push(start);
    return promise;
  }

  return {
    async check(input, signal) {
      signal?.throwIfAborted();
      const isSmall =
        input.latest.length + input.change.length <= smallUpTo &&
        input.platformIds.length <= FEW_PLATFORMS;
      if (isSmall) return checkChange(input);
      if (running >= atOnce && waiting.length >= mostWaiting)
        return refuse(valuationProblems.checks_busy());
      await turn(signal);
      try {
        return await checkInThread(input, limitMs, signal);
      } finally {
        running -= 1;
        waiting.shift()?.();
      }
    },
  };
}

/** Runs one check in a thread. Always stops the thread, and waits until it has ended. */
async function checkInThread(
  input: CheckInput,
  limitMs: number,
  signal: AbortSignal | undefined,
): Promise<Result<CheckedChange>> {
  const worker = new Worker(new URL('./check-thread.ts', import.meta.url), {
    workerData: input,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  const done = Promise.withResolvers<Result<CheckedChange>>();
  const timer = setTimeout(() => done.resolve(tooCostly()), limitMs);
  const leave = (): void => done.reject(signal?.reason as Error);
  signal?.addEventListener('abort', leave, { once: true });
  worker.once('message', done.resolve);
  worker.once('error', (error: Error & { readonly code?: string }) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') done.resolve(tooCostly());
    else done.reject(error);
  });
  try {
    return await done.promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
    await worker.terminate();
  }
}

function tooCostly(): Result<CheckedChange> {
  return refuse(valuationProblems.rulebook_too_costly());
}
