// Is each part of the program well? Asked by people, load balancers and monitors; answers are
// shared for a moment so that asking costs nothing.

import type { ConnectionState } from '../../connections/connections.ts';
import { ping } from '../../runtime/database.ts';
import type { ApiParts } from '../parts.ts';

export interface Check {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** For operators and monitors: it may name reasons. */
  readonly message: string;
  /** For everybody, where that is another. */
  readonly open?: string;
  /** For operators and monitors: it may name hosts. */
  readonly detail?: string;
}

export interface HealthChecks {
  database(): Promise<Check>;
  clearingCenter(): Promise<Check>;
  apiGateway(): Check;
  /** What the background check found of connected platforms: nobody is asked now. */
  platformConnections(): Record<string, Check>;
  /** From now on this process asks to be left out of load balancing. */
  startDraining(): void;
  isDraining(): boolean;
}

const FRESH_MS = 500;
const TIMEOUT_MS = 2_000;
/** Of the source requirement (7.2). */
const MANY_PENDING = 1_000;

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
 * That a platform does not answer, or with which status, is for everybody; why is for those who run
 * it.
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

/** What is wrong with transfers over connected platforms; undefined when nothing is. */
async function checkSagas(sagas: ApiParts['sagas']): Promise<Check | undefined> {
  try {
    const { attention, overdue } = await sagas.figures();
    if (attention > 0)
      return { status: 'degraded', message: `Transfers that wait for an operator: ${attention}` };
    return overdue > 0
      ? { status: 'degraded', message: `Transfers past their deadline: ${overdue}` }
      : undefined;
  } catch {
    return { status: 'degraded', message: 'How transfers stand is not known' };
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
    // Why is in the log; an open page does not name hosts and users.
    return { status: 'unhealthy', message: 'The database cannot be reached' };
  } finally {
    clearTimeout(timer);
  }
}

export function worst(checks: readonly Check[]): Check['status'] {
  if (checks.some(({ status }) => status === 'unhealthy')) return 'unhealthy';
  return checks.some(({ status }) => status === 'degraded') ? 'degraded' : 'healthy';
}
