// The calls and answers between the network and a connected platform, in the network's words.

/** Decimals of every amount in the connector API. */
export const CONNECTOR_SCALE = 2;

/** The address of a connected platform, and the proof that the network is calling. */
export interface ConnectorTarget {
  /** Base URL; the API lies under it at `/api/internal/`. */
  readonly url: string;
  /** The platform's own id in the network, sent as X-Platform-ID. */
  readonly platformId: string;
  /** Bearer token that the platform issued to the network. */
  readonly token: string;
  /** Key of the request signature. */
  readonly secret: string;
  /** The former secret, while the platform may still use it. */
  readonly formerSecret?: { readonly secret: string; readonly untilMs: number };
}

const STEP_KINDS = ['deduct', 'add', 'reverse'] as const;
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

/** Why it is unknown what a platform did. */
export type UnknownReason =
  | 'unreachable'
  | 'timeout'
  | 'reset'
  | 'status'
  | 'malformed'
  | 'certificate'
  | 'resting';

/** It is unknown whether the platform carried out the call; query it before doing anything else. */
export interface Unknown {
  readonly outcome: 'unknown';
  readonly reason: UnknownReason;
  /** A sentence for people and logs, without any personal part of the answer. */
  readonly detail: string;
  /** The platform has asked for a pause of this length. */
  readonly retryAfterMs?: number;
}

/**
 * The platform itself refused: nothing of this step is in effect, and asking again gives the same
 * answer.
 */
interface No {
  readonly outcome: 'no';
  readonly status: number;
  readonly error: string;
}

interface Yes<T> {
  readonly outcome: 'yes';
  readonly value: T;
}

/** Every call has one of three outcomes. Unknown is never no. */
export type ConnectorOutcome<T> = Yes<T> | No | Unknown;

export interface StepAnswer {
  readonly transactionId: string;
  /** The user's balance after the step, when the platform reports it. */
  readonly balanceMinor: bigint | undefined;
  /**
   * The answer names another user or amount than the call: the platform did not confirm what it was
   * asked to do.
   */
  readonly isOfAnother?: true;
}

type TransactionState = 'unknown' | 'applied' | 'refused' | 'reversed';

/** The platform's record of a transaction. */
export type TransactionAnswer =
  | { readonly state: 'unknown' }
  | {
      readonly state: Exclude<TransactionState, 'unknown'>;
      /** Null when only the reversal has been seen. */
      readonly operation: 'deduct' | 'add' | null;
      readonly userId: string;
      readonly amountMinor: bigint;
      /**
       * Its present effect on the user's balance: negative for a deduct; zero when refused or
       * reversed.
       */
      readonly effectMinor: bigint;
    };

/**
 * One movement in a platform's statement. `other` is the platform's own business: it belongs to no
 * transaction of the network, but counts in the total.
 */
export interface StatementEntry {
  /** For `other`: the platform's own name for it. */
  readonly transactionId: string;
  readonly operation: StepKind | 'other';
  readonly userId: string;
  readonly amountMinor: bigint;
  /** Signed change of the user's balance. */
  readonly effectMinor: bigint;
}

export interface StatementPage {
  readonly entries: readonly StatementEntry[];
  /** The cursor for `since`, to read further; also when the page is empty. */
  readonly nextCursor: string;
  /** True when there is more to read now. */
  readonly more: boolean;
}
