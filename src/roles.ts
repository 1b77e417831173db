// What a process of each role runs: a table of listeners and loops, and the starting and stopping of them in order.

import type { FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';

import { activateDue } from './activation.ts';
import { createServer } from './api/server.ts';
import type { Context } from './context.ts';
import type { RoleName } from './runtime/config.ts';
import { listen } from './runtime/listen.ts';
import { startLoop, type Loop } from './runtime/loop.ts';

/** A hold ends at most this much after its time. */
const SWEEP_EVERY_MS = 1_000;
/** What another process has set is in force here at most twice this much later. */
const RULEBOOK_EVERY_MS = 400;
/** What a crash left of a redemption is mended at most this much after the next start, and a voucher is told expired. */
const REDEMPTIONS_EVERY_MS = 1_000;
/** What a crash left of a request about a reserve is mended, a cap follows its prefund, and a threshold is told, at most this much later. */
const RESERVES_EVERY_MS = 1_000;

type ListenerName = keyof typeof listeners;
type LoopName = keyof typeof loops;

interface Role {
  readonly listeners: readonly ListenerName[];
  readonly loops: readonly LoopName[];
}

export const roles: Readonly<Record<RoleName, Role>> = {
  all: { listeners: ['http'], loops: ['sweep', 'rulebook', 'redemptions', 'reserves'] },
  api: { listeners: ['http'], loops: ['rulebook'] },
  worker: { listeners: [], loops: ['sweep', 'rulebook', 'redemptions', 'reserves'] },
};

const listeners = {
  http: (context: Context): Promise<FastifyInstance> => createServer({ ...context, activate: () => activateDue(context) }, { drainNoticeMs: context.config.drainNoticeMs }),
};

const loops = {
  /** Releases holds whose time is over and expires lots whose day has come. Several processes may run it: each finding is resolved once. */
  sweep: ({ ledger, log }: Context): Loop =>
    startLoop({
      name: 'sweep',
      log,
      everyMs: SWEEP_EVERY_MS,
      run: async () => {
        const { released, expired } = await ledger.sweep();
        return released + expired > 0;
      },
    }),
  /** Puts versions of the rulebook in force when their time has come, and notices those that others have. */
  rulebook: (context: Context): Loop =>
    startLoop({
      name: 'rulebook',
      log: context.log,
      everyMs: RULEBOOK_EVERY_MS,
      run: async () => {
        await activateDue(context);
        await context.valuation.refresh();
        return false;
      },
    }),
  /** Writes redemptions that are missing, finishes reversals of them and lets vouchers expire. Several processes may run it. */
  redemptions: ({ rewards, log }: Context): Loop =>
    startLoop({ name: 'redemptions', log, everyMs: REDEMPTIONS_EVERY_MS, run: () => rewards.follow() }),
  /** Watches the reserves; reads figures only, unless a cap has to follow its prefund. Several processes may run it. */
  reserves: ({ reserve, log }: Context): Loop =>
    startLoop({
      name: 'reserves', log, everyMs: RESERVES_EVERY_MS,
      run: async () => {
        await reserve.follow();
        return false;
      },
    }),
};

export interface RunningRole {
  /** Where the API answers; undefined for a role without listener. */
  readonly url: string | undefined;
  /** Stops accepting, finishes what is in flight (at most `drainTimeoutMs`), then stops the loops. */
  stop(): Promise<void>;
}

export async function startRole(context: Context): Promise<RunningRole> {
  const role = roles[context.config.role];
  const servers: FastifyInstance[] = [];
  let url: string | undefined;
  for (const name of role.listeners) {
    const server = await listeners[name](context);
    servers.push(server);
    url = await listen(server, context.config);
  }
  const running = role.loops.map((name) => loops[name](context));
  return {
    url,
    async stop() {
      await Promise.race([Promise.all(servers.map((server) => server.close())), sleep(context.config.drainTimeoutMs, undefined, { ref: false })]);
      // Whoever has not finished by now, or never finished asking, would keep the program alive.
      for (const { server } of servers) server.closeAllConnections();
      await Promise.all(running.map((loop) => loop.stop()));
    },
  };
}
