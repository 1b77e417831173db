// Puts the ledger together: the asset book, the poster with its lanes, and the reads.

import { assert } from '../kernel/assert.ts';
import {
  bucketOf,
  bucketOfTransaction,
  buckets,
  deriveTransactionId,
  type Bucket,
  type MemberId,
  type OwnerId,
  type PlatformId,
  type TransactionId,
} from '../kernel/ids.ts';
import { NEVER, type Clock, type Day } from '../kernel/time.ts';
import type { Pool } from '../runtime/database.ts';
import { inTurn } from '../runtime/in-turn.ts';
import type { Log } from '../runtime/log.ts';
import { SIGNATURE_TOLERANCE_SECONDS } from '../security/security.ts';
import { AssetMissing, type Valuation } from '../valuation/valuation.ts';
import {
  accountOf,
  availableOf,
  debtOf,
  postedBalance,
  spendable,
  walletBalance,
} from './account.ts';
import {
  ensureNetwork,
  insertAsset,
  loadBook,
  loadCap,
  writeCap,
  writeClawback,
  writeMode,
} from './asset-book.ts';
import { createLane } from './lane.ts';
import { listMoney } from './money.ts';
import { Poster } from './poster.ts';
import { bucketOfQuote, preview } from './preview.ts';
import { ledgerProblems } from './problems.ts';
import { fingerprintOf } from './replay.ts';
import {
  deleteSignature,
  deleteSignatures,
  findLegs,
  insertSignature,
  listAllowances,
  listDueHolds,
  listExpiredLots,
  listLegs,
  listLegsAfter,
  listMoved,
  listReviews,
  listSharedAllowances,
  loadHold,
  loadReversed,
  loadRoom,
  loadRowTypes,
  loadWallet,
  loadWallets,
} from './store.ts';
import { operationOf } from './signature-use.ts';
import type { Task } from './task.ts';
import type {
  Alongside,
  Balance,
  CaptureCommand,
  Command,
  HistoryPage,
  Ledger,
  NoteRuleFailure,
  Outcome,
  PostedLeg,
  Preview,
  ReleaseCommand,
  ReverseCommand,
  SignatureMark,
  TransferCommand,
  WaitingLeg,
} from './types.ts';
import type { AllowanceUse } from './view.ts';

export interface LedgerOptions {
  /** For reads. */
  readonly pool: Pool;
  /** For the lanes' own connections. */
  readonly url: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly valuation: Valuation;
  /** Connections that post; 3 unless measured otherwise. */
  readonly lanes?: number;
  /** Buckets of a network that does not exist yet; ignored for one that does. */
  readonly bucketCount?: number;
  /** Told when a rule could not be evaluated and a command was refused for it. */
  readonly onRuleFailure?: NoteRuleFailure;
  /** Writes in the commits of some rows. */
  readonly alongside?: Alongside;
  /** Most commands in one commit. */
  readonly maxBatch?: number;
  /** How long one statement of a lane may take; the default of `connect` when absent. */
  readonly statementTimeoutMs?: number;
}

const DEFAULT_LANES = 3;
/**
 * One for each lane, so that a batch is one statement; a network that is to leave one machine is
 * created with more (docs/decisions/0002).
 */
const DEFAULT_BUCKETS = 3;
const BOOK_REFRESH_MS = 1_000;
/** Work of one sweep in one bucket. */
const SWEEP_LIMIT = 500;
/** Longer than a signature can be valid, by more than clocks of several processes may differ. */
const SIGNATURE_KEPT_SECONDS = 3 * SIGNATURE_TOLERANCE_SECONDS;
/** Marks of signatures that one sweep of a bucket forgets at the most. */
const SIGNATURES_SWEPT = 5_000;
const MAX_SEQUENCE = 2n ** 63n - 1n;
const NO_ALLOWANCES: readonly AllowanceUse[] = [];

