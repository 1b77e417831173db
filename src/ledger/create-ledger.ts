// Puts the ledger together: the asset book, the poster with its lanes, the reads and the sweep.
// Before this: a route, or another module, has a command. Next: `look-back.ts` for a command that
// goes on from an earlier transaction, `task.ts` for all.

import {
  bucketOf,
  buckets,
  deriveTransactionId,
  type Bucket,
  type MemberId,
  type OwnerId,
} from '../kernel/ids.ts';
import type { Clock, Day } from '../kernel/time.ts';
import type { Pool } from '../runtime/database.ts';
import type { Log } from '../runtime/log.ts';
import { AssetMissing, type Valuation } from '../valuation/valuation.ts';
import { keepAssets } from './asset-book.ts';
import { ensureNetwork, writeCap } from './store-assets.ts';
import { kindOf, type Command } from './commands/commands.ts';
import { createLane } from './lane.ts';
import type { Ledger } from './ledger-calls.ts';
import { lookBack, resolveAuthorised } from './look-back.ts';
import { Poster } from './poster.ts';
import { bucketOfQuote, preview } from './preview.ts';
import { ledgerProblems } from './problems.ts';
import { createReads } from './reads.ts';
import { operationOf } from './signature-use.ts';
import { deleteSignature, insertSignature } from './store-signatures.ts';
import { loadRowTypes } from './store.ts';
import { sweep } from './sweep.ts';
import { NO_PAST, toTask } from './task.ts';
import type { Alongside, NoteRuleFailure, Outcome, SignatureMark } from './types.ts';
import { listSharedAllowances, loadRoom } from './store-wallets.ts';

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

export async function createLedger(options: LedgerOptions): Promise<Ledger> {
  const { pool, clock, log, valuation } = options;
  await ensureNetwork(pool, options.bucketCount ?? DEFAULT_BUCKETS);
  const assets = await keepAssets(pool, log);
  const { book } = assets;
  valuation.admitBy((assetIds) => assets.knows(assetIds));
  const refreshAll = async (): Promise<void> => {
    await assets.refresh();
    await valuation.refresh();
  };
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
    book,
    refresh: refreshAll,
    readRoom: (account, cap) => loadRoom(pool, book().bucketCount, account, cap),
    rulebook: () => valuation.rulebook(),
    ...(options.maxBatch === undefined ? {} : { maxBatch: options.maxBatch }),
  });
  const today = (): Day => valuation.rulebook().calendar.dayOf(clock.now());
  const submit = createSubmit(options, poster, () => book().bucketCount);
  return {
    submit,
    ...assets.calls,
    ...createReads({ pool, book, today }),
    ...createSignatureClaims(pool, () => book().bucketCount),
    setCap: async (cap) =>
      (await poster.setCap(cap))
        ? { ok: true }
        : { ok: false, problem: ledgerProblems.cap_below_use() },
    alignAllowances: async (assetId, maximum) => {
      const shared = { assetId, purpose: 'shared_allowance', amount: maximum } as const;
      const known = new Map<string, { ownerId: OwnerId; until: Day }>();
      for (const bucket of buckets(book().bucketCount))
        for (const one of await listSharedAllowances(pool, bucket, assetId, today()))
          known.set(`${one.ownerId}/${one.until}`, one);
      for (const one of known.values()) await poster.setCap({ ...shared, ...one });
    },
    preview: async (command) => {
      const once = (): ReturnType<typeof preview> =>
        preview(command, {
          pool,
          book: book(),
          rulebook: valuation.rulebook(),
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
    bucketOfQuote: (nonce, memberId) => bucketOfQuote(nonce, memberId, book().bucketCount),
    sweep: () => sweep({ pool, book: book(), nowMs: clock.now(), today: today(), submit }),
    pending: () => poster.pending,
    close: async () => {
      assets.close();
      await poster.close();
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

/** Queues a command; one that goes on from an earlier transaction after that was read. */
function createSubmit(
  { pool, log }: LedgerOptions,
  poster: Poster,
  bucketCount: () => number,
): Ledger['submit'] {
  const parts = { pool, bucketCount };
  const bucketFor = (memberId: MemberId): Bucket => bucketOf(memberId, bucketCount());
  const submitLookingBack = async (given: Command): Promise<Outcome> => {
    try {
      const command = given.kind === 'reverse' ? await resolveAuthorised(parts, given) : given;
      if (command === undefined) return { ok: false, problem: ledgerProblems.transfer_pending() };
      const past = await lookBack(parts, kindOf(command).reads(command));
      return await poster.submit(toTask(command, past, bucketFor));
    } catch (error) {
      log.error({ err: error }, 'the transaction to undo could not be read');
      return { ok: false, problem: ledgerProblems.unavailable() };
    }
  };
  return (command) => {
    const task = toTask(command, NO_PAST, bucketFor);
    return task.reads.original === undefined ? poster.submit(task) : submitLookingBack(command);
  };
}

/** Marks of signatures under which nothing is posted. */
function createSignatureClaims(
  pool: Pool,
  bucketCount: () => number,
): Pick<Ledger, 'claimSignature' | 'releaseSignature'> {
  /**
   * The bucket of a mark under which nothing is posted. For a posting it is the bucket of the
   * transaction.
   */
  const bucketOfMark = ({ mark }: SignatureMark): Bucket =>
    bucketOf(mark as MemberId, bucketCount());
  return {
    claimSignature: async ({ platformId, ownerId, key, signature }) => {
      const bucket = bucketOfMark(signature);
      // A space keeps it apart from the keys of what is posted.
      const owner = ownerId as string as MemberId;
      const id = deriveTransactionId(bucket, platformId, owner, `signed ${key}`);
      const operation = operationOf(id);
      const { inserted, user } = await insertSignature(pool, { bucket, ...signature, operation });
      return inserted ? 'new' : user === operation ? 'same' : 'other';
    },
    releaseSignature: (signature) => deleteSignature(pool, bucketOfMark(signature), signature),
  };
}
