// The life of one batch: read what is missing, decide one command after another, write all buckets
// in one commit. Nothing is answered before the commit is durable. Before this: `poster.ts` chose
// the tasks and owns the buckets meanwhile.

import { randomUUID } from 'node:crypto';
import { larger } from '../kernel/amount.ts';
import { assert } from '../kernel/assert.ts';
import {
  bucketOfTransaction,
  deriveTransactionId,
  type Bucket,
  type MemberId,
  type TransactionId,
} from '../kernel/ids.ts';
import type { Problem } from '../kernel/problem.ts';
import { NEVER, type Day } from '../kernel/time.ts';
import type { DedicatedClient } from '../runtime/database.ts';
import { AssetMissing, type Rulebook } from '../valuation/valuation.ts';
import { accountOf, newWallet, type Account } from './account.ts';
import { allotQuota, capOf, headroomOf, usedOf } from './allot-quota.ts';
import type { BucketState } from './bucket-state.ts';
import { decide, walletsFor } from './decide.ts';
import { lapsedBy } from './lapse.ts';
import { lengthenedBy, type Lengthened } from './lengthened.ts';
import type { HoldPlan, Plan, Shortage } from './plan.ts';
import { identityOf, nextSequence, numberAccount, postPlan } from './post-plan.ts';
import { ledgerProblems } from './problems.ts';
import { replayOf } from './replay.ts';
import {
  isSignatureUsed,
  noteSignature,
  signaturesOf,
  type SignatureUsers,
} from './signature-use.ts';
import {
  findPosted,
  findSignatures,
  listEndsOfFreezes,
  loadFloored,
  loadFreezes,
  loadHold,
  loadLapsed,
  loadQuoteUse,
  loadReversed,
  loadWallets,
  lockBucket,
  STALE,
  writeBucket,
  type RowTypes,
} from './store.ts';
import type { Task, TaskResult } from './task.ts';
import type {
  Alongside,
  Asset,
  Cap,
  CaptureCommand,
  Command,
  Hold,
  Outcome,
  PostedLeg,
  ReleaseCommand,
} from './types.ts';
import { createView, type AssetBook, type View } from './view.ts';

/** A change of a cap; runs alone on all buckets. */
export interface CapTask {
  readonly cap: Cap;
}

export interface BatchContext {
  readonly book: AssetBook;
  readonly rulebook: Rulebook;
  readonly nowMs: number;
  readonly types: RowTypes;
  /**
   * True when all stripes of that account together were found too dry for it since the task
   * arrived.
   */
  isDry(account: Account, need: bigint, arrived: number): boolean;
  noteDry(account: Account, room: bigint): void;
  readonly alongside: Alongside | undefined;
  /** Told of each refusal that was decided. */
  noteRefusal(problem: Problem): void;
}

/**
 * The commit was not confirmed by the synchronous replica: it may be lost in a failover, so nobody
 * may be told yes.
 */
export class NotConfirmed extends Error {
  override name = 'NotConfirmed';
}

class Stale extends Error {
  readonly code = STALE;
}

/**
 * Starts a batch: locks the buckets where the process cannot trust what it knows. Returns whether a
 * dbTransaction is open.
 */
export async function openBatch(
  client: DedicatedClient,
  states: readonly BucketState[],
  lock: boolean,
): Promise<boolean> {
  const locking = lock || states.some((state) => state.known === undefined || state.contended > 0);
  if (locking) {
    const begun = client.query('begin');
    const locks = states.map(async (state) => {
      const locked = await lockBucket(client, state.bucket);
      if (state.known?.sequence !== locked.sequence) state.forget();
      state.known = locked;
    });
    await allOrFirstError<unknown>([begun, ...locks]);
  }
  for (const state of states) state.begin();
  return locking;
}

/**
 * Decides and commits all tasks. Throws when the commit failed; then nothing was posted, or the
 * outcome is unknown.
 */
