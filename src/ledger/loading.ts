// Finds everything that the tasks of a batch look at: in memory where the process remembers it,
// else in one round trip. Keeps it up to date while the tasks are decided one after another. Before
// this: `batch.ts` has opened the batch. Next: `decide.ts`.

import { assert } from '../kernel/assert.ts';
import { bucketOfTransaction, type Bucket, type TransactionId } from '../kernel/ids.ts';
import type { Day } from '../kernel/time.ts';
import type { DedicatedClient } from '../runtime/database.ts';
import { AssetMissing, type Rulebook } from '../valuation/valuation.ts';
import { newWallet, type Wallet } from './account.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import type { BucketState } from './bucket-state.ts';
import { walletsOf } from './decide.ts';
import { loadFreezes, loadHold } from './store-holds.ts';
import {
  listEndsOfFreezes,
  loadFloored,
  loadLapsed,
  loadQuoteUse,
  loadReversed,
} from './store-journal.ts';
import { lapsedBy } from './lapse.ts';
import { lengthenedBy, type Lengthened } from './lengthened.ts';
import type { SignatureUsers } from './signature-use.ts';
import type { Task } from './task.ts';
import type { Hold, PostedLeg } from './types.ts';
import {
  createView,
  NO_READS,
  type AllowanceUse,
  type AssetBook,
  type View,
  type ViewSource,
} from './view.ts';
import { loadWallets } from './store-wallets.ts';

/**
 * The readings for the tasks of one batch, kept up to date while they are decided one after
 * another.
 */
export interface Loaded {
  /** The earlier transactions that tasks go on from, and what these drew from allowances. */
  readonly originals: Map<TransactionId, readonly PostedLeg[]>;
  readonly allowances: Map<TransactionId, readonly AllowanceUse[]>;
  readonly holds: Map<TransactionId, Hold | undefined>;
  /** The freezes for the transactions that tasks reverse, as they were read. */
  readonly freezes: Map<TransactionId, readonly Hold[]>;
  /** Those that the batch has made. */
  readonly frozen: Hold[];
  /** For the same transactions, where points may have gone when they came out of a freeze. */
  readonly lengthened: Map<TransactionId, readonly Lengthened[]>;
  readonly reversed: Map<TransactionId, bigint>;
  readonly floored: Map<TransactionId, bigint | undefined>;
  /** The points of lots that have lapsed by the journal, by bucket and account. */
  readonly lapsed: Map<string, bigint>;
  /** The transaction that has used a quote, by nonce; undefined where none has. */
  readonly quotes: Map<string, TransactionId | undefined>;
  readonly posted: Map<TransactionId, PostedLeg>;
  readonly signatures: SignatureUsers;
}

function nothingLoaded(tasks: readonly Task[]): Loaded {
  const loaded: Loaded = {
    originals: new Map(),
    allowances: new Map(),
    holds: new Map(),
    freezes: new Map(),
    frozen: [],
    lengthened: new Map(),
    reversed: new Map(),
    floored: new Map(),
    lapsed: new Map(),
    quotes: new Map(),
    posted: new Map(),
    signatures: new Map(),
  };
  for (const { reads, originals, allowances } of tasks) {
    if (reads.original !== undefined) loaded.originals.set(reads.original, originals);
    if (reads.allowances !== undefined) loaded.allowances.set(reads.allowances, allowances);
  }
  return loaded;
}

/** True for a task that looks at more than wallets, or at the stripes of all buckets. */
export function needsReading({ reads, escalated }: Task): boolean {
  return escalated || reads !== NO_READS;
}

/** The memory of one batch: hands out what is there and notes the wallets that are not. */
export class Memory {
  readonly loaded: Loaded;
  readonly view: View;
  private readonly stateOf: ReadonlyMap<Bucket, BucketState>;
  private readonly book: AssetBook;
  private readonly missing = new Map<Bucket, Wallet[]>();
  private readonly noted = new Map<string, Wallet>();
  /** True while the wallets of a task are found; a decision looks for none. */
  private finding = false;
  /** True when a wallet of the present task is missing. */
  private lacking = false;
  /** True when the present task has all buckets, so that every stripe may be asked for quota. */
  private escalated = false;

