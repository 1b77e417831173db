// What happens to transfers besides being posted: the operators' word on those that a rule has set aside, and what is said to the connectors
// of platforms that keep their points themselves. Never touches the ledger's rows. No transfer runs over a connector yet.
// The only file of this module that others import.

export { createConnectionHealth, type ConnectionHealth, type ConnectionState } from './connection-health.ts';
export { createConnections, requireConnected, type Connection, type Connections, type ConnectionsParts, type ConnectionToSet } from './connections.ts';
export type { ConnectorClient } from './connector/connector-client.ts';
export { testConnector, type CheckResult, type ConformanceReport } from './connector/conformance.ts';
export { connectionProblems } from './connector/problems.ts';
export { CONNECTOR_SCALE, type ConnectorOutcome, type ConnectorTarget } from './connector/types.ts';
export { decideReview, listReviews, type Review, type ReviewParts, type ReviewWord } from './reviews.ts';
export { createSettlement, type Settlement } from './settlement/settlement.ts';
export type { SettlementParts } from './settlement/parts.ts';
export { settlementProblems } from './settlement/problems.ts';
export { WINDOW_STATES, type WindowState } from './settlement/states.ts';
export { NETWORK, type Frozen, type Obligation, type Pair, type Participant, type Payment, type Schedule, type SettlementSettings, type SettlementWindow } from './settlement/types.ts';
export type { Statement, StatementSource } from './settlement/statement.ts';
export { describeSettings, describeWindow, describeWindowFigures } from './settlement/describe-window.ts';
export { readSchedule } from './settlement/schedule.ts';
export { describeStatement, describeTransactions } from './settlement/describe-statement.ts';
export { CURSOR as TRANSACTION_CURSOR, type TransactionPage } from './settlement/list-transactions.ts';
export { statementCsv, TRANSACTION_CSV_HEADER, transactionsCsv } from './settlement/statement-csv.ts';
export { statementHtml } from './settlement/statement-html.ts';
export { STATEMENT_LANGUAGES, type StatementLanguage } from './settlement/statement-words.ts';
