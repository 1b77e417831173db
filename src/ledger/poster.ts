// Queues commands and turns them into batches: each lane takes what has queued in buckets that no
// other lane is using. A bucket is in one batch at a time, so what the process knows of it stays
// true; other processes are kept out by `ledger.post` and the bucket's row lock. Before this:
// `task.ts`. Next: `batch.ts`.

import { setTimeout as sleep } from 'node:timers/promises';
import { buckets, type Bucket, type TransactionId } from '../kernel/ids.ts';
import type { Clock } from '../kernel/time.ts';
import {
  isConflict,
  isDatabaseUnavailable,
  sqlState,
  type Queryable,
} from '../runtime/database.ts';
import { inTurn } from '../runtime/in-turn.ts';
import type { Log } from '../runtime/log.ts';
import { AssetMissing, type Rulebook } from '../valuation/valuation.ts';
import type { Account } from './account.ts';
import { NotConfirmed, runBatch, type BatchContext } from './batch.ts';
import { BucketState } from './bucket-state.ts';
import type { Lane } from './lane.ts';
import type { Shortage } from './plan.ts';
import { ledgerProblems } from './problems.ts';
import { changeCap } from './quota.ts';
import { replayOf } from './replay.ts';
import type { Task, TaskResult } from './task.ts';
import { STALE, UNIQUE_VIOLATION, type RowTypes } from './store.ts';
import type { Alongside, Cap, NoteRuleFailure, Outcome } from './types.ts';
import type { AssetBook } from './view.ts';

export interface PosterOptions {
  readonly lanes: readonly Lane[];
  readonly clock: Clock;
  readonly log: Log;
  readonly types: RowTypes;
  readonly book: () => AssetBook;
  /** Reads the assets and the version in force again. */
  readonly refresh: () => Promise<void>;
  /**
   * The room that all stripes of an account together have left, read now and without a lock; the
   * room below `cap` where the rules set it.
   */
  readonly readRoom: (account: Account, cap: bigint | undefined) => Promise<bigint>;
  readonly rulebook: () => Rulebook;
  readonly onRuleFailure: NoteRuleFailure;
  readonly alongside: Alongside | undefined;
  readonly writeCap: (client: Queryable, cap: Cap) => Promise<unknown>;
  /** Most commands in one commit. */
  readonly maxBatch?: number;
  /** Most commands waiting; later ones are refused as `overloaded`. */
  readonly maxPending?: number;
}

const MAX_BATCH = 2_000;
const MAX_PENDING = 200_000;
/** How long a batch is retried over lost connections before its callers get a retryable problem. */
const RETRY_MS = 5_000;
/** Batches for which a bucket is locked before deciding, after another process was seen in it. */
const CONTENDED_BATCHES = 16;
/**
 * How long a cap that was found dry is checked without taking all buckets first. A caller that
 * keeps asking costs one reading.
 */
const DRY_MS = 100;

/**
 * A task and the promise of its caller. It is emptied once answered: the tables of the map and
 * queues that it was in live until the next full garbage collection, and must not keep its objects
 * alive.
 */
interface Waiting {
  task: Task;
  outcome: Promise<Outcome>;
  settle: (outcome: Outcome) => void;
}

/** The contents of a `Waiting` after its answer. */
const ANSWERED = { task: undefined, outcome: undefined, settle: undefined };

/** The last reading of a cap that had too little room. */
interface Dry {
  room: bigint;
  /** The last arrival before the reading began. */
  asOf: number;
  untilMs: number;
  /** The bound, where the rules set it. */
  cap: bigint | undefined;
  look: (() => Promise<void>) | undefined;
}

interface WaitingCap {
  readonly cap: Cap;
  readonly settle: (done: boolean) => void;
  readonly fail: (error: unknown) => void;
}

export class Poster {
  private readonly options: PosterOptions;
  private readonly idle: Lane[];
  private readonly states: BucketState[];
  private readonly busy = new Set<Bucket>();
  /** Tasks of one bucket, by bucket. */
  private readonly single: Waiting[][];
  /** Tasks of several buckets, in order of arrival. */
  private several: Waiting[] = [];
  private caps: WaitingCap[] = [];
  /** Outcomes under way, by transaction: a duplicate waits for the first. */
  private readonly inFlight = new Map<TransactionId, Waiting>();
  private readonly dry = new Map<string, Dry>();
  /** The number of tasks that have arrived. It tells whether a reading is older than a task. */
  private arrivals = 0;
  private pendingCount = 0;
  private nextBucket = 0;
  private dispatchScheduled = false;
  /**
   * Set after a duplicate was met: then keys are looked up first for some batches instead of
   * failing at the index.
   */
  private lookUps = 0;
  private closed = false;
  private whenIdle: (() => void)[] = [];

