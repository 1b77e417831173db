// Runs the sandbox platform beside the program, as one of the demo network's platforms: connected,
// and a process of its own.

import type { Connections, ConnectionHealth } from '../connections/connections.ts';
import { demoUsersOf, SANDBOX_PLATFORM } from './seed-demo.ts';
import type { Identity } from '../identity/identity.ts';
import { ProblemError } from '../kernel/problem.ts';
import { runsSandbox, type Config } from '../runtime/config.ts';
import type { Log } from '../runtime/log.ts';
import { startPoll, type Poll } from '../runtime/poll.ts';
import { superviseSandbox } from './sandbox-process.ts';

export interface SandboxParts {
  readonly config: Config;
  readonly log: Log;
  readonly identity: Identity;
  readonly connections: Connections;
  readonly connectionHealth: ConnectionHealth;
}

export interface RunningSandbox {
  /** Where it answered last; empty when it has not answered yet. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Undefined when none is to run here. Resolves when it answers and is registered; one that cannot
 * be started is told in the log and tried again, and does not keep the network from starting.
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
      // Where nothing has changed the database need not be asked: it may be down itself.
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
 * Hands a rotated secret on, whoever rotated it: the sandbox takes it beside the one before, and
 * one that cannot be told now is told again.
 */
function followSecret(
  identity: Identity,
  first: string,
  tell: (secret: string) => Promise<void>,
  log: Log,
): Poll {
  let told = first;
  return startPoll({
    what: 'the secret of the sandbox',
    everyMs: LOOK_EVERY_MS,
    log,
    ask: async () => {
      const secret = identity.findPlatform(SANDBOX_PLATFORM)?.secretKey.export().toString('utf8');
      if (secret === undefined || secret === told) return;
      await tell(secret);
      told = secret;
      log.info({ platform_id: SANDBOX_PLATFORM }, 'the sandbox has the new secret');
    },
  });
}
