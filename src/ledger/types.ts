// The ledger's nouns: assets, rows of the journal, holds, balances, and what they are made of. No
// behaviour. What can be asked of the ledger is in `commands/` and `ledger-calls.ts`.

import type { Bucket, MemberId, OwnerId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Queryable } from '../runtime/database.ts';
import type { Applied } from '../valuation/valuation.ts';
import type { Day } from '../kernel/time.ts';

/** What an account counts. */
export interface Asset {
  readonly assetId: number;
  /**
   * Unique name: the platform's id for its points, `CNY`, `reward:platform/reward_id`, or
   * `limit:rule` for what a limit counts.
   */
  readonly code: string;
  readonly kind: 'points' | 'settlement' | 'reward' | 'allowance';
  /** Decimals of one unit. */
  readonly scale: number;
  readonly platformId: PlatformId | null;
  /** Who owns its system accounts; derived from the platform's id. */
  readonly ownerId: OwnerId | null;
  /** The effect of reversing an earn whose points are already spent. */
  readonly clawback: Clawback;
  /**
   * `hosted`: members' points are accounts here. `connected`: the platform keeps them, and only
   * `external` is moved here.
   */
  readonly custody: Custody;
  /** Its platform's part in conversions; absent where it is `both`. */
  readonly mode?: ClearingMode;
}

export type Custody = 'hosted' | 'connected';

/** A platform's part in conversions: source and target, either alone, or neither. */
export const CLEARING_MODES = ['both', 'send_only', 'receive_only', 'suspended'] as const;
export type ClearingMode = (typeof CLEARING_MODES)[number];

/**
 * `debt`: the member goes negative; `available`: the shortfall is the platform's cost; `refuse`: no
 * reversal.
 */
export type Clawback = 'debt' | 'available' | 'refuse';

export type Purpose =
  | 'lot'
  | 'debt'
  | 'issued'
  | 'redeemed'
  | 'expired'
  | 'clawback'
  | 'adjustment'
  | 'fee'
  | 'transit'
  | 'position'
  | 'rounding'
  | 'prefund'
  | 'external'
  | 'stock'
  | 'delivered'
  | 'allowance'
  | 'shared_allowance'
  | 'used';

export type TransactionKind =
  | 'earn'
  | 'transfer'
  | 'conversion'
  | 'authorise'
  | 'redeem'
  | 'hold'
  | 'capture'
  | 'release'
  | 'reverse'
  | 'clawback'
  | 'expire'
  | 'adjust'
  | 'allot'
  | 'deposit'
  | 'withdraw'
  | 'settle';

/** Small JSON that a caller attaches to a transaction; kept and given back as it is. */
export type Details = Readonly<Record<string, string | number | boolean | null>>;

/**
 * The mark of a request's signature, and of the place in a batch, kept until the signature is
 * stale.
 */
export interface SignatureMark {
  /** Unix seconds, as signed. */
  readonly signedAt: number;
  /** 16 hexadecimal digits. */
  readonly mark: string;
}

/** The key and signature that make an operation happen once. */
export interface OperationKey {
  readonly key: string;
  readonly signature?: SignatureMark | undefined;
}

/**
 * Units of a redemption that come back. The module that keeps its vouchers decides them, so they
 * are not part of what the caller states.
 */
export interface ReturnedUnits {
  readonly units: bigint;
  /** Their vouchers, as text of the module that keeps them. */
  readonly vouchers: string;
}

/** A bound over all stripes of a system account. */
export interface Cap {
  readonly ownerId: OwnerId;
  readonly assetId: number;
  readonly purpose: 'position' | 'stock' | 'shared_allowance';
  /** The period of a shared allowance. */
  readonly until?: Day | undefined;
  /** Minor units of the asset: how far the stripes together may go below zero. */
  readonly amount: bigint;
}

/** A platform's money in settlement currency, over all stripes; in minor units. */
export interface PlatformMoney {
  readonly prefund: bigint;
  /** The amount that it is owed; negative when it owes. */
  readonly position: bigint;
  /** Of transfers under way: what it will owe, and what it will be owed. */
  readonly pendingDebits: bigint;
  readonly pendingCredits: bigint;
  /** How far posted position less pending debits may go below zero; undefined for no bound. */
  readonly cap: bigint | undefined;
}

/** Posted, or moved a pending sum: `p` posted, `d` pending debit, `c` pending credit. */
export type Layer = 'p' | 'd' | 'c';

export interface Entry {
  readonly accountId: bigint;
  readonly amount: bigint;
  readonly balanceAfter: bigint;
  readonly layer: Layer;
}

