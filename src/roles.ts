// What a process of each role runs: a table of listeners and loops, and the starting and stopping of them in order.

import fastify, { type FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Context } from './context.ts';
import type { RoleName } from './runtime/config.ts';
import { listen } from './runtime/listen.ts';
import type { Loop } from './runtime/loop.ts';

type ListenerName = keyof typeof listeners;
type LoopName = keyof typeof loops;

interface Role {
  readonly listeners: readonly ListenerName[];
  readonly loops: readonly LoopName[];
}

export const roles: Readonly<Record<RoleName, Role>> = {
  all: { listeners: ['http'], loops: [] },
  api: { listeners: ['http'], loops: [] },
  worker: { listeners: [], loops: [] },
};

const listeners = {
  http: (_context: Context): Promise<FastifyInstance> => Promise.resolve(fastify()),
};

const loops: Readonly<Record<string, (context: Context) => Loop>> = {};

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
  const running = role.loops.map((name) => loops[name]?.(context)).filter((loop) => loop !== undefined);
  return {
    url,
    async stop() {
      await Promise.race([Promise.all(servers.map((server) => server.close())), sleep(context.config.drainTimeoutMs, undefined, { ref: false })]);
      await Promise.all(running.map((loop) => loop.stop()));
    },
  };
}
