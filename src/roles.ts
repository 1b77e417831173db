// What a process of each role runs: a table of listeners and loops, and the starting and stopping
// of them in order.

import type { FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';

import { activateDue } from './network/network.ts';
import { createMetricsServer, createServer } from './api/server.ts';
import type { Context } from './context.ts';
import type { RoleName } from './runtime/config.ts';
import { listen, listenFrom } from './runtime/listen.ts';
import { startLoop, type Loop } from './runtime/loop.ts';

/** A hold ends at most this much after its time. */
const SWEEP_EVERY_MS = 1_000;
/** What another process has set is in force here at most twice this much later. */
const RULEBOOK_EVERY_MS = 400;
/**
 * What a crash left of a redemption is mended at most this much after the next start, and a voucher
 * is told expired.
 */
const REDEMPTIONS_EVERY_MS = 1_000;
/**
 * What a crash left of a request about a reserve is mended, a cap follows its prefund, and a
 * threshold is told, at most this much later.
 */
const RESERVES_EVERY_MS = 1_000;
/** A reconciliation that was asked for begins at most this much later. */
const RECONCILIATION_EVERY_MS = 1_000;
/** Platforms hear of a transaction about this much later. */
const NOTICES_EVERY_MS = 500;
/** An event is sent about this much after it happened. */
const WEBHOOKS_EVERY_MS = 200;
/**
 * What a crash left of a dispute is finished at most this much after its lease, and silence decides
 * this much after a due date.
 */
const DISPUTES_EVERY_MS = 1_000;
/** The same of a recall. */
const RECALLS_EVERY_MS = 1_000;
/**
 * A connected platform that has gone or come back shows in /health at most this much later, and its
 * patience.
 */
const CONNECTIONS_EVERY_MS = 5_000;

/** An approved act that a crash has left is gone on with at most this much after its lease. */
const ACTS_EVERY_MS = 1_000;
/** A window that is due is closed at most this much later, and what was approved is paid. */
const SETTLEMENT_EVERY_MS = 1_000;

type ListenerName = keyof typeof listeners;
type LoopName = keyof typeof loops;

interface Role {
  readonly listeners: readonly ListenerName[];
  readonly loops: readonly LoopName[];
}

const roles: Readonly<Record<RoleName, Role>> = {
  all: {
    listeners: ['http', 'metrics'],
    loops: [
      'sweep',
      'rulebook',
      'sagas',
      'reconciliation',
      'redemptions',
      'reserves',
      'disputes',
      'recalls',
      'settlement',
      'notices',
      'webhooks',
      'connections',
      'acts',
    ],
  },
  api: { listeners: ['http', 'metrics'], loops: ['rulebook', 'connections', 'acts'] },
  worker: {
    listeners: [],
    loops: [
      'sweep',
      'rulebook',
      'sagas',
      'reconciliation',
      'redemptions',
      'reserves',
      'disputes',
      'recalls',
      'settlement',
      'notices',
      'webhooks',
      'acts',
    ],
  },
};

const listeners = {
  http: (context: Context): Promise<FastifyInstance> =>
    createServer(
      { ...context, activate: () => activateDue(context) },
      {
        drainNoticeMs: context.config.drainNoticeMs,
        trustedProxies: context.config.trustedProxies,
      },
    ),
  /** For the monitor: it stays until the process ends. */
  metrics: (context: Context): Promise<FastifyInstance> =>
    Promise.resolve(createMetricsServer(context)),
};

const loops = {
  /**
   * Releases holds whose time is over and expires lots whose day has come. Several processes may
   * run it: each finding is resolved once.
   */
  sweep: ({ ledger, log }: Context): Loop =>
    startLoop({
      name: 'sweep',
      log,
      everyMs: SWEEP_EVERY_MS,
      run: async () => {
        const { released, expired, behind } = await ledger.sweep();
        return released + expired > 0 || behind;
      },
    }),
  /**
   * Puts versions of the rulebook in force when their time has come, and notices those that others
   * have.
   */
  rulebook: (context: Context): Loop => {
    const { valuation, log } = context;
    const { name, stop } = startLoop({
      name: 'rulebook',
      log,
      everyMs: RULEBOOK_EVERY_MS,
      run: async () => {
        try {
          await activateDue(context);
        } finally {
          await valuation.reportVersion();
        }
        return false;
      },
    });
    return {
      name,
      async stop() {
        await stop();
        await valuation
          .leave()
          .catch((error: unknown) =>
            log.debug({ err: error }, 'this process is taken for a running one a little longer'),
          );
      },
    };
  },
  /**
   * Goes on with approved acts that a crash has left, and ends requests that nobody approved in
   * time. Several processes may run it.
   */
  acts: ({ acts, log }: Context): Loop =>
    startLoop({
      name: 'acts',
      log,
      everyMs: ACTS_EVERY_MS,
      run: async () => {
        await acts.follow();
        return false;
      },
    }),
  /** Asks connected platforms whether they answer, for this process's own /health. */
  connections: ({ connectionHealth, log }: Context): Loop =>
    startLoop({
      name: 'connections',
      log,
      everyMs: CONNECTIONS_EVERY_MS,
      run: async () => {
        await connectionHealth.check();
        return false;
      },
    }),
  /**
   * Goes on with transfers over connected platforms. Any number of processes may: each takes its
   * own from the queue.
   */
  sagas: ({ sagas }: Context): Loop => ({ name: 'sagas', ...sagas.start() }),
  /**
   * Compares books with platforms when it is their time, or when somebody asks. Of several
   * processes one does a platform.
   */
  reconciliation: ({ reconciliation, log }: Context): Loop =>
    startLoop({
      name: 'reconciliation',
      log,
      everyMs: RECONCILIATION_EVERY_MS,
      run: (signal) => reconciliation.runDue(signal),
    }),
  /**
   * Closes windows when the schedule says so, counts their pairs, and pays what was approved.
   * Several processes may run it.
   */
  settlement: ({ settlement, log }: Context): Loop =>
    startLoop({
      name: 'settlement',
      log,
      everyMs: SETTLEMENT_EVERY_MS,
      run: () => settlement.follow(),
    }),
  /**
   * Writes redemptions that are missing, finishes reversals of them and lets vouchers expire.
   * Several processes may run it.
   */
  redemptions: ({ rewards, log }: Context): Loop =>
    startLoop({
      name: 'redemptions',
      log,
      everyMs: REDEMPTIONS_EVERY_MS,
      run: () => rewards.follow(),
    }),
  /**
   * Watches the reserves; reads figures only, unless a cap has to follow its prefund. Several
   * processes may run it.
   */
  reserves: ({ reserve, log }: Context): Loop =>
    startLoop({
      name: 'reserves',
      log,
      everyMs: RESERVES_EVERY_MS,
      run: async () => {
        await reserve.follow();
        return false;
      },
    }),
  /**
   * Tells platforms, in the feed, what was posted that concerns them. Several processes may run it:
   * each row is told once.
   */
  notices: ({ notices, log }: Context): Loop =>
    startLoop({ name: 'notices', log, everyMs: NOTICES_EVERY_MS, run: () => notices.follow() }),
  /** Sends events to webhooks. Of several processes each sends what no other is sending. */
  webhooks: ({ webhooks, log }: Context): Loop => {
    const deliverer = webhooks.createDeliverer();
    const loop = startLoop({
      name: 'webhooks',
      log,
      everyMs: WEBHOOKS_EVERY_MS,
      run: () => deliverer.run(),
    });
    return {
      name: loop.name,
      async stop() {
        await loop.stop();
        await deliverer
          .close()
          .catch((error: unknown) =>
            log.warn({ err: error }, 'webhook messages under way are left to others'),
          );
      },
    };
  },
  /** Carries out what was agreed, and lets silence refuse. Several processes may run it. */
  recalls: ({ recalls, log }: Context): Loop =>
    startLoop({ name: 'recalls', log, everyMs: RECALLS_EVERY_MS, run: () => recalls.follow() }),
  /**
   * Does what is due in disputes and finishes what others have begun. Several processes may run it.
   */
  disputes: ({ disputes, log }: Context): Loop =>
    startLoop({ name: 'disputes', log, everyMs: DISPUTES_EVERY_MS, run: () => disputes.follow() }),
};

export interface RunningRole {
  /** Where the API answers; undefined for a role without listener. */
  readonly url: string | undefined;
  /** Where monitors read /metrics without a token. */
  readonly metricsUrl: string | undefined;
  /**
   * Stops accepting, finishes what is in flight (at most `drainTimeoutMs`), then stops the loops.
   */
  stop(): Promise<void>;
}

export async function startRole(context: Context): Promise<RunningRole> {
  const role = roles[context.config.role];
  // Before it answers anybody it is waited for, and has what others put in force while it started.
  await context.valuation.reportVersion();
  await activateDue(context).catch((error: unknown) =>
    context.log.warn({ err: error }, 'versions of the rulebook are looked for again soon'),
  );
  const servers: FastifyInstance[] = [];
  const urls: Partial<Record<ListenerName, string>> = {};
  const { host, port, metricsHost, metricsPort } = context.config;
  for (const name of role.listeners) {
    const server = await listeners[name](context);
    servers.push(server);
    urls[name] =
      name === 'http'
        ? await listen(server, { host, port })
        : await listenFrom(server, {
            host: metricsHost,
            port: metricsPort,
            from: port === 0 ? 0 : port + 1,
          });
  }
  const running = role.loops.map((name) => loops[name](context));
  return {
    url: urls.http,
    metricsUrl: urls.metrics,
    async stop() {
      await Promise.race([
        Promise.all(servers.map((server) => server.close())),
        sleep(context.config.drainTimeoutMs, undefined, { ref: false }),
      ]);
      // Whoever has not finished by now, or never finished asking, would keep the program alive.
      for (const { server } of servers) server.closeAllConnections();
      await Promise.all(running.map((loop) => loop.stop()));
    },
  };
}