/** One row of the journal: a transaction as it concerns one member. */
export interface PostedLeg {
  readonly bucket: Bucket;
  readonly sequence: bigint;
  readonly transactionId: TransactionId;
  /** 0 for the member who was debited or credited first, 1 for the other. */
  readonly leg: number;
  readonly kind: TransactionKind;
  readonly postedAtMs: number;
  readonly occurredAtMs: number | null;
  readonly memberId: MemberId;
  readonly counterpartyId: MemberId | null;
  readonly assetId: number;
  readonly targetAssetId: number | null;
  readonly amount: bigint;
  readonly credited: bigint | null;
  readonly fee: bigint | null;
  /** Target points for one source point, for display. */
  readonly rate: string | null;
  readonly balanceAfter: bigint | null;
  readonly targetBalanceAfter: bigint | null;
  readonly relatedId: TransactionId | null;
  readonly reference: string | null;
  readonly details: Details | null;
  readonly fingerprint: bigint;
  /** The version of the rulebook it was decided under; null for what asks no rules. */
  readonly rulebookVersion: number | null;
  readonly entries: readonly Entry[];
}

/** The result of a command. A refusal has posted nothing. */
export type Outcome =
  | {
      readonly ok: true;
      readonly transaction: PostedLeg;
      /** True when the key had been used before and this is the first result. */
      readonly replayed: boolean;
    }
  | { readonly ok: false; readonly problem: Problem };

/** A member's points on one platform at one moment; all in minor units. */
export interface Balance {
  /** All points, held ones included, debt deducted. */
  readonly balance: bigint;
  /** The points that may be spent now. */
  readonly available: bigint;
  /** Set aside by holds. */
  readonly held: bigint;
  /** Owed by the member after reversals; later earns repay it. */
  readonly debt: bigint;
  /** The points that expire, earliest first. */
  readonly expiring: readonly { readonly expiresOn: Day; readonly amount: bigint }[];
}

export type HoldState = 'held' | 'captured' | 'released' | 'expired';

export interface Hold {
  readonly holdId: TransactionId;
  readonly bucket: Bucket;
  readonly memberId: MemberId;
  readonly assetId: number;
  readonly amount: bigint;
  /** For an open freeze: the amount that reversals have taken from it. */
  readonly captured: bigint;
  readonly state: HoldState;
  readonly expiresAtMs: number;
  readonly accountIds: readonly bigint[];
  readonly amounts: readonly bigint[];
  readonly resolvedBy: TransactionId | null;
  /** For a freeze: the disputed transaction, and since when the points are frozen. */
  readonly frozenFor: TransactionId | null;
  readonly frozenAtMs: number | null;
}

/** One page of a member's history on a platform, newest first. */
export interface HistoryPage {
  readonly transactions: readonly PostedLeg[];
  /** Give it back to get what follows; null at the end. */
  readonly nextCursor: string | null;
}

/** A transfer that a rule has set aside, and until when. */
export interface WaitingLeg {
  readonly leg: PostedLeg;
  readonly dueAtMs: number;
}

/** The terms of a leg that would be posted; as in `PostedLeg`. */
interface PreviewedLeg {
  readonly kind: TransactionKind;
  readonly amount: bigint;
  readonly credited?: bigint;
  readonly fee?: bigint;
  readonly rate?: string;
  readonly details?: Details | undefined;
}

/** The result that a command would have. */
export interface Preview {
  /** Why it would be refused; undefined when it would be posted. */
  readonly problem: Problem | undefined;
  /** The first leg that would be posted: a hold when an operator would have to look. */
  readonly leg: PreviewedLeg | undefined;
  /** Every rule that applied, in order, with its effect. */
  readonly applied: readonly Applied[];
  readonly rulebookVersion: number;
}

/**
 * Lets another module write its own rows in the same commit as the ledger rows they follow from;
 * the ledger does not know what they are.
 */
export interface Alongside {
  /** Asked of each first leg. */
  concerns(leg: PostedLeg): boolean;
  /** Called within the dbTransaction that posts the legs; a failure fails them. */
  write(
    client: Queryable,
    legs: readonly PostedLeg[],
    assets: (assetId: number) => Asset,
  ): Promise<unknown>;
}

/** Called, at most once for each refused command, when a rule could not be evaluated. */
export type NoteRuleFailure = (problem: Problem) => void;

/** An operation of a platform that posts nothing itself, and the signature under which it came. */
export interface SignedOperation {
  readonly platformId: PlatformId;
  readonly ownerId: OwnerId;
  readonly key: string;
  readonly signature: SignatureMark;
}
