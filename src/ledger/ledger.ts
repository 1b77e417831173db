// The double-entry core. Owns accounts, transactions, holds and lots; never knows of HTTP, clearing, or who a platform's user is.
// The only file of this module that others import.

import type { MemberId, OwnerId, PlatformId, TransactionId } from '../kernel/ids.ts';
import type { Asset, Balance, Cap, Clawback, Command, Hold, Outcome, PostedLeg } from './types.ts';

export * from './types.ts';
export { ledgerProblems } from './problems.ts';

/** One page of a member's history on a platform, newest first. */
export interface HistoryPage {
  readonly transactions: readonly PostedLeg[];
  /** Give it back to get what follows; null at the end. */
  readonly nextCursor: string | null;
}

export interface Ledger {
  /** Decides and posts one command. Resolves after the commit is durable; a refusal or outage is an outcome, not an exception. */
  submit(command: Command): Promise<Outcome>;

  /** All registered assets, from memory. */
  assets(): readonly Asset[];
  /** The points of a platform; undefined when the platform is unknown. */
  pointsOf(platformId: PlatformId): Asset | undefined;
  assetById(assetId: number): Asset | undefined;
  settlementAsset(): Asset;
  /** Registers an asset, or returns the one with that code unchanged. */
  registerAsset(asset: Pick<Asset, 'code' | 'kind' | 'platformId'> & Partial<Pick<Asset, 'scale' | 'clawback' | 'lifetimeDays'>>): Promise<Asset>;
  setClawback(assetId: number, clawback: Clawback): Promise<void>;
  /** Sets a bound over all stripes of a system account; refuses one below what is already used. */
  setCap(cap: Cap): Promise<Outcome | { ok: true }>;
  /** A bound and how much of it is used; undefined where none is set. */
  findCap(ownerId: OwnerId, assetId: number, purpose: Cap['purpose']): Promise<{ amount: bigint; used: bigint } | undefined>;

  getBalance(memberId: MemberId, platformId: PlatformId): Promise<Balance>;
  /** By page number (1..10,000) or by cursor; the cost of a page by cursor does not depend on how far it is. */
  listHistory(memberId: MemberId, platformId: PlatformId, page: { readonly limit: number; readonly page?: number | undefined; readonly cursor?: string | undefined }): Promise<HistoryPage>;
  /** All legs of a transaction, leg 0 first; empty when there is none. */
  findTransaction(transactionId: TransactionId): Promise<readonly PostedLeg[]>;
  findHold(holdId: TransactionId): Promise<Hold | undefined>;

  /** Releases holds whose time is over and expires lots whose day has come; returns how many it resolved. Bounded work for each call. */
  sweep(): Promise<{ readonly released: number; readonly expired: number }>;

  /** Commands waiting or in flight. */
  pending(): number;
  /** Finishes what is in flight, refuses what comes later, and closes the lanes. */
  close(): Promise<void>;
}
