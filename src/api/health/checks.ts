// Checks the health of each part of the program, for people, load balancers and monitors. A result
// is shared for half a second, so that frequent calls cost one query.

import type { ConnectionState } from '../../connections/connections.ts';
import { ping } from '../../runtime/database.ts';
import type { ApiParts } from '../parts.ts';

/** The result of one check. */
export interface Check {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** Shown to operators and monitors; it may contain reasons. */
  readonly message: string;
  /** Shown to everybody instead of `message`, if it differs. */
  readonly open?: string;
  /** Shown to operators and monitors; it may contain names of hosts. */
  readonly detail?: string;
}

/** The checks of one server. */
export interface HealthChecks {
  database(): Promise<Check>;
  clearingCenter(): Promise<Check>;
  apiGateway(): Check;
  /** The results of the background check of connected platforms; no platform is called now. */
  platformConnections(): Record<string, Check>;
  /** Makes /health/ready answer 503 from now on, so that load balancers leave this process out. */
  startDraining(): void;
  isDraining(): boolean;
}

const FRESH_MS = 500;
const TIMEOUT_MS = 2_000;
/** From the source requirement (7.2). */
const MANY_PENDING = 1_000;

/** Creates the checks of one server. */
export function createHealthChecks({
  pool,
  ledger,
  sagas,
  identity,
  connectionHealth,
  ruleAlerts,
}: ApiParts): HealthChecks {
  let draining = false;
  let asked: Promise<Check> | undefined;
  let askedAtMs = 0;

  return {
    database() {
      const now = performance.now();
      if (asked === undefined || now - askedAtMs > FRESH_MS) {
        asked = checkDatabase(pool);
        askedAtMs = now;
      }
      return asked;
    },
    async clearingCenter() {
      const failing = ruleAlerts.recent();
      if (failing.length > 0)
        return {
          status: 'degraded',
          message: `Rules that failed lately: ${failing.join(', ')}`,
          open: 'Rules have failed lately',
        };
      const underWay = await checkSagas(sagas);
      if (underWay !== undefined) return underWay;
      const pending = ledger.pending();
      return pending > MANY_PENDING
        ? { status: 'degraded', message: `High pending transactions: ${pending}` }
        : { status: 'healthy', message: `Pending transactions: ${pending}` };
    },
    apiGateway: () =>
      draining
        ? { status: 'degraded', message: 'API gateway draining' }
        : { status: 'healthy', message: 'API gateway operational' },
    platformConnections: () =>
      Object.fromEntries(
        identity.listPlatforms().map(({ platformId, state, custody }): [string, Check] => {
          if (state === 'suspended')
            return [
              platformId,
              { status: 'degraded', message: 'Suspended by the operator', open: 'Not available' },
            ];
          if (custody === 'hosted')
            return [platformId, { status: 'healthy', message: 'Balances are kept here' }];
          return [platformId, asTold(connectionHealth.stateOf(platformId))];
        }),
      ),
    startDraining: () => void (draining = true),
    isDraining: () => draining,
  };
}

/**
 * Everybody may see that a platform does not answer, or with which status. The reason is for
 * operators and monitors.
 */
function asTold({ status, message, detail }: ConnectionState): Check {
  const open = message.replace(/ \(.*\)$/, '');
  return {
    status,
    message,
    ...(open === message ? {} : { open }),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** The problem with transfers over connected platforms; undefined if there is none. */
async function checkSagas(sagas: ApiParts['sagas']): Promise<Check | undefined> {
  try {
    const { attention, overdue } = await sagas.figures();
    if (attention > 0)
      return { status: 'degraded', message: `Transfers that wait for an operator: ${attention}` };
    return overdue > 0
      ? { status: 'degraded', message: `Transfers past their deadline: ${overdue}` }
      : undefined;
  } catch {
    return { status: 'degraded', message: 'The state of transfers is not known' };
  }
}

async function checkDatabase(pool: ApiParts['pool']): Promise<Check> {
  const timeout = Promise.withResolvers<Check>();
  const timer = setTimeout(
    () => timeout.resolve({ status: 'unhealthy', message: 'The database does not answer' }),
    TIMEOUT_MS,
  );
  try {
    const asked = ping(pool).then((): Check => ({
      status: 'healthy',
      message: 'Database connection OK',
    }));
    return await Promise.race([asked, timeout.promise]);
  } catch {
    // The reason is in the log; an open page does not name hosts and users.
    return { status: 'unhealthy', message: 'The database cannot be reached' };
  } finally {
    clearTimeout(timer);
  }
}

/** The worst status of the checks; healthy if there are none. */
export function worst(checks: readonly Check[]): Check['status'] {
  if (checks.some(({ status }) => status === 'unhealthy')) return 'unhealthy';
  return checks.some(({ status }) => status === 'degraded') ? 'degraded' : 'healthy';
}
