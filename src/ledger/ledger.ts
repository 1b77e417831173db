// The double-entry core. Owns accounts, transactions, holds and lots; never knows of HTTP,
// clearing, or who a platform's user is. The only file of this module that others import.

export * from './types.ts';
export { isNarrower } from './clearing-mode.ts';
export { ledgerProblems } from './problems.ts';
export { createLedger, type LedgerOptions } from './create-ledger.ts';
export { shareOf, type Part, type Rounding } from './share.ts';
export { notWholeUnits, unitsOfPart } from './redeemed-units.ts';