export async function runBatch(
  client: DedicatedClient,
  tasks: readonly Task[],
  states: readonly BucketState[],
  context: BatchContext,
  lookUpFirst: boolean,
): Promise<TaskResult[]> {
  const open = await openBatch(client, states, lookUpFirst);
  const stateOf = new Map(states.map((state) => [state.bucket, state]));
  const loaded: Loaded = {
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
    complete: false,
  };
  const view = createBatchView(tasks, context, stateOf, loaded);

  // Most tasks find all they need in memory; only for the others is it named, read, and looked at
  // again.
  const first = tasks.map((task) =>
    lookUpFirst || needsReading(task)
      ? undefined
      : decideIfLoaded(task, view, stateOf, loaded, context),
  );
  const cold = tasks.filter((_task, index) => first[index] === undefined);
  if (cold.length > 0) await load(client, cold, stateOf, view, loaded, lookUpFirst, context.book);
  loaded.complete = true;
  const results = tasks.map((task, index): TaskResult => {
    const posted = loaded.posted.get(task.transactionId);
    return (
      first[index] ??
      (posted === undefined
        ? decideTask(task, view, stateOf, loaded, context)
        : giveAgain(posted, task, stateOf, loaded))
    );
  });

  // A refusal must not hide that the same request was posted before: the first result is given
  // again.
  const refused = lookUpFirst ? [] : tasks.filter((_task, index) => isRefusal(results[index]));
  if (refused.length > 0) {
    const posted = await lookUp(client, refused, stateOf, loaded.signatures);
    tasks.forEach((task, index) => {
      if (!isRefusal(results[index])) return;
      const first = posted.get(task.transactionId);
      if (first !== undefined) results[index] = giveAgain(first, task, stateOf, loaded);
      else if (isSignatureUsed(task, loaded.signatures)) results[index] = usedSignature();
    });
  }
  await closeBatch(client, states, context.types, open, writesAlongside(client, states, context));
  return results;
}

/** What others write in the same commit; nothing for most batches. */
function writesAlongside(
  client: DedicatedClient,
  states: readonly BucketState[],
  { alongside, book }: BatchContext,
): (() => Promise<unknown>)[] {
  if (alongside === undefined) return [];
  const legs = states.flatMap((state) =>
    state.writes.rows.filter((row) => row.leg === 0 && alongside.concerns(row)),
  );
  const asset = (assetId: number): Asset => {
    const found = book.byId.get(assetId);
    assert(found !== undefined, `asset ${assetId} is in the book`);
    return found;
  };
  return legs.length === 0 ? [] : [() => alongside.write(client, legs, asset)];
}

/** Writes what was decided and commits it. */
export async function closeBatch(
  client: DedicatedClient,
  states: readonly BucketState[],
  types: RowTypes,
  open: boolean,
  also: readonly (() => Promise<unknown>)[] = [],
): Promise<void> {
  const written = states.filter(
    (state) =>
      state.writes.rows.length > 0 ||
      state.writes.quotes.length > 0 ||
      state.writes.signatures.length > 0,
  );
  const [only] = written;
  if (!open && written.length === 1 && also.length === 0 && only !== undefined) {
    await writeBucket(client, only, types);
  } else if (open || written.length > 0 || also.length > 0) {
    const answers = await allOrFirstError<unknown>([
      ...(open ? [] : [client.query('begin')]),
      ...written.map((state) => writeBucket(client, state, types)),
      ...also.map((statement) => statement()),
      client.query('commit'),
    ]);
    const { command } = answers.at(-1) as { command: string };
    if (command !== 'COMMIT') throw new Error(`COMMIT was answered by ${command}`);
  }
  for (const state of written) for (const account of state.writes.accounts) account.stored = true;
}

/**
 * What was read for the tasks of one batch, kept up to date while they are decided one after
 * another.
 */
