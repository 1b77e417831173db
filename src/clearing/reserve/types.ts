// The types of reserves: a platform's figures, and the requests that change them. No behaviour.

import type { PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { ClearingMode } from '../../ledger/ledger.ts';

/** A platform's money at the network; amounts are minor units of the settlement currency. */
export interface ReserveFigures {
  readonly platformId: PlatformId;
  readonly mode: ClearingMode;
  readonly prefund: bigint;
  /** What it is owed; negative when it owes. */
  readonly position: bigint;
  /** Of transfers under way: what it will owe, and what it will be owed. */
  readonly pendingDebits: bigint;
  readonly pendingCredits: bigint;
  /**
   * How much of the cap is in use, including transfers under way; negative while the platform is
   * owed more.
   */
  readonly used: bigint;
  /** The limit of `used`; undefined for no limit. */
  readonly cap: bigint | undefined;
  /** The cap as hundredths of a percent of the prefund; undefined for a fixed cap. */
  readonly capBasisPoints: number | undefined;
  /** The part of the cap that the prefund covers; undefined without a cap. */
  readonly covered: bigint | undefined;
  /** What it may still send: cap less used. */
  readonly available: bigint | undefined;
  /** Thresholds that use has reached and not fallen below since, in percent of the cap. */
  readonly reached: readonly number[];
}

export const REQUEST_KINDS = ['deposit', 'withdrawal', 'cap'] as const;
type RequestKind = (typeof REQUEST_KINDS)[number];
export const REQUEST_STATES = ['open', 'approved', 'rejected', 'withdrawn'] as const;
export type RequestState = (typeof REQUEST_STATES)[number];

/** The change that a request asks for. */
export type Wanted =
  | {
      readonly kind: 'deposit' | 'withdrawal';
      readonly amount: bigint;
      readonly bankReference: string;
    }
  | { readonly kind: 'cap'; readonly amount: bigint }
  | { readonly kind: 'cap'; readonly basisPoints: number };

export interface NewRequest {
  readonly platformId: PlatformId;
  /** The maker. */
  readonly operatorId: string;
  readonly reason: string;
  readonly wanted: Wanted;
}

export interface ReserveRequest {
  readonly requestId: string;
  readonly platformId: PlatformId;
  readonly kind: RequestKind;
  readonly amount: bigint | null;
  readonly basisPoints: number | null;
  readonly bankReference: string | null;
  readonly reason: string;
  readonly state: RequestState;
  readonly madeBy: string;
  readonly madeAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string | null;
  /** When it took effect; null while an approved request is under way. */
  readonly carriedOutAt: Date | null;
  readonly transactionId: TransactionId | null;
  /** A lower cap, which takes one person: approved by its own maker. */
  readonly narrows: boolean;
  /** Code of the refusal after its last approval. */
  readonly refusedWith: string | null;
}

/** A request for another cap. */
export type NewCapRequest = NewRequest & {
  readonly wanted: Extract<Wanted, { readonly kind: 'cap' }>;
};

export interface RequestDecision {
  readonly requestId: string;
  /** The operator who decides. */
  readonly operatorId: string;
  readonly reason?: string | undefined;
}

export interface ModeChange {
  readonly platformId: PlatformId;
  readonly modeBefore: ClearingMode;
  readonly mode: ClearingMode;
  readonly reason: string;
  /** An operator, or `threshold`. */
  readonly changedBy: string;
  readonly changedAt: Date;
}
