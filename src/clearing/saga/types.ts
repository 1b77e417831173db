// The words of the sagas. No behaviour.

import type { Bucket, MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { EndState, Route, SagaCall, SagaState } from './states.ts';

/** What an operator may tell a worker to do with a saga. */
export type Order = 'undo' | 'force_completed' | 'force_failed';
export type SagaActionName = 'retry' | Order;

export interface Saga extends Route {
  readonly bucket: Bucket;
  /** The ledger transaction that authorised it, or that reversed. */
  readonly sagaId: TransactionId;
  /** What platforms know it by. */
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
  /** Calls of the present step that came to nothing. */
  readonly attempts: number;
  /** Infinity once only an operator can go on. */
  readonly nextAttemptAtMs: number;
  readonly deadlineAtMs: number;
  /** Why a person has to look at it. */
  readonly attention: string | null;
  readonly ordered: Order | null;
  readonly lastError: string | null;
  /** Why it goes back: the platform's refusal, or who said so. */
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

/** How it stands with a transfer for whoever asked for it. */
export interface TransferStanding {
  readonly status: TransferStatus;
  /** Of a failed one: why. */
  readonly reason?: string;
}
