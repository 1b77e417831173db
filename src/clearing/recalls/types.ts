// The types of recalls. No behaviour.

import type { Bucket, MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { RecallState } from './states.ts';

export interface RecallParty {
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
}

export interface Recall<S extends RecallState = RecallState> {
  readonly bucket: Bucket;
  readonly recallId: TransactionId;
  /** As its source knows it: the authorisation, where platforms were called first. */
  readonly transactionId: TransactionId;
  readonly fingerprint: string;
  readonly source: RecallParty;
  readonly target: RecallParty;
  /** Minor units of the source platform's points. */
  readonly amount: bigint;
  /** What the receiver got for it, in minor units of the target platform's points. */
  readonly credited: bigint;
  readonly reason: string;
  readonly state: S;
  readonly dueAtMs: number | null;
  /** The ledger transaction that takes the points back, once it is posted. */
  readonly resolutionId: TransactionId;
  readonly problem: string | null;
  readonly askedAtMs: number;
  readonly changedAtMs: number;
  readonly revision: number;
}

/** Who takes a step: a platform, the clock or the ledger. */
export type RecallActor =
  | { readonly actor: 'platform'; readonly id: PlatformId }
  | { readonly actor: 'clock' | 'ledger'; readonly id: null };

/** One row of the audit trail. */
export interface RecallStep {
  readonly takenAtMs: number;
  readonly who: RecallActor;
  readonly action: string;
  readonly stateBefore: RecallState | null;
  readonly stateAfter: RecallState;
  readonly text: string | null;
}

export interface NewRecall {
  readonly transactionId: TransactionId;
  readonly platformId: PlatformId;
  readonly reason: string;
  /** By default all that can be recalled. */
  readonly amount: bigint | undefined;
  /** The idempotency key. */
  readonly key: string;
}