interface Loaded {
  readonly holds: Map<TransactionId, Hold | undefined>;
  /** Of the transactions that tasks reverse, as they were read. */
  readonly freezes: Map<TransactionId, readonly Hold[]>;
  /** Those that the batch has made. */
  readonly frozen: Hold[];
  /** Of the same transactions, where points may have gone when they came out of a freeze. */
  readonly lengthened: Map<TransactionId, readonly Lengthened[]>;
  readonly reversed: Map<TransactionId, bigint>;
  readonly floored: Map<TransactionId, bigint>;
  /** What the journal says that lapsed of lots, by bucket and account. */
  readonly lapsed: Map<string, bigint>;
  /** Which transaction has used a quote, by nonce. */
  readonly quotes: Map<string, TransactionId>;
  readonly posted: Map<TransactionId, PostedLeg>;
  readonly signatures: SignatureUsers;
  /** True once all that `walletsFor` names is in memory. */
  complete: boolean;
}

/** Thrown, without a trace of its own, by a view whose wallet is not in memory. */
class NotLoaded extends Error {}
const NOT_LOADED = new NotLoaded('wallet not loaded');

/** Tasks that look at more than wallets, or at the stripes of all buckets. */
function needsReading({ command, escalated }: Task): boolean {
  switch (command.kind) {
    case 'capture':
    case 'release':
    case 'reverse':
      return true;
    case 'transfer':
      return (
        escalated ||
        command.quote !== undefined ||
        command.reviewedHoldId !== undefined ||
        command.authorisedId !== undefined
      );
    default:
      return escalated;
  }
}

/** Decides a task on what is in memory; undefined, with nothing done, when that is not enough. */
function decideIfLoaded(...[task, ...rest]: Parameters<typeof decideTask>): TaskResult | undefined {
  try {
    return decideTask(task, ...rest);
  } catch (error) {
    if (error === NOT_LOADED) return undefined;
    throw error;
  }
}

/** Reads, in one round trip, whatever the decisions need and the process does not know. */
async function load(
  client: DedicatedClient,
  tasks: readonly Task[],
  stateOf: ReadonlyMap<Bucket, BucketState>,
  view: View,
  loaded: Loaded,
  lookUpFirst: boolean,
  book: AssetBook,
): Promise<void> {
  const waits: Promise<unknown>[] = [];
  for (const [bucket, wanted] of missingWallets(tasks, stateOf, view, book)) {
    waits.push(
      loadWallets(client, bucket, wanted, view.today).then((wallets) =>
        wallets.forEach((wallet) => stateOf.get(bucket)?.remember(wallet)),
      ),
    );
  }
  for (const { command, originals } of tasks) {
    if (command.kind === 'capture' || command.kind === 'release') {
      waits.push(
        loadHold(client, bucketOfTransaction(command.holdId), command.holdId).then((hold) =>
          loaded.holds.set(command.holdId, hold),
        ),
      );
    } else if (command.kind === 'transfer') {
      const { quote, reviewedHoldId, authorisedId: holdId = reviewedHoldId } = command;
      if (quote !== undefined)
        waits.push(
          loadQuoteUse(client, quote.bucket, quote.nonce).then(
            (user) => user === undefined || loaded.quotes.set(quote.nonce, user),
          ),
        );
      if (holdId !== undefined)
        waits.push(
          loadHold(client, bucketOfTransaction(holdId), holdId).then((hold) =>
            loaded.holds.set(holdId, hold),
          ),
        );
    } else if (command.kind === 'reverse') {
      const id = command.transactionId;
      waits.push(
        loadReversed(client, bucketOfTransaction(id), id).then((amount) =>
          loaded.reversed.set(id, amount),
        ),
      );
      waits.push(
        loadFloored(client, bucketOfTransaction(id), id).then(
          (amount) => amount === undefined || loaded.floored.set(id, amount),
        ),
      );
      waits.push(
        ...originals.map((leg) =>
          loadLapsed(client, leg.bucket, leg.memberId, lotsToAskFor(leg, view.today)).then(
            (found) => {
              for (const [accountId, lapsed] of found)
                loaded.lapsed.set(`${leg.bucket}/${accountId}`, lapsed);
            },
          ),
        ),
      );
      const receiver = originals.at(-1);
      if (receiver !== undefined) {
        waits.push(
          loadFreezes(client, receiver.bucket, id).then((freezes) =>
            loaded.freezes.set(id, freezes),
          ),
        );
        waits.push(loadLengthened(client, id, receiver, view.today, loaded));
      }
    }
  }
  if (lookUpFirst)
    waits.push(
      lookUp(client, tasks, stateOf, loaded.signatures).then((found) =>
        found.forEach((leg, id) => loaded.posted.set(id, leg)),
      ),
    );
  if (waits.length > 0) await allOrFirstError(waits);
}