export async function createLedger(options: LedgerOptions): Promise<Ledger> {
  const { pool, clock, log } = options;
  await ensureNetwork(pool, options.bucketCount ?? DEFAULT_BUCKETS);
  let book = await loadBook(pool);
  const refresh = inTurn(async () => {
    book = await loadBook(pool);
  });
  options.valuation.admitBy(async (assetIds) => {
    const wanted = [...assetIds];
    const isKnown = (): boolean => wanted.every((assetId) => book.byId.has(assetId));
    if (!isKnown()) await refresh();
    return isKnown();
  });
  const refreshAll = async (): Promise<void> => {
    await refresh();
    await options.valuation.refresh();
  };
  const refreshing = setInterval(
    () =>
      void refresh().catch((error: unknown) =>
        log.debug({ err: error }, 'assets could not be refreshed'),
      ),
    BOOK_REFRESH_MS,
  );
  refreshing.unref();

  const lanes = Array.from({ length: options.lanes ?? DEFAULT_LANES }, (_, index) =>
    createLane(options, index),
  );
  const poster = new Poster({
    lanes,
    clock,
    log,
    writeCap,
    types: await loadRowTypes(pool),
    onRuleFailure: options.onRuleFailure ?? (() => undefined),
    alongside: options.alongside,
    book: () => book,
    refresh: refreshAll,
    readRoom: (account, cap) => loadRoom(pool, book.bucketCount, account, cap),
    rulebook: () => options.valuation.rulebook(),
    ...(options.maxBatch === undefined ? {} : { maxBatch: options.maxBatch }),
  });
  const bucketFor = (memberId: MemberId): Bucket => bucketOf(memberId, book.bucketCount);
  /** Of what posts nothing; the bucket of a posting is that of its transaction. */
  const bucketOfMark = ({ mark }: SignatureMark): Bucket =>
    bucketOf(mark as MemberId, book.bucketCount);
  /** The network's day, as the decisions have it. */
  const today = (): Day => options.valuation.rulebook().calendar.dayOf(clock.now());

  /** All legs, read from the bucket of each member concerned. */
  const findTransaction = async (transactionId: TransactionId): Promise<PostedLeg[]> => {
    const bucket = bucketOfTransaction(transactionId);
    if (bucket >= book.bucketCount) return [];
    const legs = await findLegs(pool, bucket, transactionId);
    const [first] = legs;
    if (first === undefined || first.counterpartyId === null || legs.length > 1)
      return first?.leg === 0 ? legs : [];
    const other = bucketFor(first.counterpartyId);
    return other === bucket ? legs : [...legs, ...(await findLegs(pool, other, transactionId))];
  };

  const submit = (command: Command): Promise<Outcome> =>
    looksBack(command)
      ? submitLookingBack(command)
      : poster.submit(toTask(command, [], NO_ALLOWANCES, bucketFor));

  const submitLookingBack = async (given: LookingBack): Promise<Outcome> => {
    try {
      const command = given.kind === 'reverse' ? await resolveAuthorised(given) : given;
      if (command === undefined) return { ok: false, problem: ledgerProblems.transfer_pending() };
      const originals = await findTransaction(originalOf(command));
      const [first] = originals;
      // Points set aside for a review or by an authorisation go to whom they were meant for, or
      // back.
      if (command.kind === 'capture' && (isReview(first) || first?.kind === 'authorise'))
        return { ok: false, problem: ledgerProblems.hold_not_found() };
      const needed = command.kind === 'reverse' || first?.kind === 'authorise' ? originals : [];
      return await poster.submit(
        toTask(
          command,
          needed,
          command.kind === 'transfer' ? NO_ALLOWANCES : await drawnBy(first),
          bucketFor,
        ),
      );
    } catch (error) {
      log.error({ err: error }, 'the transaction to undo could not be read');
      return { ok: false, problem: ledgerProblems.unavailable() };
    }
  };

  /**
   * Whoever knows only the authorisation means what it has become; undefined while that is not
   * decided.
   */
  const resolveAuthorised = async (
    command: ReverseCommand,
  ): Promise<ReverseCommand | undefined> => {
    const [leg] = await findTransaction(command.transactionId);
    if (leg?.kind !== 'authorise') return command;
    const hold = await loadHold(pool, leg.bucket, leg.transactionId);
    if (hold?.state === 'held') return undefined;
    return hold?.state === 'captured' && hold.resolvedBy !== null
      ? { ...command, transactionId: hold.resolvedBy }
      : command;
  };

  /**
   * What a transaction drew from allowances. Those of a capture were drawn by its hold, and given
   * back as far as it left points over.
   */
  const drawnBy = async (leg: PostedLeg | undefined): Promise<readonly AllowanceUse[]> => {
    if (leg === undefined) return NO_ALLOWANCES;
    if (leg.kind === 'capture' && leg.relatedId !== null) {
      const [hold] = await findTransaction(leg.relatedId);
      return hold === undefined
        ? NO_ALLOWANCES
        : (await drawnBy(hold)).map((drawn) => ({
            ...drawn,
            used: drawn.used - (drawn.used * (hold.amount - leg.amount)) / hold.amount,
          }));
    }
    if (leg.kind === 'conversion' && leg.relatedId !== null) {
      const [before] = await findTransaction(leg.relatedId);
      if (before?.kind === 'authorise') return drawnBy(before);
    }
    const drawn = leg.entries.filter(({ layer, amount }) => layer === 'p' && amount < 0n);
    // Whatever was decided without rules, or moves no more than a hold without limits, drew
    // nothing.
    if (leg.rulebookVersion === null || drawn.length === 0) return NO_ALLOWANCES;
    const allowances = await listAllowances(
      pool,
      leg.bucket,
      drawn.map(({ accountId }) => accountId),
    );
    return allowances.map((account) => ({
      bucket: leg.bucket,
      ...account,
      used: -(drawn.find(({ accountId }) => accountId === account.accountId)?.amount ?? 0n),
    }));
  };

  return {
    submit,
    findTransaction,
    assets: () => [...book.byId.values()],
    refreshAssets: refresh,
    pointsOf: (platformId) => book.pointsByPlatform.get(platformId),
    assetById: (assetId) => book.byId.get(assetId),
    settlementAsset: () => book.settlement,
    registerAsset: async (asset) => {
      await insertAsset(pool, asset);
      await refresh();
      const registered = [...book.byId.values()].find((candidate) => candidate.code === asset.code);
      assert(registered !== undefined, `asset ${asset.code} was registered`);
      return registered;
    },
    setClawback: async (assetId, clawback) => {
      await writeClawback(pool, assetId, clawback);
      await refresh();
    },
    setMode: async (platformId, change, also) => {
      const points = book.pointsByPlatform.get(platformId);
      assert(points !== undefined, `platform ${platformId} has no points asset`);
      const done = await writeMode(pool, points.assetId, change, also);
      await refresh();
      return done;
    },
    listMoney: (platformIds) => listMoney(pool, book, platformIds),
    setCap: async (cap) =>
      (await poster.setCap(cap))
        ? { ok: true }
        : { ok: false, problem: ledgerProblems.cap_below_use() },
    preview: async (command) => {
      const once = (): Promise<Preview> =>
        preview(command, {
          pool,
          book,
          rulebook: options.valuation.rulebook(),
          nowMs: clock.now(),
        });
      try {
        return await once();
      } catch (error) {
        if (!(error instanceof AssetMissing)) throw error;
        await refreshAll();
        return once();
      }
    },
    bucketOfQuote: (nonce, memberId) => bucketOfQuote(nonce, memberId, book.bucketCount),
    listReviews: async (limit) => {
      const found: WaitingLeg[] = [];
      for (const bucket of buckets(book.bucketCount))
        found.push(...(await listReviews(pool, bucket, limit)));
      return found.toSorted((a, b) => a.leg.postedAtMs - b.leg.postedAtMs).slice(0, limit);
    },
    alignAllowances: async (assetId, maximum) => {
      const known = new Map<string, { ownerId: OwnerId; until: Day }>();
      for (const bucket of buckets(book.bucketCount)) {
        for (const one of await listSharedAllowances(pool, bucket, assetId, today()))
          known.set(`${one.ownerId}/${one.until}`, one);
      }
      for (const { ownerId, until } of known.values())
        await poster.setCap({
          ownerId,
          assetId,
          purpose: 'shared_allowance',
          until,
          amount: maximum,
        });
    },
    findCap: (ownerId, assetId, purpose) =>
      loadCap(pool, book.bucketCount, ownerId, assetId, purpose),
    getBalance: async (memberId, platformId) => {
      const points = book.pointsByPlatform.get(platformId);
      assert(points !== undefined, `platform ${platformId} has no points asset`);
      return balanceOf(
        await loadWallet(pool, bucketFor(memberId), memberId, points.assetId),
        today(),
      );
    },
    listHistory: async (memberId, platformId, { limit, page, cursor }): Promise<HistoryPage> => {
      const points = book.pointsByPlatform.get(platformId);
      assert(points !== undefined, `platform ${platformId} has no points asset`);
      const before = cursor === undefined ? MAX_SEQUENCE : BigInt(cursor);
      const offset = cursor === undefined ? ((page ?? 1) - 1) * limit : 0;
      const rows = await listLegs(
        pool,
        bucketFor(memberId),
        memberId,
        points.assetId,
        before,
        limit + 1,
        offset,
      );
      const transactions = rows.slice(0, limit);
      return {
        transactions,
        nextCursor: rows.length > limit ? String(transactions.at(-1)?.sequence) : null,
      };
    },
    findHold: async (holdId) =>
      bucketOfTransaction(holdId) < book.bucketCount
        ? loadHold(pool, bucketOfTransaction(holdId), holdId)
        : undefined,
    listMoved: async (transactionId, assetId) =>
      bucketOfTransaction(transactionId) < book.bucketCount
        ? listMoved(pool, bucketOfTransaction(transactionId), transactionId, assetId)
        : [],
    getReversed: async (transactionId, client) =>
      bucketOfTransaction(transactionId) < book.bucketCount
        ? loadReversed(client ?? pool, bucketOfTransaction(transactionId), transactionId)
        : 0n,
    listUsed: async (memberId, allowances) => {
      const wallets = await loadWallets(
        pool,
        bucketFor(memberId),
        allowances.map(({ assetId }) => ({ ownerId: memberId, assetId })),
        today(),
      );
      return wallets.map(
        (wallet, index) => -postedBalance(accountOf(wallet, 'allowance', allowances[index]?.until)),
      );
    },
    bucketCount: () => book.bucketCount,
    listAfter: (bucket, sequence, kinds, limit) =>
      listLegsAfter(pool, bucket, sequence, kinds, limit),
    sweep: async () => {
      let [released, expired] = [0, 0];
      let behind = false;
      const day = today();
      for (const bucket of buckets(book.bucketCount)) {
        const holds = await listDueHolds(pool, bucket, clock.now(), SWEEP_LIMIT);
        const lots = await listExpiredLots(pool, bucket, day, SWEEP_LIMIT);
        const platformOfAsset = (assetId: number): PlatformId => {
          const platformId = book.byId.get(assetId)?.platformId ?? null;
          assert(platformId !== null, 'members hold points of platforms only');
          return platformId;
        };
        // No caller can name these keys: a key from a header has no space in it.
        const releases = holds.map((hold) =>
          submit({
            kind: 'release',
            platformId: platformOfAsset(hold.assetId),
            memberId: hold.memberId,
            key: `sweep timer ${hold.holdId}`,
            holdId: hold.holdId,
            cause: 'timer',
          }),
        );
        // The day is part of the key: one transaction may have credited lots that expire on
        // different days.
        const expiries = lots.map((lot) =>
          submit({
            kind: 'expire',
            platformId: platformOfAsset(lot.assetId),
            memberId: lot.memberId,
            key: `sweep expire ${lot.assetId} ${day} ${lot.lastSequence}`,
            day,
          }),
        );
        released += (await Promise.all(releases)).filter((outcome) => outcome.ok).length;
        expired += (await Promise.all(expiries)).filter((outcome) => outcome.ok).length;
        const stale = Math.floor(clock.now() / 1000) - SIGNATURE_KEPT_SECONDS;
        const forgotten = await deleteSignatures(pool, bucket, stale, SIGNATURES_SWEPT);
        behind ||= forgotten === SIGNATURES_SWEPT;
      }
      return { released, expired, behind };
    },
    claimSignature: async ({ platformId, ownerId, key, signature }) => {
      const bucket = bucketOfMark(signature);
      // A space keeps it apart from the keys of what is posted.
      const id = deriveTransactionId(
        bucket,
        platformId,
        ownerId as string as MemberId,
        `signed ${key}`,
      );
      const operation = operationOf(id);
      const { inserted, user } = await insertSignature(pool, { bucket, ...signature, operation });
      return inserted ? 'new' : user === operation ? 'same' : 'other';
    },
    releaseSignature: (signature) => deleteSignature(pool, bucketOfMark(signature), signature),
    pending: () => poster.pending,
    close: async () => {
      clearInterval(refreshing);
      await poster.close();
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

/**
 * A command with all that follows from it: its id, what it stands for, and the buckets it concerns.
 */
export function toTask(
  command: Command,
  originals: readonly PostedLeg[],
  allowances: readonly AllowanceUse[],
  bucketFor: (memberId: MemberId) => Bucket,
): Task {
  const bucket = bucketFor(command.memberId);
  const others =
    command.kind === 'transfer'
      ? bucketsOfTransfer(command, bucketFor)
      : originals.map((leg) => leg.bucket);
  return {
    command,
    originals,
    allowances,
    transactionId: deriveTransactionId(bucket, command.platformId, command.memberId, command.key),
    fingerprint: fingerprintOf(command),
    buckets: others.every((other) => other === bucket)
      ? [bucket]
      : [...new Set([bucket, ...others])].sort((a, b) => a - b),
    escalated: false,
    arrived: 0,
  };
}

/** Commands that go on from an earlier transaction, which is read first. */
type LookingBack =
  | ReverseCommand
  | CaptureCommand
  | ReleaseCommand
  | (TransferCommand & { readonly authorisedId: TransactionId });

function looksBack(command: Command): command is LookingBack {
  return (
    command.kind === 'reverse' ||
    command.kind === 'capture' ||
    command.kind === 'release' ||
    (command.kind === 'transfer' && command.authorisedId !== undefined)
  );
}

function originalOf(command: LookingBack): TransactionId {
  return command.kind === 'reverse'
    ? command.transactionId
    : command.kind === 'transfer'
      ? command.authorisedId
      : command.holdId;
}

function isReview(leg: PostedLeg | undefined): boolean {
  return leg?.kind === 'hold' && leg.details?.['review'] !== undefined;
}

function bucketsOfTransfer(
  { memberId, toMemberId, quote }: Extract<Command, { kind: 'transfer' }>,
  bucketFor: (memberId: MemberId) => Bucket,
): Bucket[] {
  const to = toMemberId === memberId ? [] : [bucketFor(toMemberId)];
  return quote === undefined ? to : [...to, quote.bucket];
}

function balanceOf(wallet: Parameters<typeof walletBalance>[0], today: string): Balance {
  const expiring = wallet.lots
    .filter((lot) => lot.expiresOn !== NEVER && spendable(lot, today) > 0n)
    .map((lot) => ({ expiresOn: lot.expiresOn, amount: spendable(lot, today) }));
  return {
    balance: walletBalance(wallet, today),
    available: availableOf(wallet, today),
    held: wallet.lots.reduce((sum, lot) => sum + lot.debitsPending, 0n),
    debt: debtOf(wallet),
    expiring,
  };
}
