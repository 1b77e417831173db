// The types of disputes. No behaviour.

import type { Bucket, MemberId, PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { ReasonCode } from './reasons.ts';
import type { DisputeState, Outcome } from './states.ts';

/** The side whose points moved first, and the side where points arrived. */
export type Side = 'source' | 'target';

/** Whether a platform, a member or an operator opened it. */
export type OpenedBy = 'platform' | 'member' | 'operator';

/** How an upheld dispute is settled; amounts in minor units of the source platform's points. */
export type Resolution =
  | { readonly kind: 'reversal'; readonly amount: bigint }
  /** The platform of one side gives the claimed points, and the receiver keeps its own. */
  | { readonly kind: 'adjustment'; readonly amount: bigint; readonly borneBy: Side };

export interface Party {
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
}

export interface Dispute<S extends DisputeState = DisputeState> {
  readonly bucket: Bucket;
  readonly disputeId: TransactionId;
  readonly transactionId: TransactionId;
  /** The dispute whose decision it appeals against. */
  readonly appealOf: TransactionId | null;
  readonly fingerprint: string;
  readonly openedBy: OpenedBy;
  readonly openerId: string;
  readonly claimantSide: Side;
  readonly source: Party;
  readonly target: Party;
  readonly reasonCode: ReasonCode;
  readonly description: string;
  /** The claimed amount, in minor units of the source platform's points. */
  readonly amount: bigint;
  /** How much of it the platform itself has reversed meanwhile; the rest is still disputed. */
  readonly reversed: bigint;
  /**
   * What the receiver got for the part still disputed, in minor units of the target platform's
   * points.
   */
  readonly credited: bigint;
  /** The hold that freezes it; null where the target platform is connected. */
  readonly holdId: TransactionId | null;
  /** How much of it is frozen; null until that is known. */
  readonly frozen: bigint | null;
  readonly state: S;
  readonly dueAtMs: number | null;
  readonly outcome: Outcome | null;
  readonly resolution: Resolution | null;
  readonly resolutionId: TransactionId | null;
  readonly problem: string | null;
  readonly overdueAtMs: number | null;
  readonly openedAtMs: number;
  readonly changedAtMs: number;
  readonly revision: number;
}

/** Who takes a step: a side through its platform, an operator, the clock or the ledger. */
export type Who =
  | { readonly actor: 'platform' | 'member'; readonly id: PlatformId }
  | { readonly actor: 'operator'; readonly id: string }
  | { readonly actor: 'clock' | 'ledger'; readonly id: null };

/** One row of the audit trail. */
export interface Step {
  readonly takenAtMs: number;
  readonly who: Who;
  readonly action: string;
  readonly stateBefore: DisputeState | null;
  readonly stateAfter: DisputeState;
  readonly text: string | null;
}

export const EVIDENCE_MEDIA = [
  'text/plain',
  'text/csv',
  'application/json',
  'application/pdf',
  'image/png',
  'image/jpeg',
] as const;
export type EvidenceMedia = (typeof EVIDENCE_MEDIA)[number];
export const MAX_EVIDENCE_BYTES = 256 * 1024;
export const MAX_EVIDENCE = 10;

export interface EvidenceFile {
  readonly name: string;
  readonly mediaType: EvidenceMedia;
  readonly content: Buffer;
}

export interface Evidence {
  /** 1, 2, 3 … within its dispute. */
  readonly evidence: number;
  readonly addedAtMs: number;
  readonly who: Who;
  readonly name: string;
  readonly mediaType: EvidenceMedia;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface NewDispute {
  readonly transactionId: TransactionId;
  readonly openedBy: OpenedBy;
  /** Undefined for an operator. */
  readonly platformId: PlatformId | undefined;
  readonly operatorId: string | undefined;
  /**
   * The side that claims; by default that of the platform, or the source's where a platform is
   * both.
   */
  readonly side: Side | undefined;
  readonly reasonCode: ReasonCode;
  readonly description: string;
  /** By default all that can still be disputed. */
  readonly amount: bigint | undefined;
  /** The idempotency key. */
  readonly key: string;
}

export interface Decision {
  readonly operatorId: string;
  readonly outcome: 'upheld' | 'rejected';
  readonly reason: string;
  /** For `upheld`; by default a reversal. */
  readonly kind: Resolution['kind'] | undefined;
  /** By default the whole disputed amount. */
  readonly amount: bigint | undefined;
  /** For an adjustment; by default the target platform. */
  readonly borneBy: Side | undefined;
}

/**
 * The disputed amount of a transaction, in minor units of the source platform's points; settlement
 * leaves it out.
 */
export interface Frozen {
  readonly transactionId: TransactionId;
  readonly amount: bigint;
}
