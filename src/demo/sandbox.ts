// Runs the sandbox platform beside the program as a connected platform of the demo network, in its
// own process.

import type { Connections, ConnectionHealth } from '../connections/connections.ts';
import { demoUsersOf, SANDBOX_PLATFORM } from './seed-demo.ts';
import type { Identity } from '../identity/identity.ts';
import { ProblemError } from '../kernel/problem.ts';
import { runsSandbox, type Config } from '../runtime/config.ts';
import type { Log } from '../runtime/log.ts';
import { startPoll, type Poll } from '../runtime/poll.ts';
import { superviseSandbox } from './sandbox-process.ts';

/** The parts of the program that the sandbox needs. */
export interface SandboxParts {
  readonly config: Config;
  readonly log: Log;
  readonly identity: Identity;
  readonly connections: Connections;
  readonly connectionHealth: ConnectionHealth;
}

/** The running sandbox. */
export interface RunningSandbox {
  /** Its last address; empty while it has not been ready yet. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts the sandbox. Undefined when it does not run here. Resolves when it is ready and
 * registered, or when its first start has failed: the failure is logged and retried, and the
 * network starts without it.
 */
export async function startSandbox({
  config,
  log,
  identity,
  connections,
  connectionHealth,
}: SandboxParts): Promise<RunningSandbox | undefined> {
  if (!runsSandbox(config)) return undefined;
  if (identity.findPlatform(SANDBOX_PLATFORM)?.custody !== 'connected') {
    log.info(
      { platform_id: SANDBOX_PLATFORM },
      'no sandbox is started: this network has no connected platform of that name',
    );
    return undefined;
  }
  const secret = await identity.getSecret(SANDBOX_PLATFORM);
  if (!secret.ok) throw new ProblemError(secret.problem);
  let url = '';
  const child = superviseSandbox({
    dataDir: config.dataDir,
    platformId: SANDBOX_PLATFORM,
    secret: secret.value,
    users: demoUsersOf(SANDBOX_PLATFORM),
    log,
    async onReady(answersAt, token) {
      url = answersAt;
      const known = connections.targetOf(SANDBOX_PLATFORM);
      // Nothing is written if nothing has changed, because the database may be down.
      if (known?.url !== url || known.token !== token) {
        const set = await connections.set({ platformId: SANDBOX_PLATFORM, url, token }, 'sandbox');
        if (!set.ok) throw new ProblemError(set.problem);
      }
      await connectionHealth.check();
    },
  });
  await child.started;
  const follower = followSecret(identity, secret.value, (next) => child.setSecret(next), log);
  return {
    get url() {
      return url;
    },
    async stop() {
      follower.close();
      await child.stop();
    },
  };
}

const LOOK_EVERY_MS = 500;

/**
 * Passes a rotated secret on to the sandbox, whoever rotated it. The sandbox accepts it besides the
 * one before. A failed attempt is retried.
 */
function followSecret(
  identity: Identity,
  first: string,
  passOn: (secret: string) => Promise<void>,
  log: Log,
): Poll {
  let current = first;
  return startPoll({
    what: 'the secret of the sandbox',
    everyMs: LOOK_EVERY_MS,
    log,
    ask: async () => {
      const secret = identity.findPlatform(SANDBOX_PLATFORM)?.secretKey.export().toString('utf8');
      if (secret === undefined || secret === current) return;
      await passOn(secret);
      current = secret;
      log.info({ platform_id: SANDBOX_PLATFORM }, 'the sandbox has the new secret');
    },
  });
}
