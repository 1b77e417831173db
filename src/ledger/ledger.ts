// The double-entry core. Owns accounts, transactions, holds and lots; never knows of HTTP,
// clearing, or who a platform's user is. The only file of this module that others import.

export {
  CLEARING_MODES,
  type Alongside,
  type Asset,
  type Clawback,
  type ClearingMode,
  type Details,
  type Hold,
  type OperationKey,
  type Outcome,
  type PlatformMoney,
  type PostedLeg,
  type Preview,
  type SignatureMark,
  type TransactionKind,
} from './types.ts';
export type { Ledger } from './ledger-calls.ts';
export type { Command } from './commands/commands.ts';
export type { RedeemCommand } from './commands/redeem.ts';
export type { ReverseCommand } from './commands/reverse.ts';
export type { SettleCommand } from './commands/settle.ts';
export type { LockedQuote, TransferCommand } from './commands/transfer.ts';
export { isNarrower } from './clearing-mode.ts';
export { getAsset, getPoints } from './get-asset.ts';
export { ledgerProblems } from './problems.ts';
export { createLedger, type LedgerOptions } from './create-ledger.ts';
export { shareOf } from './share.ts';
export { notWholeUnits, unitsOfPart } from './redeemed-units.ts';
