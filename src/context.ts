// The composition root: makes every part of the program once, passes each part what it needs, and
// closes them in reverse order.

import { createAlongside, createSagas, migrateQueue, type Sagas } from './clearing/saga/saga.ts';
import { createDisputes, type Disputes } from './clearing/disputes/disputes.ts';
import { createNotices, type Notices } from './clearing/notices/notices.ts';
import { createRecalls, reversalTakenBy, type Recalls } from './clearing/recalls/recalls.ts';
import { createReserve, type Reserve } from './clearing/reserve/reserve.ts';
import {
  createReconciliation,
  createReconciliationMetrics,
  type Reconciliation,
} from './clearing/reconciliation/reconciliation.ts';
import { createSettlement, type Settlement } from './clearing/settlement/settlement.ts';
import {
  createConnectionHealth,
  createConnections,
  type ConnectionHealth,
  type Connections,
} from './connections/connections.ts';
import { createWebhooks, type Webhooks } from './events/events.ts';
import { createActs, type Acts } from './acts/acts.ts';
import { createIdentity, type Identity } from './identity/identity.ts';
import { systemClock, type Clock } from './kernel/time.ts';
import { createLedger, type Ledger } from './ledger/ledger.ts';
import { createRewards, type Rewards } from './rewards/rewards.ts';
import { connectorRangesOf, privateRangesOf, type Config } from './runtime/config.ts';
import type { Pool } from './runtime/database.ts';
import type { Log } from './runtime/log.ts';
import { createMetrics, type Metrics } from './runtime/metrics.ts';
import { migrate } from './runtime/migrate.ts';
import { createDataFolder } from './runtime/embedded-postgres.ts';
import { createEgress } from './runtime/egress.ts';
import { openDatabase } from './runtime/open-database.ts';
import { createPlatformTokens, createSealer, loadMasterKey } from './security/security.ts';
import { createRuleAlerts, type RuleAlerts } from './monitor/monitor.ts';
import {
  createQuoteTokens,
  createValuation,
  type QuoteTokens,
  type Valuation,
} from './valuation/valuation.ts';

/** All parts of the program. */
export interface Context {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly databaseUrl: string;
  readonly pool: Pool;
  readonly identity: Identity;
  readonly connections: Connections;
  readonly connectionHealth: ConnectionHealth;
  readonly valuation: Valuation;
  readonly ledger: Ledger;
  readonly sagas: Sagas;
  readonly reconciliation: Reconciliation;
  readonly rewards: Rewards;
  readonly reserve: Reserve;
  readonly notices: Notices;
  readonly webhooks: Webhooks;
  readonly settlement: Settlement;
  readonly disputes: Disputes;
  readonly acts: Acts;
  readonly recalls: Recalls;
  readonly ruleAlerts: RuleAlerts;
  readonly quotes: QuoteTokens;
  /**
   * Finishes work in progress, closes connections, and stops PostgreSQL if this process started it.
   */
  close(): Promise<void>;
}

/** How the parts are made. */
export interface ContextOptions {
  readonly log: Log;
  /**
   * `own` for the program itself, which needs the data folder alone; `any` for commands that work
   * beside it.
   */
  readonly mode: 'own' | 'any';
  readonly clock?: Clock;
}

