// The ledger's words: what can be asked of it, and what it answers. No behaviour.

import type { Bucket, MemberId, OwnerId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { Problem } from '../kernel/problem.ts';
import type { DbClient } from '../runtime/database.ts';
import type { Applied, Terms } from '../valuation/valuation.ts';
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
  /** What reversing an earn that is already spent does. */
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

/**
 * Whether a platform takes part in conversions as their source and as their target, as either
 * alone, or as neither.
 */
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

interface CommandBase {
  /** The platform that asks and whose points move first. */
  readonly platformId: PlatformId;
  /**
   * The debited member (the credited one of an earn). With `platformId` and `key` the scope of
   * idempotency.
   */
  readonly memberId: MemberId;
  /** The idempotency key: 1..255 characters. */
  readonly key: string;
  /** The caller's own reference, up to 128 characters. */
  readonly reference?: string | undefined;
  readonly details?: Details | undefined;
  /** What the operation is for, such as `shopping`; rules may ask for it. */
  readonly category?: string | undefined;
  /**
   * What the platform says of the member now; rules may ask for it. Not part of what the caller
   * states.
   */
  readonly tags?: readonly string[] | undefined;
  /**
   * Where the request's signature does not cover the key: it may stand for this operation alone.
   */
  readonly signature?: SignatureMark | undefined;
}

/** What is kept of a request's signature, and in a batch of the place in it, until it is stale. */
export interface SignatureMark {
  /** Unix seconds, as signed. */
  readonly signedAt: number;
  /** 16 hexadecimal digits. */
  readonly mark: string;
}

/** What makes an operation happen once. */
export interface OperationKey {
  readonly key: string;
  readonly signature?: SignatureMark | undefined;
}

/** Amounts in all commands are positive minor units of the platform's points, at most 10^15. */
export interface EarnCommand extends CommandBase {
  readonly kind: 'earn';
  /** Absent when the earn rules are to make it out of `spent`. */
  readonly amount?: bigint | undefined;
  /** What a purchase came to, in minor units of the settlement currency. */
  readonly spent?: bigint | undefined;
  readonly occurredAtMs?: number | undefined;
  /**
   * The last day on which the points can be spent; the platform's expiry policy decides when
   * absent.
   */
  readonly expiresOn?: Day | undefined;
}

/**
 * Within one platform, or across two: then the amount is converted at the terms of the moment. When
 * one of them keeps its points itself, the transfer is only authorised: all it will move is set
 * aside at these terms, until it is posted (`authorisedId`) or undone (a release).
 */
export interface TransferCommand extends CommandBase {
  readonly kind: 'transfer';
  readonly amount: bigint;
  readonly toMemberId: MemberId;
  readonly targetPlatformId: PlatformId;
  /** A quote whose terms are to be used. */
  readonly quote?: LockedQuote | undefined;
  /**
   * The hold under which an operator has looked at it: its points are moved, and review rules are
   * not asked again.
   */
  readonly reviewedHoldId?: TransactionId | undefined;
  /**
   * The authorisation that is to be posted, at its own terms and without asking the rules again;
   * the platforms have done their part.
   */
  readonly authorisedId?: TransactionId | undefined;
}

/** Terms that were promised; used once, by the transaction that names them. */
export interface LockedQuote {
  /** A UUID. */
  readonly nonce: string;
  /** Where its use is noted. */
  readonly bucket: Bucket;
  readonly terms: Terms;
  readonly expiresAtMs: number;
}

export interface RedeemCommand extends CommandBase {
  readonly kind: 'redeem';
  readonly amount: bigint;
  /** The asset whose units are the reward. */
  readonly rewardAssetId: number;
  /** Units, 1..1,000,000. */
  readonly quantity: bigint;
  /**
   * Its name in the catalogue: then the catalogue's price, window, eligibility and limit are kept.
   */
  readonly rewardId?: string | undefined;
}

export interface HoldCommand extends CommandBase {
  readonly kind: 'hold';
  readonly amount: bigint;
  /** How long the hold lasts: 1 s to 30 days. Of a freeze it says nothing. */
  readonly expiresInMs: number;
  /**
   * Set aside for a dispute over this transaction: as much of the amount as is available, whatever
   * the rules say, until its dispute ends it or the transaction is reversed; no timer does.
   */
  readonly freeze?: TransactionId | undefined;
}

/** Spends what a hold set aside; what is not captured goes back. */
export interface CaptureCommand extends CommandBase {
  readonly kind: 'capture';
  readonly holdId: TransactionId;
  /** The whole hold when absent. */
  readonly amount?: bigint | undefined;
}

export interface ReleaseCommand extends CommandBase {
  readonly kind: 'release';
  readonly holdId: TransactionId;
  /**
   * `timer` only when the hold's time is over; `undone` only for an authorisation whose platforms
   * have done nothing, or undone it; `dispute` for a freeze, which nothing else releases.
   */
  readonly cause: 'caller' | 'timer' | 'undone' | 'dispute';
}

export interface ReverseCommand extends CommandBase {
  readonly kind: 'reverse';
  readonly transactionId: TransactionId;
  /** Minor units of the original amount; what is left of it when absent. */
  readonly amount?: bigint | undefined;
  readonly reason: string;
  /** Overrides the clawback policy of the platform whose points are taken back. */
  readonly clawback?: Clawback | undefined;
  /**
   * Of a redeem: how many units come back, when no amount is named, and which vouchers end with
   * them, as the row is to say it.
   */
  readonly returned?: ReturnedUnits | undefined;
  /**
   * A dispute was upheld, or the target platform has agreed: of the freezes of the transaction only
   * the dispute's own is touched. Otherwise all of them are taken from first within one platform,
   * and across platforms they forbid it.
   */
  readonly agreed?: true | undefined;
  /**
   * The freeze of the dispute that this settles: it ends in the same commit, and its points are the
   * first to be taken.
   */
  readonly frozenHoldId?: TransactionId | undefined;
}

/**
 * Units of a redemption that come back. Decided by whoever keeps its vouchers, so not part of what
 * the caller states.
 */
export interface ReturnedUnits {
  readonly units: bigint;
  /** Their vouchers, in the words of who keeps them. */
  readonly vouchers: string;
}

/**
 * Takes points back from a member when no single transaction is to be reversed, such as a refund
 * that names no purchase.
 */
export interface ClawbackCommand extends CommandBase {
  readonly kind: 'clawback';
  readonly amount: bigint;
  readonly occurredAtMs?: number | undefined;
  /** Overrides the platform's clawback policy. */
  readonly clawback?: Clawback | undefined;
}

/**
 * Moves what is available in lots whose last day is before `day` to the platform's expired account.
 */
export interface ExpireCommand extends CommandBase {
  readonly kind: 'expire';
  readonly day: Day;
}

/** An operator's correction: positive gives points, negative takes available points. */
export interface AdjustCommand extends CommandBase {
  readonly kind: 'adjust';
  /**
   * Zero only with a compensation: when the platform that is paid gives the points in its own
   * books.
   */
  readonly amount: bigint;
  readonly reason: string;
  /**
   * Who pays for it: this much, in minor units of the settlement currency, goes from its position
   * to that of `platformId`.
   */
  readonly compensation?: { readonly paidBy: PlatformId; readonly value: bigint } | undefined;
}

/**
 * Money that a platform puts up in advance, or takes out again. Of these and `settle`: amounts are
 * minor units of the settlement currency, and `memberId` is the platform's own owner id, in whose
 * bucket its whole prefund lies.
 */
export interface DepositCommand extends CommandBase {
  readonly kind: 'deposit';
  readonly amount: bigint;
}

/**
 * Refused when the prefund is less. It leaves the net debit cap as it is: whoever derives a cap
 * from the prefund lowers it before.
 */
export interface WithdrawCommand extends CommandBase {
  readonly kind: 'withdraw';
  readonly amount: bigint;
}

/**
 * Pays off what a platform owes or is owed; never takes its position beyond the cap. Under the
 * network's own owner id it pays out what rounding left over, from outside.
 */
export interface SettleCommand extends CommandBase {
  readonly kind: 'settle';
  /** What the platform is paid (positive) or pays (negative). */
  readonly amount: bigint;
  /** Out of and into its prefund, or by a payment outside of the network. */
  readonly from: 'prefund' | 'outside';
}

export type Command =
  | EarnCommand
  | TransferCommand
  | RedeemCommand
  | HoldCommand
  | CaptureCommand
  | ReleaseCommand
  | ReverseCommand
  | ClawbackCommand
  | ExpireCommand
  | AdjustCommand
  | DepositCommand
  | WithdrawCommand
  | SettleCommand;

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

/** What a platform has in settlement currency, over all stripes; in minor units. */
export interface PlatformMoney {
  readonly prefund: bigint;
  /** What it is owed; negative when it owes. */
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

/** What a command came to. A refusal has posted nothing. */
export type Outcome =
  | {
      readonly ok: true;
      readonly transaction: PostedLeg;
      /** True when the key had been used before and this is the first result. */ readonly replayed: boolean;
    }
  | { readonly ok: false; readonly problem: Problem };

/** A member's points on one platform at one moment; all in minor units. */
export interface Balance {
  /** All points, held ones included, debt deducted. */
  readonly balance: bigint;
  /** What may be spent now. */
  readonly available: bigint;
  /** Set aside by holds. */
  readonly held: bigint;
  /** Owed by the member after reversals; later earns repay it. */
  readonly debt: bigint;
  /** What expires, earliest first. */
  readonly expiring: readonly { readonly expiresOn: Day; readonly amount: bigint }[];
}

export type HoldState = 'held' | 'captured' | 'released' | 'expired';

export interface Hold {
  readonly holdId: TransactionId;
  readonly bucket: Bucket;
  readonly memberId: MemberId;
  readonly assetId: number;
  readonly amount: bigint;
  /** Of an open freeze: what reversals have taken from it. */
  readonly captured: bigint;
  readonly state: HoldState;
  readonly expiresAtMs: number;
  readonly accountIds: readonly bigint[];
  readonly amounts: readonly bigint[];
  readonly resolvedBy: TransactionId | null;
  /** Of a freeze: the transaction that moved what is disputed, and since when it is frozen. */
  readonly frozenFor: TransactionId | null;
  readonly frozenAtMs: number | null;
}

/** One page of a member's history on a platform, newest first. */
export interface HistoryPage {
  readonly transactions: readonly PostedLeg[];
  /** Give it back to get what follows; null at the end. */
  readonly nextCursor: string | null;
}

/** The terms of a leg that would be posted; as in `PostedLeg`. */
/** A transfer that a rule has set aside, and until when. */
export interface WaitingLeg {
  readonly leg: PostedLeg;
  readonly dueAtMs: number;
}

export interface PreviewedLeg {
  readonly kind: TransactionKind;
  readonly amount: bigint;
  readonly credited?: bigint;
  readonly fee?: bigint;
  readonly rate?: string;
  readonly details?: Details | undefined;
}

/** What a command would come to. */
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
 * What is written in the commit of the rows it concerns, by whoever goes on with them. The ledger
 * knows no more of it.
 */
export interface Alongside {
  /** Asked of each first leg. */
  concerns(leg: PostedLeg): boolean;
  /** Called within the dbTransaction that posts the legs; a failure fails them. */
  write(
    client: Pick<DbClient, 'query'>,
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

export interface Ledger {
  /**
   * Leaves the mark of a signature for an operation that posts nothing; tells for which one it was
   * there.
   */
  claimSignature(operation: SignedOperation): Promise<'new' | 'same' | 'other'>;
  /** Takes the mark away that was left for what was refused then. */
  releaseSignature(signature: SignatureMark): Promise<void>;
  /** What a command would come to now, with the rules that applied; nothing is posted. */
  preview(command: TransferCommand | RedeemCommand): Promise<Preview>;
  /**
   * Where the use of a quote is noted: in the bucket of its member, or one that its nonce tells.
   */
  bucketOfQuote(nonce: string, memberId: MemberId | null): Bucket;
  /** Transfers that wait for an operator, oldest first, at most `limit` of each bucket. */
  listReviews(limit: number): Promise<WaitingLeg[]>;
  /**
   * Decides and posts one command. Resolves after the commit is durable; a refusal or outage is an
   * outcome, not an exception.
   */
  submit(command: Command): Promise<Outcome>;

  /** All registered assets, from memory. */
  assets(): readonly Asset[];
  /** The points of a platform; undefined when the platform is unknown. */
  pointsOf(platformId: PlatformId): Asset | undefined;
  assetById(assetId: number): Asset | undefined;
  settlementAsset(): Asset;
  /**
   * Reads anew which assets there are; otherwise those that other processes add show within about a
   * second.
   */
  refreshAssets(): Promise<void>;
  /** Registers an asset, or returns the one with that code unchanged. */
  registerAsset(
    asset: Pick<Asset, 'code' | 'kind' | 'platformId'> &
      Partial<Pick<Asset, 'scale' | 'clawback' | 'custody'>>,
  ): Promise<Asset>;
  setClawback(assetId: number, clawback: Clawback): Promise<void>;
  /** Sets a bound over all stripes of a system account; refuses one below what is already used. */
  setCap(
    cap: Cap,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly problem: Problem }>;
  /**
   * Sets a platform's part in conversions, in force here at once and in other processes within
   * about a second; `also` writes in the same dbTransaction. False, with nothing done, where `from`
   * is given and was not the mode.
   */
  setMode(
    platformId: PlatformId,
    change: { readonly mode: ClearingMode; readonly from?: ClearingMode },
    also: (client: DbClient, before: ClearingMode) => Promise<void>,
  ): Promise<boolean>;
  /** Money of the platforms, all read at one moment. */
  listMoney(platformIds: readonly PlatformId[]): Promise<ReadonlyMap<PlatformId, PlatformMoney>>;
  /**
   * Brings the parts of a limit's shared allowances, as far as they are in use, to a new maximum;
   * what is used already stays used.
   */
  alignAllowances(assetId: number, maximum: bigint): Promise<void>;
  /** A bound and how much of it is used; undefined where none is set. */
  findCap(
    ownerId: OwnerId,
    assetId: number,
    purpose: Cap['purpose'],
  ): Promise<{ amount: bigint; used: bigint } | undefined>;

  getBalance(memberId: MemberId, platformId: PlatformId): Promise<Balance>;
  /**
   * By page number (1..10,000) or by cursor; the cost of a page by cursor does not depend on how
   * far it is.
   */
  listHistory(
    memberId: MemberId,
    platformId: PlatformId,
    page: {
      readonly limit: number;
      readonly page?: number | undefined;
      readonly cursor?: string | undefined;
    },
  ): Promise<HistoryPage>;
  /** All legs of a transaction, leg 0 first; empty when there is none. */
  findTransaction(transactionId: TransactionId): Promise<readonly PostedLeg[]>;
  findHold(holdId: TransactionId): Promise<Hold | undefined>;
  /** What the first row of a transaction posted on accounts of one asset, summed by owner. */
  listMoved(
    transactionId: TransactionId,
    assetId: number,
  ): Promise<readonly { readonly ownerId: OwnerId; readonly amount: bigint }[]>;
  /**
   * How much of a transaction has been reversed, in minor units of its amount. Whoever is inside a
   * dbTransaction asks on its own connection, so as not to wait for a second one.
   */
  getReversed(transactionId: TransactionId, client?: DbClient): Promise<bigint>;
  /** How much of the member's own allowances is used up, in their order. */
  listUsed(
    memberId: MemberId,
    allowances: readonly { readonly assetId: number; readonly until: Day }[],
  ): Promise<readonly bigint[]>;

  /** How many buckets the network has; they are numbered from 0. */
  bucketCount(): number;
  /**
   * For whoever follows the journal: what was posted in a bucket after a sequence number, first
   * legs of the given kinds, in order. Looks at up to `limit` rows; go on from `through`.
   */
  listAfter(
    bucket: Bucket,
    sequence: bigint,
    kinds: readonly TransactionKind[],
    limit: number,
  ): Promise<{ readonly legs: readonly PostedLeg[]; readonly through: bigint }>;

  /**
   * Releases holds whose time is over and expires lots whose day has come; returns how many it
   * resolved. Bounded work for each call.
   */
  sweep(): Promise<{
    readonly released: number;
    readonly expired: number;
    readonly behind: boolean;
  }>;

  /** Commands waiting or in flight. */
  pending(): number;
  /** Finishes what is in flight, refuses what comes later, and closes the lanes. */
  close(): Promise<void>;
}