  constructor(
    tasks: readonly Task[],
    { book, rulebook, nowMs }: { book: AssetBook; rulebook: Rulebook; nowMs: number },
    stateOf: ReadonlyMap<Bucket, BucketState>,
  ) {
    this.stateOf = stateOf;
    this.book = book;
    this.loaded = nothingLoaded(tasks);
    this.view = createView(book, rulebook, nowMs, this.source());
  }

  /** The wallets of a task's decision; undefined, and noted, when one has to be read first. */
  find({ command, escalated }: Task): unknown {
    this.lacking = false;
    this.escalated = escalated;
    this.finding = true;
    const wallets = walletsOf(command, this.view);
    this.finding = false;
    return this.lacking ? undefined : wallets;
  }

  /**
   * Reads, in one round trip with what `also` waits for, the wallets that were missing and what the
   * tasks name in their reads.
   */
  async read(
    client: DedicatedClient,
    tasks: readonly Task[],
    also: readonly Promise<void>[],
  ): Promise<void> {
    const { loaded, view } = this;
    const waits = [...this.missing].map(async ([bucket, wanted]) => {
      const wallets = await loadWallets(client, bucket, wanted, view.today);
      for (const wallet of wallets) this.stateOf.get(bucket)?.remember(wallet);
    });
    for (const task of tasks)
      if (task.reads !== NO_READS) waits.push(...readFor(client, task, loaded, view.today));
    await allOrFirstError([...waits, ...also]);
    this.missing.clear();
    this.noted.clear();
  }

  private source(): ViewSource {
    const { loaded, stateOf } = this;
    return {
      wallet: (bucket, ownerId, assetId) =>
        stateOf.get(bucket)?.find(ownerId, assetId) ?? this.miss(bucket, ownerId, assetId),
      stripe: (bucket, ownerId, assetId) => {
        if (this.escalated)
          for (const [other, state] of stateOf)
            if (state.find(ownerId, assetId) === undefined) this.miss(other, ownerId, assetId);
        return stateOf.get(bucket)?.find(ownerId, assetId) ?? this.miss(bucket, ownerId, assetId);
      },
      hold: (holdId) => {
        assertNamed(loaded.holds, holdId, 'hold');
        return loaded.holds.get(holdId);
      },
      original: (transactionId) => {
        assertNamed(loaded.originals, transactionId, 'original');
        return loaded.originals.get(transactionId) ?? [];
      },
      allowances: (transactionId) => {
        assertNamed(loaded.allowances, transactionId, 'allowances');
        return loaded.allowances.get(transactionId) ?? [];
      },
      reversed: (transactionId) => {
        assertNamed(loaded.reversed, transactionId, 'reversed');
        return loaded.reversed.get(transactionId) ?? 0n;
      },
      floored: (transactionId) => {
        assertNamed(loaded.floored, transactionId, 'floored');
        return loaded.floored.get(transactionId);
      },
      // Rows that the batch itself has decided are in no table yet.
      lapsed: (lot) =>
        (stateOf.get(lot.bucket)?.writes.rows ?? []).reduce(
          (sum, row) => sum + lapsedBy(row, lot),
          loaded.lapsed.get(`${lot.bucket}/${lot.accountId}`) ?? 0n,
        ),
      lengthened: (transactionId) => {
        assertNamed(loaded.lengthened, transactionId, 'lengthened');
        return loaded.lengthened.get(transactionId) ?? [];
      },
      freezes: (transactionId) => {
        assertNamed(loaded.freezes, transactionId, 'freezes');
        const made = loaded.frozen.filter(({ frozenFor }) => frozenFor === transactionId);
        return [...(loaded.freezes.get(transactionId) ?? []), ...made]
          .map((hold) => loaded.holds.get(hold.holdId) ?? hold)
          .filter(({ state }) => state === 'held');
      },
      quoteUser: (nonce) => {
        assertNamed(loaded.quotes, nonce, 'quoteUser');
        return loaded.quotes.get(nonce);
      },
    };
  }

