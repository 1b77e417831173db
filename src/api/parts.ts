// What the API needs of the program; the context of the composition root fits.

import type { Connections, Reserve } from '../clearing/clearing.ts';
import type { Identity } from '../identity/identity.ts';
import type { Clock } from '../kernel/time.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Rewards } from '../rewards/rewards.ts';
import type { RuleAlerts } from '../monitor/monitor.ts';
import type { Pool } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { QuoteTokens, Valuation } from '../valuation/valuation.ts';

export interface ApiParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly pool: Pool;
  readonly identity: Identity;
  readonly connections: Connections;
  readonly ledger: Ledger;
  readonly rewards: Rewards;
  readonly reserve: Reserve;
  readonly valuation: Valuation;
  /** Puts versions of the rulebook in force whose time has come; returns how many. */
  activate(): Promise<number>;
  readonly quotes: QuoteTokens;
  readonly ruleAlerts: RuleAlerts;
}
