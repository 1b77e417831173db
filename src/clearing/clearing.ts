// Moving points that connected platforms keep themselves. Owns what is said to their connectors; never touches the ledger's rows.
// There is the connector so far: the client of a platform's API and the suite that tests one. No transfer runs over it yet.
// The only file of this module that others import.

export { testConnector, type CheckResult, type ConformanceReport } from './connector/conformance.ts';
