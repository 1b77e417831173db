// The words of redemptions. No behaviour.

import type { MemberId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { OperationKey } from '../ledger/ledger.ts';
import type { RedemptionState } from './states.ts';

/** A voucher and what became of the units that it stands for. */
export interface Voucher {
  /** 1, 2, 3 …; 0 for one that stands for the whole redemption. */
  readonly unit: number;
  /** All that it was given for: the sum of the following. */
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

/** So many units of one voucher. */
export interface UnitChoice {
  readonly unit: number;
  readonly units: bigint;
}

/**
 * How much of a redemption is to be used or given back: at most one of amount and quantity; all
 * that can be when nothing is said.
 */
export interface Asked {
  /** Minor units. */
  readonly amount?: bigint | undefined;
  /** Units. */
  readonly quantity?: bigint | undefined;
  /** The units of the vouchers that are named. */
  readonly named?: readonly number[] | undefined;
}

/**
 * The reversal under way of a redemption that is `cancelling`: all that is needed to post it, or to
 * find it posted.
 */
export interface Reversal extends Asked, OperationKey {
  readonly reason: string;
  readonly reference?: string | undefined;
}

/**
 * With the state that it came from, and the units that come back; none are chosen where it was
 * begun before units were counted.
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
  /** Of these, what was given back. */
  readonly givenBack: bigint;
  /** What became of its units; one that stands for all, or one for each. */
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

/** Who wants to redeem, for options and validation. */
export interface Redeemer {
  readonly platformId: PlatformId;
  readonly memberId: MemberId;
  /** What the platform says of the member now. */
  readonly tags: readonly string[];
}
