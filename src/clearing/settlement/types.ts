// The types of settlement: windows, cuts, nets, pairs, carve-outs and obligations. Amounts are
// minor units, of the settlement currency unless another is named. No behaviour.

import type { Bucket, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { ObligationState, WindowState } from './states.ts';

/**
 * A participant of settlement: a platform, or the network with the remainders. No platform can have
 * that name.
 */
export type Participant = PlatformId | typeof NETWORK;
export const NETWORK = '@network';

export interface SettlementWindow<State extends WindowState = WindowState> {
  readonly windowId: number;
  readonly state: State;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  /** An operator, or `schedule`. */
  readonly closedBy: string | null;
  /** When its pairs had been counted and compared with its nets. */
  readonly countedAtMs: number | null;
  /** The difference between them. */
  readonly mismatch: string | null;
  readonly proposedBy: string | null;
  readonly proposedAtMs: number | null;
  readonly approvedBy: string | null;
  readonly approvedAtMs: number | null;
  readonly settledAtMs: number | null;
}

/** The rows of one bucket that are in a window: those after `from`, up to and including `to`. */
export interface Cut {
  readonly bucket: Bucket;
  readonly from: bigint;
  readonly to: bigint;
}

/** Position of a participant over a window: opening + net + paid = closing. */
export interface Net {
  readonly participant: Participant;
  readonly opening: bigint;
  readonly net: bigint;
  /** Settlements of earlier windows meanwhile. */
  readonly paid: bigint;
  readonly closing: bigint;
}

/** `adjust`: corrections of members' points on the target, for which the source pays. */
export type PairKind = 'conversion' | 'reverse' | 'adjust';

/**
 * All conversions of a window from one platform to another, or all their reversals, or all
 * corrections for which one pays the other.
 */
export interface Pair {
  readonly source: PlatformId;
  readonly target: PlatformId;
  readonly kind: PairKind;
  readonly transactions: bigint;
  /** Minor units of the source's points. */
  readonly amount: bigint;
  /** Minor units of the target's points. */
  readonly credited: bigint;
  /** What the source owes; negative for reversals. */
  readonly owed: bigint;
  /** What the target is due; negative for reversals. */
  readonly due: bigint;
}

/**
 * A disputed transaction that is left out of a window (`out`), or comes back into a later one
 * (`in`).
 */
export interface CarveOut {
  readonly windowId: number;
  readonly bucket: Bucket;
  /** The journal row that moved the positions. */
  readonly rowId: TransactionId;
  /** The transaction that the dispute names; another one when the transfer was authorised first. */
  readonly transactionId: TransactionId;
  readonly direction: 'out' | 'in';
  readonly source: PlatformId;
  readonly target: PlatformId;
  /** Minor units of the source's points. */
  readonly amount: bigint;
  /**
   * The part of the row's effect on the positions of source and target that belongs to the amount.
   */
  readonly sourceEffect: bigint;
  readonly targetEffect: bigint;
}

/** `net`, or `source>target` of a pair that is settled gross. */
export type Basis = string;
export const NET: Basis = 'net';

/** Out of and into the prefund, or by a payment outside of the network. */
export type PaidFrom = 'prefund' | 'outside';

/** Identifies an obligation of a window. */
export interface ObligationKey {
  readonly participant: Participant;
  readonly basis: Basis;
}

/** A payment of an obligation or of a part of it; one transaction of the ledger. */
export interface PartPayment {
  /** 1, 2, 3 … of one obligation. */
  readonly number: number;
  /**
   * The amount that the participant is paid (positive) or pays; zero where its share is too small.
   */
  readonly amount: bigint;
  /** `planned`: the ledger is asked for it. */
  readonly state: 'planned' | 'posted';
  readonly paidFrom: PaidFrom;
  readonly bankReference: string | null;
  readonly transactionId: TransactionId | null;
  readonly postedAtMs: number | null;
}

/**
 * An amount carried over from a window to a later one when a defaulter was left out: subtracted in
 * the one, added in the other.
 */
export interface CarriedOver extends ObligationKey {
  readonly windowId: number;
  readonly toWindowId: number;
  readonly leftOut: PlatformId;
  readonly amount: bigint;
}

/** The amount that a participant is to be paid (positive) or to pay for a window. */
export interface Obligation extends ObligationKey {
  readonly windowId: number;
  readonly amount: bigint;
  /** The paid part of it, with the sign of `amount`. */
  readonly paid: bigint;
  readonly parts: readonly PartPayment[];
  readonly state: ObligationState;
  readonly paidFrom: PaidFrom;
  readonly bankReference: string | null;
  readonly proposedBy: string;
  readonly proposedAtMs: number;
  readonly approvedBy: string | null;
  /** Why the ledger refused it at the last attempt. */
  readonly problem: string | null;
  readonly nextAttemptAtMs: number | null;
  readonly transactionId: TransactionId | null;
  readonly paidAtMs: number | null;
}

/** An act that one operator proposes for a window that is being settled, and another approves. */
export interface SettlementAct {
  readonly actId: string;
  readonly windowId: number;
  readonly kind: ActKind;
  /**
   * The platform that is left out; or the participants whose obligations are taken back, all of
   * them when empty.
   */
  readonly participants: readonly Participant[];
  readonly reason: string;
  readonly state: 'open' | 'approved' | 'withdrawn';
  readonly proposedBy: string;
  readonly proposedAtMs: number;
  readonly decidedBy: string | null;
  readonly decidedAtMs: number | null;
}

export const ACT_KINDS = ['leave_out', 'abort', 'take_back'] as const;
export type ActKind = (typeof ACT_KINDS)[number];

/** How one participant's obligations are to be paid. */
export interface Payment {
  readonly participant: Participant;
  /** By default all of the participant's. */
  readonly basis?: Basis | undefined;
  readonly from: PaidFrom;
  readonly bankReference?: string | undefined;
}

/** When windows close by themselves. */
export type Schedule =
  | { readonly kind: 'none' }
  /** HH:MM in the network's time zone. */
  | { readonly kind: 'daily'; readonly at: string }
  | { readonly kind: 'every'; readonly minutes: number };

export interface SettlementSettings {
  readonly schedule: Schedule;
  /** Unordered pairs whose obligations are listed and paid pair by pair. */
  readonly grossPairs: readonly (readonly [PlatformId, PlatformId])[];
}