/**
 * Where points went out of freezes, and what has lapsed there; most transactions were never
 * disputed.
 */
async function loadLengthened(
  client: DedicatedClient,
  id: TransactionId,
  receiver: PostedLeg,
  today: Day,
  loaded: Loaded,
): Promise<void> {
  const lengthened = (await listEndsOfFreezes(client, receiver.bucket, id)).flatMap(lengthenedBy);
  if (lengthened.length === 0) return;
  loaded.lengthened.set(id, lengthened);
  const asked = { ...lotsToAskFor(receiver, today), lots: lengthened.map(({ to }) => to) };
  const found = await loadLapsed(client, receiver.bucket, receiver.memberId, asked);
  for (const [accountId, lapsed] of found)
    loaded.lapsed.set(`${receiver.bucket}/${accountId}`, lapsed);
}

/**
 * The accounts that may be lots which a reversal takes back from, of the asset that the row
 * credited.
 */
function lotsToAskFor(leg: PostedLeg, today: Day): Parameters<typeof loadLapsed>[3] {
  const lots = leg.entries
    .filter(({ amount, layer }) => layer === 'p' && amount > 0n)
    .map(({ accountId }) => accountId);
  return {
    assetId: leg.kind === 'conversion' ? (leg.targetAssetId ?? leg.assetId) : leg.assetId,
    lots,
    today,
  };
}

type Wanted = ReturnType<typeof newWallet>;

function missingWallets(
  tasks: readonly Task[],
  stateOf: ReadonlyMap<Bucket, BucketState>,
  view: View,
  book: AssetBook,
): Map<Bucket, Wanted[]> {
  const missing = new Map<Bucket, Wanted[]>();
  const seen = new Set<string>();
  const buckets = [...stateOf.keys()];
  for (const task of tasks) {
    const name = (bucket: Bucket, ownerId: Wanted['ownerId'], assetId: number): void => {
      const state = stateOf.get(bucket);
      assert(state !== undefined, `bucket ${bucket} belongs to the batch`);
      if (state.find(ownerId, assetId) !== undefined) return;
      const key = `${bucket}/${ownerId}${assetId}`;
      if (seen.has(key)) return;
      seen.add(key);
      // Nothing is ever posted on an asset that nobody knows.
      if (!book.byId.has(assetId)) throw new AssetMissing(String(assetId));
      const list = missing.get(bucket);
      if (list === undefined) missing.set(bucket, [newWallet(bucket, ownerId, assetId)]);
      else list.push(newWallet(bucket, ownerId, assetId));
    };
    walletsFor(task.command, view, (at, ownerId, assetId, striped) => {
      name(at, ownerId, assetId);
      // With all buckets at hand, every stripe of the system accounts may be asked for quota.
      if (task.escalated && striped) for (const bucket of buckets) name(bucket, ownerId, assetId);
    });
  }
  return missing;
}

