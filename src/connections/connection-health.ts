// Whether each connected platform answers. Checked in the background and cached, so that reading it
// costs nothing and never waits.

import type { Identity } from '../identity/identity.ts';
import type { PlatformId } from '../kernel/ids.ts';
import type { Log } from '../runtime/log.ts';
import type { Connections } from './create-connections.ts';
import type { ConnectorClient } from './connector-client.ts';

export interface ConnectionState {
  /**
   * `degraded` while it is not known, and when the platform answers but refuses every signed call.
   */
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly message: string;
  /**
   * The fault, for operators and the log only: it may name hosts, so an open page does not show it.
   */
  readonly detail?: string;
}

export interface ConnectionHealth {
  /** Asks every connected platform once, all at the same time; waits at most `PATIENCE_MS`. */
  check(): Promise<void>;
  /** The result of the last check. */
  stateOf(platformId: PlatformId): ConnectionState;
}

export interface ConnectionHealthParts {
  readonly identity: Pick<Identity, 'listPlatforms'>;
  readonly connections: Pick<Connections, 'connectorOf'>;
  readonly log: Log;
}

/** From the source requirement (7.2). */
const PATIENCE_MS = 5_000;

export function createConnectionHealth({
  identity,
  connections,
  log,
}: ConnectionHealthParts): ConnectionHealth {
  let states = new Map<PlatformId, ConnectionState>();

  async function ask(platformId: PlatformId): Promise<ConnectionState> {
    const connector = connections.connectorOf(platformId);
    if (connector === undefined)
      return { status: 'degraded', message: 'No connection is registered' };
    const patience = Promise.withResolvers<ConnectionState>();
    const timer = setTimeout(
      () =>
        patience.resolve({
          status: 'unhealthy',
          message: `No answer within ${PATIENCE_MS / 1_000} s`,
        }),
      PATIENCE_MS,
    );
    const answered = judge(connector);
    try {
      return await Promise.race([answered, patience.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    async check() {
      const platforms = identity.listPlatforms().filter(({ custody }) => custody === 'connected');
      const found = await Promise.all(
        platforms.map(async ({ platformId }) => [platformId, await ask(platformId)] as const),
      );
      for (const [platformId, { status, message, detail }] of found) {
        const before = states.get(platformId)?.status;
        if (status === 'healthy' && before !== undefined && before !== 'healthy')
          log.info({ platform_id: platformId }, 'a connected platform answers again');
        if (status !== 'healthy' && (before === undefined || before === 'healthy'))
          log.warn(
            { platform_id: platformId, reason: detail ?? message },
            status === 'degraded'
              ? 'a connected platform cannot be called'
              : 'a connected platform does not answer',
          );
      }
      states = new Map(found);
    },
    stateOf(platformId) {
      return states.get(platformId) ?? { status: 'degraded', message: 'Not asked yet' };
    },
  };
}

/**
 * A platform may answer everybody and still refuse every call of the network, because its secret or
 * its clock differs.
 */
async function judge(connector: ConnectorClient): Promise<ConnectionState> {
  const health = await connector.checkHealth();
  if (health.outcome === 'no') return { status: 'unhealthy', message: `HTTP ${health.status}` };
  if (health.outcome === 'unknown')
    return {
      status: 'unhealthy',
      message: `No usable answer (${health.reason})`,
      detail: health.detail,
    };
  const refusal = await connector.findRefusal();
  if (refusal === undefined) return { status: 'healthy', message: 'Platform answers' };
  return {
    status: 'degraded',
    message: 'Platform answers, but refuses every signed call',
    detail: refusal,
  };
}
