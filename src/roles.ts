// What a process of each role runs: a table of listeners and loops, and how they start and stop in
// order.

import type { FastifyInstance } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';

import { activateDue } from './network/network.ts';
import { createMetricsServer, createServer } from './api/server.ts';
import type { Context } from './context.ts';
import type { RoleName } from './runtime/config.ts';
import { listen, listenFrom } from './runtime/listen.ts';
import { startLoop, type Loop } from './runtime/loop.ts';

/** A hold ends at most this long after its deadline, in milliseconds. */
const SWEEP_EVERY_MS = 1_000;
/** A change of the rulebook by another process is in force here after at most twice this time. */
const RULEBOOK_EVERY_MS = 400;
/**
 * Redemptions that a crash left unfinished are completed this long after the next start; vouchers
 * expire this long after their last day.
 */
const REDEMPTIONS_EVERY_MS = 1_000;
/**
 * Reserve requests that a crash left unfinished are completed, caps follow their prefund, and
 * thresholds are reported, after at most this time.
 */
const RESERVES_EVERY_MS = 1_000;
/** A requested reconciliation begins after at most this time. */
const RECONCILIATION_EVERY_MS = 1_000;
/** Platforms get the event of a transaction after about this time. */
const NOTICES_EVERY_MS = 500;
/** An event is sent to webhooks after about this time. */
const WEBHOOKS_EVERY_MS = 200;
/**
 * A dispute that a crash left unfinished is completed this long after its lease. A due date without
 * an answer takes effect this long after it.
 */
const DISPUTES_EVERY_MS = 1_000;
/** The same for a recall. */
const RECALLS_EVERY_MS = 1_000;
/** /health shows after at most this time that a connected platform has gone or returned. */
const CONNECTIONS_EVERY_MS = 5_000;

/** An approved act that a crash left unfinished is resumed this long after its lease. */
const ACTS_EVERY_MS = 1_000;
/** A due window is closed, and approved payments are made, after at most this time. */
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
    createServer(context, {
      drainNoticeMs: context.config.drainNoticeMs,
      trustedProxies: context.config.trustedProxies,
    }),
  /** Serves the monitor until the process ends. */
  metrics: (context: Context): Promise<FastifyInstance> =>
    Promise.resolve(createMetricsServer(context)),
};

const loops = {
  /**
   * Releases holds that are overdue, and moves lots that have lapsed. Several processes may run it:
   * each one is resolved once.
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
   * Puts due versions of the rulebook in force, and notices those that other processes have put in
   * force.
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
            log.debug({ err: error }, 'other processes take this one for running a little longer'),
          );
      },
    };
  },
  /**
   * Resumes approved acts that a crash left unfinished, and ends requests that were not approved in
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
  /** Checks whether connected platforms answer, for the /health of this process. */
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
   * Carries on transfers over connected platforms. Any number of processes may run it: each takes
   * its own jobs from the queue.
   */
  sagas: ({ sagas }: Context): Loop => ({ name: 'sagas', ...sagas.start() }),
  /**
   * Reconciles platforms that are due or requested. When several processes run it, only one of them
   * does a platform.
   */
  reconciliation: ({ reconciliation, log }: Context): Loop =>
    startLoop({
      name: 'reconciliation',
      log,
      everyMs: RECONCILIATION_EVERY_MS,
      run: (signal) => reconciliation.runDue(signal),
    }),
  /**
   * Closes windows on schedule, counts their pairs, and makes approved payments. Several processes
   * may run it.
   */
  settlement: ({ settlement, log }: Context): Loop =>
    startLoop({
      name: 'settlement',
      log,
      everyMs: SETTLEMENT_EVERY_MS,
      run: () => settlement.follow(),
    }),
  /**
   * Writes missing redemptions, completes reversals of redemptions, and lets vouchers expire.
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
   * Watches the reserves. It only reads, unless a cap has to follow its prefund. Several processes
   * may run it.
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
   * Adds events to the feed about posted transactions, for the platforms that they concern. Several
   * processes may run it: each row gets its events once.
   */
  notices: ({ notices, log }: Context): Loop =>
    startLoop({ name: 'notices', log, everyMs: NOTICES_EVERY_MS, run: () => notices.follow() }),
  /**
   * Sends events to webhooks. When several processes run it, each sends what no other one is
   * sending.
   */
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
            log.warn({ err: error }, 'unfinished webhook messages are left to other processes'),
          );
      },
    };
  },
  /** Executes accepted recalls, and ends those without an answer. Several processes may run it. */
  recalls: ({ recalls, log }: Context): Loop =>
    startLoop({ name: 'recalls', log, everyMs: RECALLS_EVERY_MS, run: () => recalls.follow() }),
  /**
   * Does what is due in disputes, and completes what others have begun. Several processes may run
   * it.
   */
  disputes: ({ disputes, log }: Context): Loop =>
    startLoop({ name: 'disputes', log, everyMs: DISPUTES_EVERY_MS, run: () => disputes.follow() }),
};

/** A running process. */
export interface RunningRole {
  /** Base URL of the API; undefined for a role without a listener. */
  readonly url: string | undefined;
  /** Base URL where monitors read /metrics without a token. */
  readonly metricsUrl: string | undefined;
  /**
   * Stops accepting connections, finishes requests in flight (for at most `drainTimeoutMs`), then
   * stops the loops.
   */
  stop(): Promise<void>;
}

/** Starts the listeners and loops of the configured role. */
export async function startRole(context: Context): Promise<RunningRole> {
  const role = roles[context.config.role];
  // This process is recorded before it serves anything, so approvals wait for it; then it puts in
  // force what others approved while it started.
  await context.valuation.reportVersion();
  await activateDue(context).catch((error: unknown) =>
    context.log.warn(
      { err: error },
      'due versions of the rulebook could not be activated; this is retried',
    ),
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
      // Connections that are still open, for example with an unfinished request, would keep the
      // program running.
      for (const { server } of servers) server.closeAllConnections();
      await Promise.all(running.map((loop) => loop.stop()));
    },
  };
}