function createBatchView(
  tasks: readonly Task[],
  context: BatchContext,
  stateOf: ReadonlyMap<Bucket, BucketState>,
  loaded: Loaded,
): View {
  const originals = new Map<TransactionId, readonly PostedLeg[]>();
  const allowances = new Map<TransactionId, Task['allowances']>();
  for (const { command, originals: legs, allowances: drawn } of tasks) {
    const [original] = legs;
    if (original !== undefined) originals.set(original.transactionId, legs);
    if (drawn.length > 0)
      allowances.set(
        command.kind === 'reverse'
          ? command.transactionId
          : (command as CaptureCommand | ReleaseCommand).holdId,
        drawn,
      );
  }
  return createView(context.book, context.rulebook, context.nowMs, {
    wallet: (bucket, ownerId, assetId) => {
      const wallet = stateOf.get(bucket)?.find(ownerId, assetId);
      if (wallet !== undefined) return wallet;
      assert(!loaded.complete, 'walletsFor names each wallet that a decision looks at');
      throw NOT_LOADED;
    },
    hold: (holdId) => loaded.holds.get(holdId),
    original: (transactionId) => originals.get(transactionId) ?? [],
    allowances: (transactionId) => allowances.get(transactionId) ?? NO_ALLOWANCES,
    reversed: (transactionId) => loaded.reversed.get(transactionId) ?? 0n,
    floored: (transactionId) => loaded.floored.get(transactionId),
    // What the batch itself has decided is in no table yet.
    lapsed: (lot) =>
      (stateOf.get(lot.bucket)?.writes.rows ?? []).reduce(
        (sum, row) => sum + lapsedBy(row, lot),
        loaded.lapsed.get(`${lot.bucket}/${lot.accountId}`) ?? 0n,
      ),
    lengthened: (transactionId) => loaded.lengthened.get(transactionId) ?? [],
    freezes: (transactionId) =>
      [
        ...(loaded.freezes.get(transactionId) ?? []),
        ...loaded.frozen.filter(({ frozenFor }) => frozenFor === transactionId),
      ]
        .map((hold) => loaded.holds.get(hold.holdId) ?? hold)
        .filter(({ state }) => state === 'held'),
    quoteUser: (nonce) => loaded.quotes.get(nonce),
  });
}

const NO_ALLOWANCES: Task['allowances'] = [];

const MOST_ALLOTMENTS = 64;

/** What was posted before, under a signature that from now on stands for it. */
function giveAgain(
  posted: PostedLeg,
  task: Task,
  stateOf: ReadonlyMap<Bucket, BucketState>,
  loaded: Loaded,
): Outcome {
  if (isSignatureUsed(task, loaded.signatures)) return usedSignature();
  const outcome = replayOf(posted, task);
  if (outcome.ok) noteSignature(task, loaded.signatures, stateOf);
  return outcome;
}

function decideTask(
  task: Task,
  view: View,
  stateOf: ReadonlyMap<Bucket, BucketState>,
  loaded: Loaded,
  context: BatchContext,
): TaskResult {
  if (isSignatureUsed(task, loaded.signatures)) return usedSignature();
  let decision = decide(task.command, view);
  // One allotment is enough for each account: a position, a stock, and each shared limit.
  for (let tries = 0; decision.type === 'short' && tries < MOST_ALLOTMENTS; tries += 1) {
    const { shortage } = decision;
    if (context.isDry(shortage.account, shortage.need, task.arrived))
      return refused(shortage.otherwise);
    if (!task.escalated) return { ok: undefined, short: shortage };
    if (!takeQuota(shortage, task, stateOf, context)) return refused(shortage.otherwise);
    decision = decide(task.command, view);
  }
  if (decision.type === 'short') return refused(decision.shortage.otherwise);
  if (decision.type === 'refuse') {
    context.noteRefusal(decision.problem);
    return refused(decision.problem);
  }
  const { plan } = decision;
  const transaction = postPlan(
    plan,
    identityOf(task.command, task.transactionId, task.fingerprint),
    context.nowMs,
    view.today,
    (memberId) => {
      const state = stateOf.get(view.bucketOf(memberId));
      assert(state !== undefined, 'the bucket of each leg belongs to the batch');
      return state;
    },
  );
  noteChanges(plan, loaded, transaction, stateOf);
  noteSignature(task, loaded.signatures, stateOf);
  return { ok: true, transaction, replayed: false };
}

/**
 * What later tasks of the same batch must see: a hold is resolved once, a reversal counts at once.
 */
