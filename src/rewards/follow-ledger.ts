// Reads the ledger's journal by cursor: writes missing redemptions, and ends vouchers of what the
// ledger has given back. The API writes its own redemptions at once; this is for what a crash, or
// another caller, has left.

import { buckets, type Bucket, type TransactionId } from '../kernel/ids.ts';
import type { Clock } from '../kernel/time.ts';
import type { Ledger, PostedLeg } from '../ledger/ledger.ts';
import { dbTransaction, type DbClient, type Pool } from '../runtime/database.ts';
import { appendEvents, type NewEvent } from '../events/events.ts';
import type { Log } from '../runtime/log.ts';
import { applyReturn } from './apply-return.ts';
import type { Issuer } from './issue-redemptions.ts';
import { describeEvents, partOf } from './redemption-events.ts';
import { transitionAfterReturn, transitions } from './states.ts';
import {
  expireDue,
  lockClearCodes,
  moveCursor,
  moveRedemption,
  readCursor,
  sealCodes,
} from './store.ts';
import type { Issue } from './types.ts';
import type { VoucherHash } from './voucher-code.ts';
import { sumOf } from './voucher-units.ts';

export interface FollowParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly issuer: Issuer;
}

/** Rows of a bucket's journal read in one step. */
const STEP = 1_000;
const EXPIRE_LIMIT = 500;

/**
 * One step in each bucket; true when there is more to read. Several processes may run it: each row
 * is written once.
 */
export async function followLedger(parts: FollowParts): Promise<boolean> {
  let more = false;
  for (const bucket of buckets(parts.ledger.bucketCount()))
    more = (await followBucket(parts, bucket)) || more;
  return more;
}

async function followBucket(
  { pool, clock, log, ledger, issuer }: FollowParts,
  bucket: Bucket,
): Promise<boolean> {
  const cursor = await readCursor(pool, bucket);
  const { legs, through } = await ledger.listAfter(bucket, cursor, ['redeem', 'reverse'], STEP);
  if (through === cursor) return false;
  const issues: Issue[] = [];
  for (const leg of legs) {
    const issue = leg.kind === 'redeem' ? await issuer.read(leg) : undefined;
    if (issue !== undefined) issues.push(issue);
  }
  const given = await findGivenBack(ledger, legs);
  await dbTransaction(pool, async (client) => {
    // The cursor's row first: of two processes in one bucket, the second finds it moved and writes
    // nothing.
    if (!(await moveCursor(client, bucket, cursor, through))) return;
    const issued = await issuer.write(client, issues);
    const ended: NewEvent[] = [];
    for (const leg of legs)
      if (leg.kind === 'reverse')
        ended.push(...(await endReturned(client, leg, given, { log, clock, ledger })));
    await appendEvents(client, [...issued, ...ended], clock.now());
  });
  return through - cursor === BigInt(STEP);
}

/**
 * Takes off the vouchers what a reversal has given back, if that is not done yet; a redemption
 * without a usable unit ends.
 */
async function endReturned(
  client: DbClient,
  leg: PostedLeg,
  given: ReadonlySet<TransactionId>,
  { log, clock, ledger }: Pick<FollowParts, 'log' | 'clock' | 'ledger'>,
): Promise<NewEvent[]> {
  const applied = await applyReturn(client, leg);
  if (applied === undefined) return [];
  const { redemption, missing } = applied;
  if (missing > 0n)
    log.error(
      { redemption: redemption.redemptionId, units: String(missing) },
      'units were given back in the ledger although they were handed over',
    );
  const next = given.has(redemption.redemptionId)
    ? 'cancel'
    : transitionAfterReturn(redemption, redemption.state);
  // While units can be used, the process that has begun a reversal opens the redemption again.
  if (next === 'reopen' || next === 'reopenExpired') return [];
  const moved = await moveRedemption(client, redemption, next, clock.now());
  const { event } = transitions[next];
  return moved === undefined || event === undefined ? [] : describeEvents(event, [moved], ledger);
}

/** Transactions that the given reversals have undone completely. */
async function findGivenBack(
  ledger: Ledger,
  legs: readonly PostedLeg[],
): Promise<Set<TransactionId>> {
  const related = new Set(
    legs.flatMap(({ kind, relatedId }) =>
      kind === 'reverse' && relatedId !== null ? [relatedId] : [],
    ),
  );
  const given = new Set<TransactionId>();
  for (const transactionId of related) {
    const [original] = await ledger.findTransaction(transactionId);
    if (original?.kind === 'redeem' && (await ledger.getReversed(transactionId)) >= original.amount)
      given.add(transactionId);
  }
  return given;
}

/**
 * Replaces codes that an earlier version has kept in clear by their hashes. True when there may be
 * more.
 */
export async function sealClearCodes(pool: Pool, hashOf: VoucherHash): Promise<boolean> {
  return dbTransaction(pool, async (client) => {
    const clear = await lockClearCodes(client, STEP);
    if (clear.length > 0)
      await sealCodes(
        client,
        clear.map(({ code }) => ({ code, codeHash: hashOf(code) })),
      );
    return clear.length === STEP;
  });
}

/**
 * Expires vouchers that are past their time; their points stay spent. True when there may be more.
 */
export async function expireVouchers({
  pool,
  clock,
  ledger,
}: Pick<FollowParts, 'pool' | 'clock' | 'ledger'>): Promise<boolean> {
  return dbTransaction(pool, async (client) => {
    const expired = await expireDue(client, clock.now(), EXPIRE_LIMIT);
    const unused = expired.map((redemption) =>
      partOf(redemption, sumOf(redemption.vouchers, 'usable')),
    );
    await appendEvents(client, describeEvents('redemption.expired', unused, ledger), clock.now());
    return expired.length === EXPIRE_LIMIT;
  });
}
