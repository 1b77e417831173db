// Watches over the network from outside the posting path: the audit of its invariants, the journal
// for other programs to check, what platforms owe their members, and what another rulebook would
// have made of the past. Reads only; never repairs anything. The only file of this module that
// others import.

export { audit, checks as auditChecks, type AuditReport, type CheckResult } from './run-audit.ts';

export { exportJournal, type WriteText } from './export-journal.ts';
export { journalFormats, MAX_BACKTEST_DAYS, type JournalFormat } from './options.ts';
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
