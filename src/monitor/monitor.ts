// Watches the network from outside of the posting path: the audit of its invariants, the journal
// for other programs, what platforms owe their members, and backtests of another rulebook. It never
// changes the ledger and never repairs anything; only alerts about failing rules are added to the
// feed. The only file of this module that others import.

export { audit, checks as auditChecks, type AuditReport, type CheckResult } from './run-audit.ts';

export { exportJournal, type WriteText } from './export-journal.ts';
export { MAX_BACKTEST_DAYS, type JournalFormat } from './options.ts';
export { createRuleAlerts, type RuleAlerts } from './rule-alerts.ts';
export {
  backtest,
  type Backtest,
  type BacktestExample,
  type BacktestOptions,
  type BacktestSide,
  type PlatformBacktest,
} from './backtest.ts';
export {
  BREAKAGE_FORMULA,
  reportLiability,
  type Liability,
  type PlatformLiability,
} from './liability.ts';
