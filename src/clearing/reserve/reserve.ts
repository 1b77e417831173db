// Reserves: what each platform has prefunded, how far its debt may go, and which part it takes in
// clearing. The ledger keeps the caps. Never moves money without two operators. The only file of
// this room that others import.

export { WHOLE, usedPercent } from './cap.ts';
export { createReserve, type Reserve } from './create-reserve.ts';
export { reserveProblems } from './problems.ts';
export {
  REQUEST_KINDS,
  REQUEST_STATES,
  type ModeChange,
  type NewRequest,
  type ReserveFigures,
  type ReserveRequest,
  type Wanted,
} from './types.ts';
