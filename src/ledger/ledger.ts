// The double-entry core. Owns accounts, transactions, holds and lots; never knows of HTTP,
// clearing, or who a platform's user is. The only file of this module that others import.

export {
  CLEARING_MODES,
  type Alongside,
  type Asset,
  type Clawback,
  type ClearingMode,
  type Command,
  type Details,
  type Hold,
  type Ledger,
  type LockedQuote,
  type OperationKey,
  type Outcome,
  type PlatformMoney,
  type PostedLeg,
  type Preview,
  type RedeemCommand,
  type ReverseCommand,
  type SettleCommand,
  type SignatureMark,
  type TransactionKind,
  type TransferCommand,
} from './types.ts';
export { isNarrower } from './clearing-mode.ts';
export { getAsset, getPoints } from './get-asset.ts';
export { ledgerProblems } from './problems.ts';
export { createLedger, type LedgerOptions } from './create-ledger.ts';
export { shareOf } from './share.ts';
export { notWholeUnits, unitsOfPart } from './redeemed-units.ts';
