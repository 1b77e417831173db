// The types of sagas. No behaviour.

import type { Bucket, MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { EndState, Route, SagaCall, SagaState } from './states.ts';

/** An operator's instruction to a worker. */
export type Order = 'undo' | 'force_completed' | 'force_failed';
export type SagaActionName = 'retry' | Order;

export interface Saga extends Route {
  readonly bucket: Bucket;
  /** The ledger transaction that authorised it, or that reversed. */
  readonly sagaId: TransactionId;
  /** The id by which platforms know it. */
  readonly transactionId: TransactionId;
  readonly state: SagaState;
  readonly source: PlatformId;
  readonly target: PlatformId;
  readonly sourceMember: MemberId;
  readonly targetMember: MemberId;
  /** Minor units of the source's points. */
  readonly amount: bigint;
  /** Minor units of the target's points. */
  readonly credited: bigint;
  /** Calls of the present step that had no outcome. */
  readonly attempts: number;
  /** Infinity once only an operator can resume it. */
  readonly nextAttemptAtMs: number;
  readonly deadlineAtMs: number;
  /** Why an operator has to look at it. */
  readonly attention: string | null;
  readonly ordered: Order | null;
  readonly lastError: string | null;
  /** Why it goes back: the platform's refusal, or the operator's decision. */
  readonly refusal: string | null;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  readonly revision: number;
}

/** A call to a platform. */
export interface SagaStep {
  readonly call: SagaCall;
  readonly platformId: PlatformId;
}

export interface SagaAction {
  readonly actedAtMs: number;
  readonly operatorId: string;
  readonly action: SagaActionName;
  readonly reason: string;
  readonly state: SagaState;
}

export type TransferStatus = 'pending' | EndState;

/** The status of a transfer, for the caller that asked for it. */
export interface TransferStanding {
  readonly status: TransferStatus;
  /** Why it failed. */
  readonly reason?: string;
}
