// The life of one batch: find what is in memory, read what is missing, decide one command after
// another, write all buckets in one commit. Nothing is answered before the commit is durable.
// Before this: `poster.ts` chose the tasks and owns the buckets meanwhile. On the way:
// `loading.ts`, `decide.ts`, `post-plan.ts`, `commit.ts`.

import { assert } from '../kernel/assert.ts';
import type { Bucket } from '../kernel/ids.ts';
import type { Problem } from '../kernel/problem.ts';
import type { DedicatedClient } from '../runtime/database.ts';
import type { Rulebook } from '../valuation/valuation.ts';
import type { Account } from './account.ts';
import type { BucketState } from './bucket-state.ts';
import { closeBatch, openBatch } from './commit.ts';
import { decide } from './decide.ts';
import { holdAfter } from './hold-after.ts';
import { Memory, needsReading, type Loaded } from './loading.ts';
import { giveAgain, lookUp, refused, usedSignature } from './look-up.ts';
import type { Plan } from './plan.ts';
import { identityOf, postPlan } from './post-plan.ts';
import { takeQuota } from './quota.ts';
import { isSignatureUsed, noteSignature } from './signature-use.ts';
import type { RowTypes } from './store.ts';
import type { Task, TaskResult } from './task.ts';
import type { Alongside, Asset, PostedLeg } from './types.ts';
import type { AssetBook } from './view.ts';

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
 * The synchronous replica did not confirm the commit. It may be lost in a failover, so no caller
 * may get a success.
 */
export class NotConfirmed extends Error {
  override name = 'NotConfirmed';
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
  const memory = new Memory(tasks, context, stateOf);
  const results = await decideAll(client, tasks, memory, stateOf, context, lookUpFirst);

  // A refusal must not hide that the same request was posted before: the first result is given
  // again.
  const refusals = lookUpFirst ? [] : tasks.filter((_task, index) => isRefusal(results[index]));
  if (refusals.length > 0) {
    const { signatures } = memory.loaded;
    const posted = await lookUp(client, refusals, stateOf, signatures);
    tasks.forEach((task, index) => {
      if (!isRefusal(results[index])) return;
      const first = posted.get(task.transactionId);
      if (first !== undefined) results[index] = giveAgain(first, task, stateOf, signatures);
      else if (isSignatureUsed(task, signatures)) results[index] = usedSignature();
    });
  }
  await closeBatch(client, states, context.types, open, writesAlongside(client, states, context));
  return results;
}

/**
 * Decides all tasks: first those that find all they look at in memory, which are most; then, after
 * one round trip, the others.
 */
async function decideAll(
  client: DedicatedClient,
  tasks: readonly Task[],
  memory: Memory,
  stateOf: ReadonlyMap<Bucket, BucketState>,
  context: BatchContext,
  lookUpFirst: boolean,
): Promise<TaskResult[]> {
  const { posted, signatures } = memory.loaded;
  const first = tasks.map((task) => {
    const wallets = memory.find(task);
    return wallets === undefined || lookUpFirst || needsReading(task)
      ? undefined
      : decideTask(task, wallets, memory, stateOf, context);
  });
  const cold = tasks.filter((_task, index) => first[index] === undefined);
  if (cold.length > 0) {
    const also = lookUpFirst ? [notePosted(client, cold, memory.loaded, stateOf)] : [];
    await memory.read(client, cold, also);
  }
  return tasks.map((task, index): TaskResult => {
    const decided = first[index];
    if (decided !== undefined) return decided;
    const before = posted.get(task.transactionId);
    if (before !== undefined) return giveAgain(before, task, stateOf, signatures);
    const wallets = memory.find(task);
    assert(wallets !== undefined, 'a command finds the same wallets each time');
    return decideTask(task, wallets, memory, stateOf, context);
  });
}

/** Looks the keys of the tasks up together with what they read. */
async function notePosted(
  client: DedicatedClient,
  tasks: readonly Task[],
  { posted, signatures }: Loaded,
  stateOf: ReadonlyMap<Bucket, BucketState>,
): Promise<void> {
  const found = await lookUp(client, tasks, stateOf, signatures);
  for (const [id, leg] of found) posted.set(id, leg);
}

/** The writes of other modules in the same commit; most batches have none. */
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

const MOST_ALLOTMENTS = 64;

function decideTask(
  task: Task,
  wallets: unknown,
  { view, loaded }: Memory,
  stateOf: ReadonlyMap<Bucket, BucketState>,
  context: BatchContext,
): TaskResult {
  if (isSignatureUsed(task, loaded.signatures)) return usedSignature();
  let decision = decide(task.command, wallets, view);
  // One allotment is enough for each account: a position, a stock, and each shared limit.
  for (let tries = 0; decision.type === 'short' && tries < MOST_ALLOTMENTS; tries += 1) {
    const { shortage } = decision;
    if (context.isDry(shortage.account, shortage.need, task.arrived))
      return refused(shortage.otherwise);
    if (!task.escalated) return { ok: undefined, short: shortage };
    if (!takeQuota(shortage, task.command.platformId, stateOf, context))
      return refused(shortage.otherwise);
    decision = decide(task.command, wallets, view);
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
 * Notes the changes that later tasks of the same batch must see: a hold is resolved once, and a
 * reversal counts at once.
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
    const after = holdAfter(hold, transaction);
    if (hold.change !== 'create') loaded.holds.set(after.holdId, after);
    else if (hold.frozen !== undefined) loaded.frozen.push(after);
  }
  if (reversal !== undefined)
    loaded.reversed.set(
      reversal.transactionId,
      (loaded.reversed.get(reversal.transactionId) ?? 0n) + reversal.amount,
    );
}

function isRefusal(result: TaskResult | undefined): boolean {
  return result?.ok === false;
}
