// Checks changes without keeping the process from those it serves: each in a thread, a few at once,
// ended when nobody waits for it. A small one is checked at once: the thread would cost more than
// the work.

import { Worker } from 'node:worker_threads';
import { refuse, type Result } from '../kernel/problem.ts';
import { checkChange, type CheckedChange, type CheckInput } from './check-change.ts';
import { valuationProblems } from './problems.ts';

export interface Checker {
  /** Rejects with the signal's reason when nobody waits any more. */
  check(input: CheckInput, signal?: AbortSignal): Promise<Result<CheckedChange>>;
}

export interface CheckerOptions {
  /** Threads at once. */
  readonly atOnce?: number;
  /** Checks that wait for a thread; one more is refused. */
  readonly mostWaiting?: number;
  readonly limitMs?: number;
  /** Characters of a change and of the version it is made on up to which it is small. */
  readonly smallUpTo?: number;
}

/** So that a check leaves a machine of two cores half of itself, and its memory to others. */
const AT_ONCE = 2;
const MOST_WAITING = 8;
const LIMIT_MS = 20_000;
const MEMORY_MB = 512;
/** Some dozen items, with conditions that take a few milliseconds in all … */
const SMALL_UP_TO = 8_192;
/** … between so many platforms. */
const FEW_PLATFORMS = 20;

export function createChecker({
  atOnce = AT_ONCE,
  mostWaiting = MOST_WAITING,
  limitMs = LIMIT_MS,
  smallUpTo = SMALL_UP_TO,
}: CheckerOptions = {}): Checker {
  let running = 0;
  const waiting: (() => void)[] = [];

  /** Resolves when there is a thread for the caller; rejects when nobody waits for it any more. */
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

/** Ends the thread whatever happens, and waits until it has ended. */
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
