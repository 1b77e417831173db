// The types of redemptions. No behaviour.

import type { MemberId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { OperationKey } from '../ledger/ledger.ts';
import type { RedemptionState } from './states.ts';

/** A voucher and the state of its units. */
export interface Voucher {
  /** 1, 2, 3 …; 0 for one that stands for the whole redemption. */
  readonly unit: number;
  /** All units that it was given for: the sum of the following. */
  readonly units: bigint;
  /** Until the redemption expires. */
  readonly usable: bigint;
  readonly fulfilled: bigint;
  /** Points and unit were given back. */
  readonly returned: bigint;
  /**
   * A part of their points was given back before parts had to be whole units. They cannot be used
   * any more.
   */
  readonly partReturned: bigint;
}

/** A number of units of one voucher. */
export interface UnitChoice {
  readonly unit: number;
  readonly units: bigint;
}

/**
 * How much of a redemption is to be used or given back: at most one of amount and quantity; by
 * default all that can be.
 */
export interface Asked {
  /** Minor units. */
  readonly amount?: bigint | undefined;
  /** Units. */
  readonly quantity?: bigint | undefined;
  /** The units of the named vouchers. */
  readonly named?: readonly number[] | undefined;
}

/**
 * The reversal under way of a redemption that is `cancelling`: everything needed to post it, or to
 * find it posted.
 */
export interface Reversal extends Asked, OperationKey {
  readonly reason: string;
  readonly reference?: string | undefined;
}

/**
 * With the state before it, and the units that come back; none are chosen where it was begun before
 * units were counted.
 */
export interface ReversalUnderWay extends Reversal {
  readonly from: RedemptionState;
  readonly chosen?: readonly UnitChoice[] | undefined;
}

export interface Redemption {
  /** The ledger's transaction. */
  readonly redemptionId: TransactionId;
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
  readonly rewardId: string;
  /** Units, as they were redeemed. */
  readonly quantity: bigint;
  /** Minor units of the platform's points that were paid. */
  readonly amount: bigint;
  /** The part of them that was given back. */
  readonly givenBack: bigint;
  /** The state of its units; one voucher for all, or one for each. */
  readonly vouchers: readonly Voucher[];
  readonly state: RedemptionState;
  readonly issuedAtMs: number;
  /** Its vouchers can be used until just before then; null for ever. */
  readonly expiresAtMs: number | null;
  readonly changedAtMs: number;
  readonly revision: number;
  /** Null unless `cancelling`. */
  readonly reversal: ReversalUnderWay | null;
}

/** What a posted redemption gives its member. */
export type Issue = Pick<
  Redemption,
  | 'redemptionId'
  | 'platformId'
  | 'memberId'
  | 'rewardId'
  | 'quantity'
  | 'amount'
  | 'issuedAtMs'
  | 'expiresAtMs'
>;

/** The member that wants to redeem, for options and validation. */
export interface Redeemer {
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
  /** The member's present tags from the platform. */
  readonly tags: readonly string[];
}
