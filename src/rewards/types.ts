// The words of redemptions. No behaviour.

import type { MemberId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { RedemptionState } from './states.ts';

/** The reversal under way of a redemption that is `cancelling`: all that is needed to post it, or to find it posted. */
export interface Reversal {
  /** Idempotency key in the ledger. */
  readonly key: string;
  readonly reason: string;
  readonly reference?: string | undefined;
  /** Minor units; what is left when absent. */
  readonly amount?: bigint | undefined;
}

export interface Redemption {
  /** The ledger's transaction. */
  readonly redemptionId: TransactionId;
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
  readonly rewardId: string;
  /** Units. */
  readonly quantity: bigint;
  /** Minor units of the platform's points. */
  readonly amount: bigint;
  readonly state: RedemptionState;
  readonly issuedAtMs: number;
  /** Its vouchers can be used until just before then; null for ever. */
  readonly expiresAtMs: number | null;
  readonly changedAtMs: number;
  readonly revision: number;
  /** With the state that it came from; null unless `cancelling`. */
  readonly reversal: (Reversal & { readonly from: RedemptionState }) | null;
  readonly fulfilledKey: string | null;
}

/** What a posted redemption gives its member. */
export type Issue = Pick<Redemption, 'redemptionId' | 'platformId' | 'memberId' | 'rewardId' | 'quantity' | 'amount' | 'issuedAtMs' | 'expiresAtMs'>;

/** Who wants to redeem, for options and validation. */
export interface Redeemer {
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
  /** What the platform says of the member now. */
  readonly tags: readonly string[];
}