  /** Notes a wallet to be read; it comes back empty, and nothing is decided before it is read. */
  private miss(bucket: Bucket, ownerId: Wallet['ownerId'], assetId: number): Wallet {
    this.lacking = true;
    assert(this.finding, `a command names the wallet ${ownerId}/${assetId} that it looks at`);
    assert(this.stateOf.has(bucket), `bucket ${bucket} belongs to the batch`);
    // Nothing is ever posted on an asset that nobody knows.
    if (!this.book.byId.has(assetId)) throw new AssetMissing(String(assetId));
    const key = `${bucket}/${ownerId}${assetId}`;
    const noted = this.noted.get(key);
    if (noted !== undefined) return noted;
    const wallet = newWallet(bucket, ownerId, assetId);
    this.noted.set(key, wallet);
    const list = this.missing.get(bucket);
    if (list === undefined) this.missing.set(bucket, [wallet]);
    else list.push(wallet);
    return wallet;
  }
}

/** Throws unless a command of the batch has named the reading: nothing else was read. */
function assertNamed<Id>(loaded: ReadonlyMap<Id, unknown>, id: Id, reading: string): void {
  assert(loaded.has(id), `a command of the batch names ${reading} of ${id} in its reads`);
}

/** The readings that a task names, besides the earlier transaction, which it brings along. */
function readFor(
  client: DedicatedClient,
  { reads, originals }: Task,
  loaded: Loaded,
  today: Day,
): Promise<void>[] {
  const { hold, quoteUser, reversed, floored, lapsed, freezes, lengthened } = reads;
  const receiver = originals.at(-1);
  const waits: Promise<void>[] = [];
  if (hold !== undefined)
    waits.push(into(loaded.holds, hold, loadHold(client, bucketOfTransaction(hold), hold)));
  if (quoteUser !== undefined) {
    const { nonce, bucket } = quoteUser;
    waits.push(into(loaded.quotes, nonce, loadQuoteUse(client, bucket, nonce)));
  }
  if (reversed !== undefined) {
    const amount = loadReversed(client, bucketOfTransaction(reversed), reversed);
    waits.push(into(loaded.reversed, reversed, amount));
  }
  if (floored !== undefined) {
    const amount = loadFloored(client, bucketOfTransaction(floored), floored);
    waits.push(into(loaded.floored, floored, amount));
  }
  if (lapsed !== undefined)
    waits.push(
      ...originals.map((leg) => readLapsed(client, leg, lotsToAskFor(leg, today), loaded)),
    );
  if (freezes !== undefined && receiver !== undefined)
    waits.push(into(loaded.freezes, freezes, loadFreezes(client, receiver.bucket, freezes)));
  if (lengthened !== undefined && receiver !== undefined)
    waits.push(readLengthened(client, lengthened, receiver, today, loaded));
  return waits;
}

async function into<Id, Value>(
  loaded: Map<Id, Value>,
  id: Id,
  reading: Promise<Value>,
): Promise<void> {
  loaded.set(id, await reading);
}

type Asked = Parameters<typeof loadLapsed>[3];

async function readLapsed(
  client: DedicatedClient,
  { bucket, memberId }: PostedLeg,
  asked: Asked,
  loaded: Loaded,
): Promise<void> {
  const found = await loadLapsed(client, bucket, memberId, asked);
  for (const [accountId, lapsed] of found) loaded.lapsed.set(`${bucket}/${accountId}`, lapsed);
}

/**
 * Where points went out of freezes, and what has lapsed there; most transactions were never
 * disputed.
 */
async function readLengthened(
  client: DedicatedClient,
  id: TransactionId,
  receiver: PostedLeg,
  today: Day,
  loaded: Loaded,
): Promise<void> {
  const lengthened = (await listEndsOfFreezes(client, receiver.bucket, id)).flatMap(lengthenedBy);
  loaded.lengthened.set(id, lengthened);
  if (lengthened.length === 0) return;
  const lots = lengthened.map(({ to }) => to);
  await readLapsed(client, receiver, { ...lotsToAskFor(receiver, today), lots }, loaded);
}

/**
 * The accounts that may be lots which a reversal takes back from, of the asset that the row
 * credited.
 */
function lotsToAskFor(leg: PostedLeg, today: Day): Asked {
  const lots = leg.entries
    .filter(({ amount, layer }) => layer === 'p' && amount > 0n)
    .map(({ accountId }) => accountId);
  return {
    assetId: leg.kind === 'conversion' ? (leg.targetAssetId ?? leg.assetId) : leg.assetId,
    lots,
    today,
  };
}