  constructor(options: PosterOptions) {
    this.options = options;
    this.idle = [...options.lanes];
    const { bucketCount } = options.book();
    this.states = buckets(bucketCount).map((bucket) => new BucketState(bucket, bucketCount));
    this.single = this.states.map(() => []);
  }

  get pending(): number {
    return this.pendingCount;
  }

  /** Resolves once the task is durable or refused. Never rejects. */
  submit(task: Task): Promise<Outcome> {
    const first = this.inFlight.get(task.transactionId);
    if (first !== undefined) return this.afterFirst(first, task);
    if (this.closed)
      return Promise.resolve({
        ok: false,
        problem: ledgerProblems.unavailable('The program is stopping.'),
      });
    if (this.pendingCount >= (this.options.maxPending ?? MAX_PENDING))
      return Promise.resolve({ ok: false, problem: ledgerProblems.overloaded() });
    this.pendingCount += 1;
    task.arrived = this.arrivals += 1;
    const { promise: outcome, resolve: settle } = Promise.withResolvers<Outcome>();
    const waiting = { task, outcome, settle };
    this.inFlight.set(task.transactionId, waiting);
    this.enqueue(waiting);
    this.schedule();
    return outcome;
  }

  /**
   * Answers a duplicate of a task under way. A duplicate with a new signature is submitted too, so
   * that its signature is noted.
   */
  private async afterFirst(first: Waiting, task: Task): Promise<Outcome> {
    const { mark } = first.task.command.signature ?? {};
    const outcome = await first.outcome;
    if (!outcome.ok || task.command.signature?.mark !== mark) return this.submit(task);
    return replayOf(outcome.transaction, task);
  }

  /**
   * Sets a cap over all buckets; false when more than that is in use. Rejects when the database
   * fails.
   */
  setCap(cap: Cap): Promise<boolean> {
    return new Promise((settle, fail) => {
      this.caps.push({ cap, settle, fail });
      this.schedule();
    });
  }

  /** Resolves when nothing is queued or in flight; later submissions are refused. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.pendingCount > 0 || this.busy.size > 0)
      await new Promise<void>((resolve) => this.whenIdle.push(resolve));
  }

  private enqueue(waiting: Waiting): void {
    const [bucket] = waiting.task.buckets;
    if (waiting.task.buckets.length === 1 && bucket !== undefined)
      this.single[bucket]?.push(waiting);
    else this.several.push(waiting);
  }

  /**
   * Waits for the end of the present turn of the event loop, so that all who submit in it share a
   * batch.
   */
  private schedule(): void {
    if (this.dispatchScheduled) return;
    this.dispatchScheduled = true;
    setImmediate(() => {
      this.dispatchScheduled = false;
      this.dispatch();
    });
  }

  private dispatch(): void {
    while (this.idle.length > 0) {
      if (this.caps.length > 0) {
        if (this.busy.size > 0) return;
        const cap = this.caps.shift();
        if (cap !== undefined)
          this.occupy(new Set(this.states.map((state) => state.bucket)), (lane, states) =>
            this.runCap(cap, lane, states),
          );
        continue;
      }
      const { batch, buckets } = this.choose();
      if (batch.length === 0) return;
      this.occupy(buckets, (lane, states) => this.run(batch, lane, states));
    }
  }

