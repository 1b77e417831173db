// The parts of the program that the API uses; the context of the composition root has this type.

import type { Acts } from '../acts/acts.ts';
import type { Disputes } from '../clearing/disputes/disputes.ts';
import type { Recalls } from '../clearing/recalls/recalls.ts';
import type { Reserve } from '../clearing/reserve/reserve.ts';
import type { Reconciliation } from '../clearing/reconciliation/reconciliation.ts';
import type { Sagas } from '../clearing/saga/saga.ts';
import type { Settlement } from '../clearing/settlement/settlement.ts';
import type { ConnectionHealth, Connections } from '../connections/connections.ts';
import type { Webhooks } from '../events/events.ts';
import type { Identity } from '../identity/identity.ts';
import type { Clock } from '../kernel/time.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Rewards } from '../rewards/rewards.ts';
import type { RuleAlerts } from '../monitor/monitor.ts';
import type { Pool } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { QuoteTokens, Valuation } from '../valuation/valuation.ts';

/** The services that routes work with. */
export interface ApiParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly pool: Pool;
  readonly identity: Identity;
  readonly acts: Acts;
  readonly connections: Connections;
  readonly connectionHealth: ConnectionHealth;
  readonly ledger: Ledger;
  readonly sagas: Sagas;
  readonly reconciliation: Reconciliation;
  readonly rewards: Rewards;
  readonly reserve: Reserve;
  readonly webhooks: Webhooks;
  readonly settlement: Settlement;
  readonly disputes: Disputes;
  readonly recalls: Recalls;
  readonly valuation: Valuation;
  readonly quotes: QuoteTokens;
  readonly ruleAlerts: RuleAlerts;
}
