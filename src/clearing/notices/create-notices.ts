// Reads the ledger's journal by cursor and reports transfers, reversals, holds and expiring points
// to platforms in the feed. It follows at its own pace and in batches, so posting never waits for
// it. Before this: `src/ledger/commit.ts` wrote the row. Next: `src/events/webhooks/webhooks.ts`
// sends the event.

import { LRUCache } from 'lru-cache';

import type { Identity } from '../../identity/identity.ts';
import { buckets, type Bucket, type TransactionId } from '../../kernel/ids.ts';
import type { Clock } from '../../kernel/time.ts';
import type { Ledger, PostedLeg } from '../../ledger/ledger.ts';
import { dbTransaction, type Pool } from '../../runtime/database.ts';
import { appendEvents, type NewEvent } from '../../events/events.ts';
import { describeLeg, TOLD_KINDS, type Notice, type Told } from './describe-leg.ts';
import { moveNoticeCursor, readNoticeCursor } from './store.ts';

export interface NoticesParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly ledger: Pick<
    Ledger,
    'bucketCount' | 'listAfter' | 'findTransaction' | 'findHold' | 'assetById'
  >;
  readonly identity: Pick<Identity, 'userOf'>;
}

export interface Notices {
  /**
   * One step in each bucket; true when there is more to report. Several processes may run it: each
   * row is reported once.
   */
  follow(): Promise<boolean>;
}

/** Rows of a bucket's journal read in one step. */
const STEP = 2_000;
/** Authorisations are cached until they are completed, mostly within a second. */
const REMEMBERED = 20_000;

export function createNotices({ pool, clock, ledger, identity }: NoticesParts): Notices {
  const authorised = new LRUCache<TransactionId, PostedLeg>({ max: REMEMBERED });

  async function findFirst(transactionId: TransactionId | null): Promise<PostedLeg | undefined> {
    if (transactionId === null) return undefined;
    return authorised.get(transactionId) ?? (await ledger.findTransaction(transactionId))[0];
  }

  async function relate(leg: PostedLeg): Promise<Told> {
    if (leg.kind === 'authorise') authorised.set(leg.transactionId, leg);
    const related = await findFirst(leg.relatedId);
    const origin =
      leg.kind === 'reverse' && related?.kind === 'conversion'
        ? await findFirst(related.relatedId)
        : undefined;
    const overdue =
      leg.kind === 'release' &&
      related?.kind === 'hold' &&
      (await ledger.findHold(related.transactionId))?.state === 'expired';
    return { leg, related, origin, overdue };
  }

  async function address({ users, ...notice }: Notice): Promise<NewEvent> {
    const named = await Promise.all(
      Object.entries(users).map(
        async ([field, user]) =>
          [field, await identity.userOf(user.platformId, user.memberId)] as const,
      ),
    );
    return {
      ...notice,
      data: {
        ...notice.data,
        ...Object.fromEntries(
          named.filter((pair): pair is [string, string] => pair[1] !== undefined),
        ),
      },
    };
  }

  async function followBucket(bucket: Bucket): Promise<boolean> {
    const cursor = await readNoticeCursor(pool, bucket);
    const { legs, through } = await ledger.listAfter(bucket, cursor, TOLD_KINDS, STEP);
    if (through === cursor) return false;
    const told: Told[] = [];
    for (const leg of legs) told.push(await relate(leg));
    // All users are looked up at once.
    const events = await Promise.all(
      told.flatMap((one) => describeLeg(one, ledger.assetById)).map(address),
    );
    await dbTransaction(pool, async (client) => {
      // The cursor's row first: of two processes in one bucket, the second finds it moved and
      // reports nothing.
      if (await moveNoticeCursor(client, bucket, cursor, through))
        await appendEvents(client, events, clock.now());
    });
    return through - cursor === BigInt(STEP);
  }

  return {
    async follow() {
      let more = false;
      for (const bucket of buckets(ledger.bucketCount()))
        more = (await followBucket(bucket)) || more;
      return more;
    },
  };
}
