// Runs another of our programs as a child process: starts it, waits until it is ready, restarts it
// when it dies, and stops it together with this process.

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Log } from './log.ts';

/** How a child program is started and when it counts as ready. */
export interface ChildProgramOptions {
  /** The name in log messages. */
  readonly name: string;
  readonly log: Log;
  /**
   * The arguments for Node. The program must end when its standard input is closed: then it also
   * ends when this process dies for any reason.
   */
  args(): readonly string[];
  /** The whole environment of the child, besides PATH and Node's compile cache. */
  readonly environment: Readonly<Record<string, string>>;
  /** Matches the line of its standard output that reports it as ready. */
  readonly ready: RegExp;
  /**
   * Called each time the program becomes ready, with the matched line. When it fails, it is retried
   * every second.
   */
  onReady(match: RegExpExecArray, pid: number): Promise<void>;
}

/** A child program that is kept running. */
export interface ChildProgram {
  /**
   * Resolves with true once the program is ready for the first time and `onReady` has succeeded, or
   * with false when the program ends before that. It is restarted in either case.
   */
  readonly started: Promise<boolean>;
  /** Asks the program to end, and kills it after `STOP_LIMIT_MS`. */
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;
const RESTART_AFTER_MS = 100;
const LONGEST_REST_MS = 5_000;

/**
 * Starts the program and restarts it until `stop` is called. Failed starts are retried after 100
 * ms, then twice as long each time, up to 5 s.
 */
export function superviseProgram(options: ChildProgramOptions): ChildProgram {
  const { name, log } = options;
  const stopping = new AbortController();
  const started = Promise.withResolvers<boolean>();
  let child: ChildProcess | undefined;

  async function run(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted;) {
      child = spawnChild(options);
      const { wasReady, how } = await live(options, child, stopping.signal, started.resolve);
      if (stopping.signal.aborted) return;
      failures = wasReady ? 0 : failures + 1;
      started.resolve(false);
      log.error({ ended: how, failures }, `${name} ended unexpectedly and is restarted`);
      await sleep(Math.min(RESTART_AFTER_MS * 2 ** failures, LONGEST_REST_MS), undefined, {
        signal: stopping.signal,
      }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    started: started.promise,
    async stop() {
      stopping.abort();
      child?.kill('SIGTERM');
      const force = setTimeout(() => {
        log.warn(`${name} did not end when it was asked to, and is killed`);
        child?.kill('SIGKILL');
      }, STOP_LIMIT_MS);
      await running;
      clearTimeout(force);
      started.resolve(false);
    },
  };
}

function spawnChild({ args, environment }: ChildProgramOptions): ChildProcess {
  // The child gets its own session. So Ctrl-C in the terminal reaches only Pontis, which stops its
  // children in order.
  return spawn(process.execPath, args(), {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...environment,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
}

/** Follows one run of the program from its start to its end. */
async function live(
  { name, log, ready, onReady }: ChildProgramOptions,
  child: ChildProcess,
  stopping: AbortSignal,
  started: (ready: boolean) => void,
): Promise<{ wasReady: boolean; how: string }> {
  let wasReady = false;
  const over = new AbortController();
  const limit = setTimeout(() => child.kill('SIGKILL'), READY_LIMIT_MS);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `code ${code ?? 'unknown'}`));
  });
  // An error of writing to a program that has ended is ignored.
  child.stdin?.on('error', () => undefined);

  const announce = async (match: RegExpExecArray): Promise<void> => {
    for (let attempt = 1; !over.signal.aborted && !stopping.aborted; attempt += 1) {
      try {
        if (child.pid === undefined) throw new Error(`${name} has no process`);
        await onReady(match, child.pid);
        return started(true);
      } catch (error) {
        log[attempt === 1 ? 'warn' : 'debug'](
          { err: error },
          `${name} is ready, but this cannot be recorded yet`,
        );
        await sleep(1_000, undefined, { signal: over.signal }).catch(() => undefined);
      }
    }
  };
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = wasReady ? null : ready.exec(line);
      if (match === null) return void log.debug(`${name}: ${line}`);
      clearTimeout(limit);
      wasReady = true;
      void announce(match);
    });
  }
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on('line', (line) => log.warn(`${name}: ${line}`));

  const how = await ended;
  clearTimeout(limit);
  over.abort();
  return { wasReady, how };
}
