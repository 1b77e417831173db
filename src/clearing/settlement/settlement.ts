// Settlement: windows that cut the journal, what each platform owes or is owed for one, its
// statements and payments. Changes balances only through ledger commands, and never holds up a
// posting. The only file of this room that others import.

export { createSettlement, type Settlement } from './create-settlement.ts';
export { CURSOR as TRANSACTION_CURSOR, type StatementTransaction } from './list-transactions.ts';
export { owedByClosedWindows } from './owed.ts';
export type { SettlementParts } from './parts.ts';
export { settlementProblems } from './problems.ts';
export { readSchedule } from './schedule.ts';
export type { Statement, StatementObligation, StatementSource } from './statement.ts';
export { WINDOW_STATES, type ObligationState, type WindowState } from './states.ts';
export {
  ACT_KINDS,
  NETWORK,
  type ActKind,
  type PairKind,
  type PartPayment,
  type Participant,
  type Payment,
  type SettlementAct,
  type SettlementSettings,
  type SettlementWindow,
} from './types.ts';