/** Opens the database, migrates it and makes all parts. Closes what is open when it throws. */
export async function createContext(config: Config, options: ContextOptions): Promise<Context> {
  const { log, mode, clock = systemClock } = options;
  const closers = new Closers(log);
  try {
    createDataFolder(config.dataDir);
    const database = await openDatabase({
      config,
      log,
      mode,
      applicationName: `pontis ${config.role}`,
    });
    closers.add('database', () => database.close());
    const { pool, url } = database;
    await migrate(pool, log);
    await migrateQueue(pool, log);
    const metrics = createMetrics({ processMetrics: mode === 'own' });

    const masterKey = loadMasterKey(config.dataDir, config.masterKey);
    const sealer = createSealer(masterKey);
    const identity = await createIdentity({
      pool,
      sealer,
      tokens: createPlatformTokens(masterKey, clock),
      log,
    });
    closers.add('identity', async () => identity.close());
    // Operators set the addresses of connectors, platforms set those of webhooks. Because of the
    // sandbox, connectors may also be on this machine; webhooks may not.
    const connectorEgress = createEgress({ allowedRanges: connectorRangesOf(config) });
    const webhookEgress = createEgress({ allowedRanges: privateRangesOf(config) });
    closers.add('egress', async () =>
      [connectorEgress, webhookEgress].forEach((egress) => egress.close()),
    );
    const connections = await createConnections({
      pool,
      identity,
      sealer,
      log,
      clock,
      transport: { egress: connectorEgress },
    });
    closers.add('connections', () => connections.close());
    const connectionHealth = createConnectionHealth({ identity, connections, log });
    const valuation = await createValuation(pool, clock, () =>
      identity.listPlatforms().map(({ platformId }) => platformId),
    );
    const ruleAlerts = createRuleAlerts({ pool, log, metrics, clock });
    const ledger = await createLedger({
      pool,
      url,
      log,
      clock,
      valuation,
      lanes: config.lanes,
      bucketCount: config.buckets,
      onRuleFailure: ruleAlerts.note,
      alongside: createAlongside({ clock, deadlineMs: config.sagaDeadlineMs }),
    });
    closers.add('ledger', () => ledger.close());
    const sagas = createSagas({
      pool,
      clock,
      log,
      metrics,
      ledger,
      identity,
      connectorOf: connections.connectorOf,
      recallReversal: (saga) => reversalTakenBy({ pool, ledger }, saga),
      concurrency: config.sagas,
    });
    const reconciliation = createReconciliation({
      pool,
      clock,
      log,
      ledger,
      identity,
      connectorOf: connections.connectorOf,
      everyMs: config.reconcileEveryS * 1_000,
    });
    createReconciliationMetrics({ metrics, log, reconciliation });
    const rewards = createRewards({ pool, clock, log, ledger, valuation, masterKey });
    const reserve = createReserve({
      pool,
      clock,
      log,
      ledger,
      metrics,
      watch: { thresholds: config.reserveThresholds, receiveOnlyAt: config.reserveReceiveOnlyAt },
    });
    const notices = createNotices({ pool, clock, ledger, identity });
    const disputes = createDisputes({ pool, clock, log, ledger, valuation });
    const recalls = createRecalls({
      pool,
      clock,
      log,
      ledger,
      valuation,
      sagaDeadlineMs: config.sagaDeadlineMs,
    });
    const webhooks = createWebhooks({ pool, clock, log, sealer, egress: webhookEgress });
    const settlement = createSettlement({
      pool,
      clock,
      log,
      ledger,
      timeZone: () => valuation.rulebook().calendar.timeZone,
      nameOf: (platformId) => identity.findPlatform(platformId)?.name ?? platformId,
      suspend: (platformId, reason, operatorId) =>
        reserve.setMode({ platformId, mode: 'suspended', reason, operatorId }),
      listFrozen: () => disputes.listFrozen(),
      prefundMoved: (platformId) => reserve.align(platformId),
    });
    const acts = createActs({
      pool,
      clock,
      log,
      sealer,
      identity,
      connections,
      sagas,
      reconciliation,
      disputes,
      reserve,
      ledger,
    });
    return {
      config,
      log,
      metrics,
      clock,
      databaseUrl: url,
      acts,
      pool,
      identity,
      connections,
      connectionHealth,
      valuation,
      ledger,
      sagas,
      reconciliation,
      rewards,
      reserve,
      disputes,
      recalls,
      settlement,
      notices,
      webhooks,
      ruleAlerts,
      quotes: createQuoteTokens(masterKey),
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** The parts that are open, to be closed in reverse order. */
class Closers {
  readonly #log: Log;
  readonly #stack: { readonly name: string; close(): Promise<void> }[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  add(name: string, close: () => Promise<void>): void {
    this.#stack.push({ name, close });
  }

  /** Closes all parts. A part that fails to close does not keep the others open. */
  async close(): Promise<void> {
    for (let part = this.#stack.pop(); part !== undefined; part = this.#stack.pop()) {
      this.#log.debug({ part: part.name }, 'closing');
      try {
        await part.close();
      } catch (error) {
        this.#log.error({ err: error, part: part.name }, 'closing failed');
      }
    }
  }
}