  /**
   * Takes tasks whose buckets are free. One that needs several buckets reserves them, so that it is
   * not passed over for ever.
   */
  private choose(): { batch: Waiting[]; buckets: Set<Bucket> } {
    const limit = this.options.maxBatch ?? MAX_BATCH;
    const batch: Waiting[] = [];
    const buckets = new Set<Bucket>();
    const reserved = new Set<Bucket>();
    const left: Waiting[] = [];
    for (const waiting of this.several) {
      const { buckets: needs } = waiting.task;
      const blocked =
        batch.length >= limit ||
        needs.some((bucket) => this.busy.has(bucket) || reserved.has(bucket));
      if (blocked) {
        left.push(waiting);
        for (const bucket of needs) if (!buckets.has(bucket)) reserved.add(bucket);
      } else {
        batch.push(waiting);
        for (const bucket of needs) buckets.add(bucket);
      }
    }
    this.several = left;
    // A lane leaves some buckets to the others, so that one prepares while another commits.
    const share = Math.max(1, Math.ceil(this.states.length / this.options.lanes.length));
    for (let step = 0; step < this.single.length && batch.length < limit; step += 1) {
      const at = (this.nextBucket + step) % this.single.length;
      const [bucket, queue] = [this.states[at]?.bucket, this.single[at]];
      if (bucket === undefined || queue === undefined || queue.length === 0) continue;
      if (this.busy.has(bucket)) continue;
      if (!buckets.has(bucket) && (buckets.size >= share || reserved.has(bucket))) continue;
      buckets.add(bucket);
      const taken = queue.splice(0, limit - batch.length);
      for (const waiting of taken) batch.push(waiting);
    }
    this.nextBucket = (this.nextBucket + share) % this.single.length;
    return { batch, buckets };
  }

  /** Runs work on an idle lane that has the buckets to itself meanwhile. */
  private occupy(
    buckets: ReadonlySet<Bucket>,
    work: (lane: Lane, states: BucketState[]) => Promise<void>,
  ): void {
    const lane = this.idle.pop();
    if (lane === undefined) return;
    const states = [...buckets]
      .sort((a, b) => a - b)
      .flatMap((bucket) => this.states[bucket] ?? []);
    for (const bucket of buckets) this.busy.add(bucket);
    void work(lane, states).finally(() => {
      for (const bucket of buckets) this.busy.delete(bucket);
      this.idle.push(lane);
      if (this.pendingCount === 0 && this.busy.size === 0)
        for (const resolve of this.whenIdle.splice(0)) resolve();
      this.schedule();
    });
  }

  private async run(batch: readonly Waiting[], lane: Lane, states: BucketState[]): Promise<void> {
    const results = await this.commit(
      batch.map((waiting) => waiting.task),
      lane,
      states,
    );
    batch.forEach((waiting, index) => {
      const result = results[index] ?? unavailable();
      if (result.ok === undefined) {
        this.goOnShort(waiting, result.short);
      } else {
        this.pendingCount -= 1;
        this.inFlight.delete(waiting.task.transactionId);
        waiting.settle(result);
        Object.assign(waiting, ANSWERED);
      }
    });
  }

  /**
   * The other stripes may have the quota that one stripe lacks. Where they were found dry a moment
   * ago, they are read again first: a refusal is never older than the request, and callers that
   * hammer on a dry cap share one reading instead of taking all buckets each.
   */
  private goOnShort(waiting: Waiting, { account, need, cap }: Shortage): void {
    const escalate = (): void => {
      waiting.task = {
        ...waiting.task,
        buckets: this.states.map((state) => state.bucket),
        escalated: true,
      };
      this.several.push(waiting);
      this.schedule();
    };
    const known = this.dry.get(stripesKey(account));
    if (known === undefined || known.untilMs <= this.options.clock.now() || need <= known.room)
      return escalate();
    known.cap = cap;
    known.look ??= inTurn(async () => {
      const asOf = this.arrivals;
      const room = await this.options.readRoom(account, known.cap);
      Object.assign(known, { room, asOf, untilMs: this.options.clock.now() + DRY_MS });
    });
    known
      .look()
      .then(() => {
        if (need <= known.room) return escalate();
        this.enqueue(waiting);
        this.schedule();
      })
      .catch(escalate);
  }

