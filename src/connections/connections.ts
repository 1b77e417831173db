// Platforms that keep their points themselves: which are connected and how each is called by the
// connector protocol; whether they answer; and the suite that tests a platform's connector. Takes
// no decision on a transfer. The only file of this module that others import.

export {
  createConnectionHealth,
  type ConnectionHealth,
  type ConnectionState,
} from './connection-health.ts';
export {
  createConnections,
  requireConnected,
  type Connection,
  type Connections,
  type ConnectionToSet,
} from './create-connections.ts';
export { describeConnectorApi } from './connector-document.ts';
export type { ConnectorClient } from './connector-client.ts';
export {
  testConnector,
  type CheckResult,
  type ConformanceReport,
} from './conformance/conformance.ts';
export { connectionProblems } from './problems.ts';
export {
  CONNECTOR_SCALE,
  type ConnectorOutcome,
  type ConnectorTarget,
  type StatementEntry,
  type Step,
  type StepKind,
  type TransactionAnswer,
} from './types.ts';