function noteChanges(
  plan: Plan,
  loaded: Loaded,
  transaction: PostedLeg,
  stateOf: ReadonlyMap<Bucket, BucketState>,
): void {
  const { holds = [], reversal, quote } = plan;
  if (quote !== undefined) {
    loaded.quotes.set(quote.nonce, transaction.transactionId);
    const state = stateOf.get(quote.bucket);
    assert(state !== undefined, 'the bucket of a quote belongs to the batch');
    state.writes.quotes.push({
      bucket: quote.bucket,
      nonce: quote.nonce,
      transactionId: transaction.transactionId,
    });
  }
  for (const hold of holds) {
    const after = afterPlan(hold, transaction);
    if (hold.change !== 'create') loaded.holds.set(after.holdId, after);
    else if (hold.frozen !== undefined) loaded.frozen.push(after);
  }
  if (reversal !== undefined)
    loaded.reversed.set(
      reversal.transactionId,
      (loaded.reversed.get(reversal.transactionId) ?? 0n) + reversal.amount,
    );
}

/** A hold as it is once the plan is carried out by that transaction. */
export function afterPlan(
  plan: HoldPlan,
  { transactionId, bucket }: Pick<PostedLeg, 'transactionId' | 'bucket'>,
): Hold {
  switch (plan.change) {
    case 'resolve':
      return {
        ...plan.hold,
        state: plan.state,
        captured: plan.captured,
        resolvedBy: transactionId,
      };
    case 'take':
      return { ...plan.hold, captured: plan.captured };
    case 'create':
      return {
        holdId: transactionId,
        bucket,
        memberId: plan.memberId,
        assetId: plan.wallet.assetId,
        amount: plan.amount,
        captured: 0n,
        state: 'held',
        expiresAtMs: plan.expiresAtMs,
        accountIds: plan.portions.map(({ lot }) => lot.accountId),
        amounts: plan.portions.map(({ amount }) => amount),
        resolvedBy: null,
        frozenFor: plan.frozen?.for ?? null,
        frozenAtMs: plan.frozen?.atMs ?? null,
      };
  }
}

function refused(problem: Problem): Outcome {
  return { ok: false, problem };
}

function usedSignature(): Outcome {
  return refused(ledgerProblems.signature_used());
}

function isRefusal(result: TaskResult | undefined): boolean {
  return result?.ok === false;
}

/**
 * Which of the tasks were posted before. Throws Stale when any bucket they concern has moved on
 * since the batch began: the other side's bucket holds no key of the task, but a refusal may rest
 * on what is in it.
 */
async function lookUp(
  client: DedicatedClient,
  tasks: readonly Task[],
  stateOf: ReadonlyMap<Bucket, BucketState>,
  users: SignatureUsers,
): Promise<Map<TransactionId, PostedLeg>> {
  const byBucket = new Map<Bucket, TransactionId[]>();
  for (const task of tasks) {
    for (const bucket of task.buckets) if (!byBucket.has(bucket)) byBucket.set(bucket, []);
    byBucket.get(bucketOfTransaction(task.transactionId))?.push(task.transactionId);
  }
  const posted = new Map<TransactionId, PostedLeg>();
  await allOrFirstError([
    ...[...byBucket].map(async ([bucket, ids]) => {
      const { sequence, found } = await findPosted(client, bucket, ids);
      if (sequence !== stateOf.get(bucket)?.base.sequence)
        throw new Stale(`bucket ${bucket} moved on`);
      for (const leg of found) posted.set(leg.transactionId, leg);
    }),
    ...[...signaturesOf(tasks)].map(async ([bucket, signatures]) => {
      for (const [mark, user] of await findSignatures(client, bucket, signatures))
        users.set(mark, user);
    }),
  ]);
  return posted;
}

/**
 * Moves quota from the other stripes to the one that is short; false when all together have too
 * little.
 */
function takeQuota(
  { account, need, cap }: Shortage,
  task: Task,
  stateOf: ReadonlyMap<Bucket, BucketState>,
  context: BatchContext,
): boolean {
  const stripes = stripesOf(account, stateOf);
  const floors = allotQuota(stripes, cap ?? capOf(stripes), account, need);
  if (floors === undefined) {
    context.noteDry(account, cap === undefined ? headroomOf(stripes) : cap - usedOf(stripes));
    return false;
  }
  setFloors(stripes, floors, stateOf, context, task.command.platformId);
  return true;
}

