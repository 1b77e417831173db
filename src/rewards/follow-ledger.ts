// Reads the ledger's journal by cursor: writes redemptions that are missing, and cancels those that the ledger has given back whole.
// What is asked for through the API is written at once; this is for what a crash, or anybody else, has left.

import type { Bucket, TransactionId } from '../kernel/ids.ts';
import type { Clock } from '../kernel/time.ts';
import type { Ledger, PostedLeg } from '../ledger/ledger.ts';
import { dbTransaction, type Pool } from '../runtime/database.ts';
import { appendEvents } from '../runtime/feed.ts';
import type { Log } from '../runtime/log.ts';
import type { Issuer } from './issue-redemptions.ts';
import { describeEvents } from './redemption-events.ts';
import { expireDue, moveAll, moveCursor, readCursor, selectFulfilled } from './store.ts';
import type { Issue } from './types.ts';

export interface FollowParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly issuer: Issuer;
}

/** Rows of a bucket's journal that one step looks at. */
const STEP = 1_000;
const EXPIRE_LIMIT = 500;

/** One step in each bucket; true when there is more to read. Several processes may do it: each row is written once. */
export async function followLedger(parts: FollowParts): Promise<boolean> {
  let more = false;
  for (let bucket = 0; bucket < parts.ledger.bucketCount(); bucket += 1) more = (await followBucket(parts, bucket as Bucket)) || more;
  return more;
}

async function followBucket({ pool, clock, log, ledger, issuer }: FollowParts, bucket: Bucket): Promise<boolean> {
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
    // The cursor's row first: of two processes in one bucket, the second finds that it was moved and writes nothing.
    if (!(await moveCursor(client, bucket, cursor, through))) return;
    const issued = await issuer.write(client, issues);
    const cancelled = given.length === 0 ? [] : await moveAll(client, given, 'cancel', clock.now());
    const fulfilled = given.length === 0 ? [] : await selectFulfilled(client, given);
    await appendEvents(client, [...issued, ...describeEvents('redemption.cancelled', cancelled, ledger)], clock.now());
    if (fulfilled.length > 0) log.error({ redemptions: fulfilled }, 'redemptions were given back in the ledger although they are fulfilled');
  });
  return through - cursor === BigInt(STEP);
}

/** Transactions that the given reversals have undone to the last point. */
async function findGivenBack(ledger: Ledger, legs: readonly PostedLeg[]): Promise<TransactionId[]> {
  const related = new Set(legs.flatMap(({ kind, relatedId }) => (kind === 'reverse' && relatedId !== null ? [relatedId] : [])));
  const given: TransactionId[] = [];
  for (const transactionId of related) {
    const [original] = await ledger.findTransaction(transactionId);
    if (original?.kind === 'redeem' && (await ledger.getReversed(transactionId)) >= original.amount) given.push(transactionId);
  }
  return given;
}

/** Lets vouchers expire whose time is over; their points stay spent. True when there may be more. */
export async function expireVouchers({ pool, clock, ledger }: Pick<FollowParts, 'pool' | 'clock' | 'ledger'>): Promise<boolean> {
  return dbTransaction(pool, async (client) => {
    const expired = await expireDue(client, clock.now(), EXPIRE_LIMIT);
    await appendEvents(client, describeEvents('redemption.expired', expired, ledger), clock.now());
    return expired.length === EXPIRE_LIMIT;
  });
}
