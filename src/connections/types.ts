// What the network and a connected platform say to each other, in the network's words.

/** Decimals of every amount in the connector API. */
export const CONNECTOR_SCALE = 2;

/** Where a connected platform answers, and how it knows that it is the network that calls. */
export interface ConnectorTarget {
  /** Base URL; the API lies under it at `/api/internal/`. */
  readonly url: string;
  /** The platform's own id in the network, sent as X-Platform-ID. */
  readonly platformId: string;
  /** Bearer token that the platform issued to the network. */
  readonly token: string;
  /** Key of the request signature. */
  readonly secret: string;
  /** The one before, while the platform may still have that. */
  readonly formerSecret?: { readonly secret: string; readonly untilMs: number };
}

export const STEP_KINDS = ['deduct', 'add', 'reverse'] as const;
export type StepKind = (typeof STEP_KINDS)[number];

/**
 * One step of a transaction at one platform. Its idempotency key is the transaction's id and its
 * kind.
 */
export interface Step {
  readonly userId: string;
  readonly amountMinor: bigint;
  readonly transactionId: string;
}

/** Why it is not known what a platform did. */
export type UnknownReason =
  | 'unreachable'
  | 'timeout'
  | 'reset'
  | 'status'
  | 'malformed'
  | 'certificate'
  | 'resting';

/** It is not known whether the platform did what it was asked; ask before doing anything else. */
export interface Unknown {
  readonly outcome: 'unknown';
  readonly reason: UnknownReason;
  /** A sentence for people and logs; without anything of the answer that could be personal. */
  readonly detail: string;
  /** The platform has asked to be left alone for so long. */
  readonly retryAfterMs?: number;
}

/**
 * The platform refused, and says so itself: nothing of this step is in effect, and asking again
 * gives the same.
 */
export interface No {
  readonly outcome: 'no';
  readonly status: number;
  readonly error: string;
}

export interface Yes<T> {
  readonly outcome: 'yes';
  readonly value: T;
}

/** Every answer of a platform is one of three. Unknown is never no. */
export type ConnectorOutcome<T> = Yes<T> | No | Unknown;

export interface StepAnswer {
  readonly transactionId: string;
  /** The user's balance after the step, when the platform tells. */
  readonly balanceMinor: bigint | undefined;
  /**
   * The answer names another user or amount than it was asked for: what the platform has done is
   * not what it says yes to.
   */
  readonly isOfAnother?: true;
}

export type TransactionState = 'unknown' | 'applied' | 'refused' | 'reversed';

/** What a platform says of a transaction. */
export type TransactionAnswer =
  | { readonly state: 'unknown' }
  | {
      readonly state: Exclude<TransactionState, 'unknown'>;
      /** Null when only the reversal has been seen. */
      readonly operation: 'deduct' | 'add' | null;
      readonly userId: string;
      readonly amountMinor: bigint;
      /**
       * What of it is in the user's balance now: negative for a deduct; zero when refused or
       * reversed.
       */
      readonly effectMinor: bigint;
    };

/**
 * One movement in a platform's statement. `other` is business of the platform's own: of no
 * transaction of the network, but in its total.
 */
export interface StatementEntry {
  /** Of `other`: whatever the platform calls it. */
  readonly transactionId: string;
  readonly operation: StepKind | 'other';
  readonly userId: string;
  readonly amountMinor: bigint;
  /** Signed change of the user's balance. */
  readonly effectMinor: bigint;
}

export interface StatementPage {
  readonly entries: readonly StatementEntry[];
  /** Give it as `since` to read on; also when the page is empty. */
  readonly nextCursor: string;
  /** True when there is more to read now. */
  readonly more: boolean;
}