  /**
   * Commits a batch, again as long as it is right to try; a batch that fails for good is answered
   * `unavailable`.
   */
  private async commit(
    tasks: readonly Task[],
    lane: Lane,
    states: BucketState[],
  ): Promise<TaskResult[]> {
    const deadline = Date.now() + RETRY_MS;
    // Quota is taken from stripes that other processes may have moved: only under the lock is a
    // refusal for lack of it true.
    let lookUpFirst = this.lookUps > 0 || tasks.some((task) => task.escalated);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const client = await lane.client();
        const results = await runBatch(client, tasks, states, this.contextNow(), lookUpFirst);
        if (lane.unconfirmed())
          throw new NotConfirmed('the synchronous replica did not confirm the commit');
        this.calm(states, results);
        return results;
      } catch (error) {
        for (const state of states) state.forget();
        const next = await this.afterError(error, tasks, lane, states, attempt, deadline);
        if (next === 'give up') return tasks.map(() => unavailable());
        if (next === 'split') return this.commitEach(tasks, lane, states);
        lookUpFirst = true;
      }
    }
  }

  /** Decides what to do after a failed attempt. A retry looks all keys up first, under the lock. */
  private async afterError(
    error: unknown,
    tasks: readonly Task[],
    lane: Lane,
    states: readonly BucketState[],
    attempt: number,
    deadline: number,
  ): Promise<'again' | 'give up' | 'split'> {
    if (error instanceof AssetMissing && attempt === 1) {
      await this.rollBack(lane);
      return this.readAgain();
    }
    const state = sqlState(error);
    // An error of a live connection has rolled back by the next statement; a dead one is replaced,
    // and its backend ended.
    if (state === undefined || isDatabaseUnavailable(error) || error instanceof NotConfirmed)
      lane.discard();
    else await this.rollBack(lane);
    if (state === STALE) {
      for (const bucket of states) bucket.contended = CONTENDED_BATCHES;
      return attempt < 10 ? 'again' : 'give up';
    }
    if (state === UNIQUE_VIOLATION && attempt === 1) {
      this.lookUps = CONTENDED_BATCHES;
      return 'again';
    }
    if (error instanceof NotConfirmed) return 'give up';
    if (isConflict(error) && attempt < 5) return 'again';
    if (isDatabaseUnavailable(error) && Date.now() < deadline && !this.closed) {
      await sleep(Math.min(50 * 2 ** attempt, 500));
      return 'again';
    }
    this.options.log.error({ err: error, tasks: tasks.length }, 'a batch could not be committed');
    // One command that the database rejects, or that meets a defect of ours, must not take its
    // neighbours with it.
    return !isDatabaseUnavailable(error) && tasks.length > 1 ? 'split' : 'give up';
  }

  /** Another process has added what a decision needs. */
  private async readAgain(): Promise<'again' | 'give up'> {
    try {
      await this.options.refresh();
      return 'again';
    } catch (error) {
      this.options.log.warn({ err: error }, 'assets could not be read anew');
      return 'give up';
    }
  }

  private async commitEach(
    tasks: readonly Task[],
    lane: Lane,
    states: BucketState[],
  ): Promise<TaskResult[]> {
    const results: TaskResult[] = [];
    for (const task of tasks) results.push(...(await this.commit([task], lane, states)));
    return results;
  }

  private async rollBack(lane: Lane): Promise<void> {
    try {
      await (await lane.client()).query('rollback');
    } catch {
      lane.discard();
    }
  }

  /** After a good batch: other processes and duplicates are expected a little less. */
  private calm(states: readonly BucketState[], results: readonly TaskResult[]): void {
    for (const state of states) if (state.contended > 0) state.contended -= 1;
    const replays = results.some((result) => result.ok === true && result.replayed);
    this.lookUps = replays ? CONTENDED_BATCHES : Math.max(0, this.lookUps - 1);
  }

  private async runCap(waiting: WaitingCap, lane: Lane, states: BucketState[]): Promise<void> {
    try {
      const client = await lane.client();
      const done = await changeCap(client, waiting.cap, states, this.contextNow(), (on) =>
        this.options.writeCap(on, waiting.cap),
      );
      this.dry.clear();
      waiting.settle(done);
    } catch (error) {
      for (const state of states) state.forget();
      lane.discard();
      waiting.fail(error);
    }
  }

  private contextNow(): BatchContext {
    const { options, dry, arrivals: asOf } = this;
    return {
      book: options.book(),
      rulebook: options.rulebook(),
      nowMs: options.clock.now(),
      types: options.types,
      alongside: options.alongside,
      noteRefusal: (problem) => {
        if (problem.code === 'rule_failed') options.onRuleFailure(problem);
      },
      isDry: (account, need, arrived) => {
        const known = dry.get(stripesKey(account));
        return known !== undefined && arrived <= known.asOf && need > known.room;
      },
      noteDry: (account, room) =>
        dry.set(stripesKey(account), {
          room,
          asOf,
          cap: undefined,
          untilMs: options.clock.now() + DRY_MS,
          look: undefined,
        }),
    };
  }
}

/** The key that all stripes of one system account share. */
function stripesKey(account: Account): string {
  return `${account.ownerId}/${account.assetId}/${account.purpose}/${account.expiresOn}`;
}

function unavailable(): Outcome {
  return {
    ok: false,
    problem: ledgerProblems.unavailable('It is not known whether the request was carried out.'),
  };
}
