// A program of ours that runs as a child: started, told apart from ready, started again when it
// dies, stopped with us, and never left behind.

import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Log } from './log.ts';

export interface ChildProgramOptions {
  /** As the log names it. */
  readonly name: string;
  readonly log: Log;
  /**
   * Node's arguments. The program must end when its standard input does: then the death of this
   * process, of whatever kind, ends it too.
   */
  args(): readonly string[];
  /** All of its environment, besides PATH and where Node keeps what it has compiled. */
  readonly environment: Readonly<Record<string, string>>;
  /** What its output says once it is ready. */
  readonly ready: RegExp;
  /** Each time it is ready; when it fails it is tried again. */
  onReady(said: RegExpExecArray, pid: number): Promise<void>;
}

export interface ChildProgram {
  /**
   * Resolves when the program has been ready for the first time, or has failed to be; it is tried
   * again meanwhile.
   */
  readonly started: Promise<boolean>;
  /** Asks it to end, and makes it. */
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5_000;
const RESTART_AFTER_MS = 100;
const LONGEST_REST_MS = 5_000;

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
      log.error({ ended: how, failures }, `${name} ended unexpectedly and is started again`);
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
        log.warn(`${name} did not end when it was asked to, and is made to`);
        child?.kill('SIGKILL');
      }, STOP_LIMIT_MS);
      await running;
      clearTimeout(force);
      started.resolve(false);
    },
  };
}

function spawnChild({ args, environment }: ChildProgramOptions): ChildProcess {
  // A session of its own: Ctrl-C in the terminal reaches Pontis only, which stops its children in
  // order.
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

/** From its start to its end. */
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
  // Writing to a program that has ended is no news.
  child.stdin?.on('error', () => undefined);

  const announce = async (said: RegExpExecArray): Promise<void> => {
    for (let attempt = 1; !over.signal.aborted && !stopping.aborted; attempt += 1) {
      try {
        if (child.pid === undefined) throw new Error(`${name} has no process`);
        await onReady(said, child.pid);
        return started(true);
      } catch (error) {
        log[attempt === 1 ? 'warn' : 'debug'](
          { err: error },
          `${name} is ready, but that cannot be made known yet`,
        );
        await sleep(1_000, undefined, { signal: over.signal }).catch(() => undefined);
      }
    }
  };
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = wasReady ? null : ready.exec(line);
      if (said === null) return void log.debug(`${name}: ${line}`);
      clearTimeout(limit);
      wasReady = true;
      void announce(said);
    });
  }
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on('line', (line) => log.warn(`${name}: ${line}`));

  const how = await ended;
  clearTimeout(limit);
  over.abort();
  return { wasReady, how };
}