/** The stripes of one system account, one for each bucket of the batch. */
function stripesOf(
  account: Pick<Account, 'ownerId' | 'assetId' | 'purpose' | 'expiresOn'>,
  stateOf: ReadonlyMap<Bucket, BucketState>,
): Account[] {
  return [...stateOf.values()].map((state) => {
    const wallet = state.find(account.ownerId, account.assetId);
    assert(wallet !== undefined, 'all stripes of a short account are loaded');
    return accountOf(wallet, account.purpose, account.expiresOn);
  });
}

/** Changes the floors, one journal row for each stripe whose floor moves. */
function setFloors(
  stripes: readonly Account[],
  floors: readonly bigint[],
  stateOf: ReadonlyMap<Bucket, BucketState>,
  context: BatchContext,
  platformId: Command['platformId'],
): void {
  stripes.forEach((stripe, index) => {
    const floor = floors[index] ?? 0n;
    const state = stateOf.get(stripe.bucket);
    if ((stripe.floor === floor && stripe.stored) || state === undefined) return;
    const sequence = nextSequence(state);
    numberAccount(stripe, state);
    const owner = stripe.ownerId as MemberId;
    state.writes.rows.push({
      bucket: stripe.bucket,
      sequence,
      leg: 0,
      kind: 'allot',
      fingerprint: 0n,
      entries: [],
      memberId: owner,
      assetId: stripe.assetId,
      transactionId: deriveTransactionId(stripe.bucket, platformId, owner, `allot/${randomUUID()}`),
      postedAtMs: context.nowMs,
      occurredAtMs: null,
      counterpartyId: null,
      targetAssetId: null,
      amount: -floor,
      credited: null,
      fee: null,
      rate: null,
      balanceAfter: null,
      targetBalanceAfter: null,
      relatedId: null,
      reference: null,
      rulebookVersion: null,
      details: {
        account_id: Number(stripe.accountId),
        floor_before: stripe.floor === null ? null : String(stripe.floor),
        floor_after: String(floor),
      },
    });
    stripe.floor = floor;
    stripe.lastSequence = sequence;
    state.writes.accounts.add(stripe);
  });
}

/**
 * Sets a cap: new floors on all stripes and the cap's own row, in one commit. False when more than
 * that is in use already.
 */
export async function runCapTask(
  client: DedicatedClient,
  { cap }: CapTask,
  states: readonly BucketState[],
  context: BatchContext,
  writeCap: (client: DedicatedClient) => Promise<unknown>,
): Promise<boolean> {
  const open = await openBatch(client, states, true);
  const stateOf = new Map(states.map((state) => [state.bucket, state]));
  await allOrFirstError(
    states.map(async (state) => {
      if (state.find(cap.ownerId, cap.assetId) !== undefined) return;
      const [wallet] = await loadWallets(client, state.bucket, [cap], cap.until ?? NEVER);
      if (wallet !== undefined) state.remember(wallet);
    }),
  );
  const stripes = stripesOf({ ...cap, expiresOn: cap.until ?? NEVER }, stateOf);
  // What a limit has let through stays, also under a lower maximum; a cap below what is in use is
  // refused.
  const floors = allotQuota(
    stripes,
    cap.purpose === 'shared_allowance' ? larger(cap.amount, usedOf(stripes)) : cap.amount,
  );
  if (floors === undefined) {
    await client.query('rollback');
    return false;
  }
  assert(context.book.byId.has(cap.assetId), 'a cap names a known asset');
  setFloors(stripes, floors, stateOf, context, 'cap' as Command['platformId']);
  await closeBatch(client, states, context.types, open, [() => writeCap(client)]);
  return true;
}

/**
 * Waits for all, so that none is left unobserved, then throws the first error or gives the values.
 */
async function allOrFirstError<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const values: T[] = [];
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === 'rejected') throw result.reason;
    values.push(result.value);
  }
  return values;
}
