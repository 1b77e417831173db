// The calls that the ledger offers to the modules above it. No behaviour.

import type { Bucket, MemberId, OwnerId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { Day } from '../kernel/time.ts';
import type { DbClient } from '../runtime/database.ts';
import type { Command } from './commands/commands.ts';
import type { RedeemCommand } from './commands/redeem.ts';
import type { TransferCommand } from './commands/transfer.ts';
import type {
  Asset,
  Balance,
  Cap,
  Clawback,
  ClearingMode,
  Hold,
  HistoryPage,
  Outcome,
  PlatformMoney,
  PostedLeg,
  Preview,
  SignatureMark,
  SignedOperation,
  TransactionKind,
  WaitingLeg,
} from './types.ts';
import type { Problem } from '../kernel/problem.ts';

export interface Ledger {
  /**
   * Marks a signature as used by an operation that posts nothing. Returns whether it was free, or
   * used by the same or another operation.
   */
  claimSignature(operation: SignedOperation): Promise<'new' | 'same' | 'other'>;
  /** Takes the mark away that was left for what was refused then. */
  releaseSignature(signature: SignatureMark): Promise<void>;
  /** The result that a command would have now, with the rules that applied; nothing is posted. */
  preview(command: TransferCommand | RedeemCommand): Promise<Preview>;
  /**
   * The bucket in which the use of a quote is noted: its member's, or one derived from its nonce.
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
   * Reads the list of assets again. Without it, assets that other processes add appear within about
   * a second.
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
   * Gives a limit's shared allowances that are in use a new maximum; what is used already stays
   * used.
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
  /**
   * The amounts that the first row of a transaction posted on accounts of one asset, summed by
   * owner.
   */
  listMoved(
    transactionId: TransactionId,
    assetId: number,
  ): Promise<readonly { readonly ownerId: OwnerId; readonly amount: bigint }[]>;
  /**
   * The reversed part of a transaction, in minor units of its amount. Inside a dbTransaction, pass
   * its client, so that the call does not wait for a second connection.
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
   * For following the journal: the first legs of the given kinds that were posted in a bucket after
   * a sequence number, in order. Looks at up to `limit` rows; continue from `through`.
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
