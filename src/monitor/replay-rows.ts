// Reads transactions again in the order of time, for a backtest: the rows of each bucket page by
// page, merged over all buckets. Memory is bounded: two pages for each bucket. Next: `backtest.ts`
// evaluates the rules for each row.

import { setImmediate as breathe } from 'node:timers/promises';
import type { MemberId } from '../kernel/ids.ts';
import type { DbClient } from '../runtime/database.ts';

/** The columns of a transaction that rules and the comparison need; leg 0 only. */
export interface ReplayRow {
  readonly sequence: bigint;
  /** Seconds since the Unix epoch. */
  readonly posted: number;
  readonly kind: 'conversion' | 'transfer' | 'redeem' | 'earn' | 'hold';
  readonly asset_id: number;
  readonly target_asset_id: number | null;
  readonly amount: bigint;
  readonly credited: bigint | null;
  readonly fee: bigint | null;
  readonly member_id: MemberId;
  /** True when an operator approved it after a review. */
  readonly let_pass: boolean;
  readonly category: string | null;
  readonly target_fee: string | null;
  readonly bonus: string | null;
  readonly is_reversed: boolean | null;
  /** For holds only. */
  readonly hold_state: string | null;
  readonly captured: bigint | null;
}

/** Which rows are read. */
export interface ReplayRange {
  readonly fromMs: number;
  /** Exclusive. */
  readonly untilMs: number;
  /** Most rows to read. */
  readonly maxRows: number;
}

const PAGE = 1_000;
/** About how many rows of all buckets are in memory at a time. */
const IN_MEMORY = 60_000;
/** Largest difference between the clocks of two processes that post. */
const SKEW_MS = 300_000;
/** Rows between two pauses, so that a server can answer other calls. */
const STRIDE = 500;

/**
 * Visits the rows in the order of time. Returns false when there were more than `maxRows`; the rest
 * is then not read. Must run within a dbTransaction.
 */
export async function replayRows(
  client: DbClient,
  range: ReplayRange,
  visit: (row: ReplayRow, bucket: number) => void,
): Promise<boolean> {
  // Each page is read by the primary key after the page before, whatever the statistics say; a
  // table that was just filled has none.
  await client.query(
    'set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_sort ' +
      '= off; set local jit = off; set local statement_timeout = 0',
  );
  const reader = new Reader(client);
  try {
    return await replayWith(reader, client, range, visit);
  } finally {
    await reader.settled();
  }
}

/**
 * Runs one statement after the other on one connection, although pages are requested in advance.
 */
class Reader {
  private readonly client: DbClient;
  private last: Promise<unknown> = Promise.resolve();

  constructor(client: DbClient) {
    this.client = client;
  }

  read(parameters: unknown[]): Promise<readonly ReplayRow[]> {
    const page = this.last.then(
      async () => (await this.client.query<ReplayRow>(PAGE_OF_BUCKET, parameters)).rows,
    );
    // The caller of this page gets its error; later pages are read nevertheless.
    this.last = page.catch(() => undefined);
    return page;
  }

  async settled(): Promise<void> {
    await this.last;
  }
}

async function replayWith(
  reader: Reader,
  client: DbClient,
  range: ReplayRange,
  visit: (row: ReplayRow, bucket: number) => void,
): Promise<boolean> {
  const { rows: buckets } = await client.query<{ bucket: number; sequence: bigint }>(
    'select bucket, sequence from ledger.bucket order by bucket',
  );
  const page = Math.max(20, Math.min(PAGE, Math.floor(IN_MEMORY / Math.max(1, buckets.length))));
  const starts: { bucket: number; after: bigint }[] = [];
  for (const { bucket, sequence } of buckets)
    starts.push({
      bucket,
      after: await findStart(client, bucket, sequence, range.fromMs - SKEW_MS),
    });
  const merged = new Merged();
  for (const { bucket, after } of starts) {
    const stream = new BucketStream(reader, bucket, range, page, after);
    if (await stream.advance()) merged.add(stream);
  }
  let visited = 0;
  for (let stream = merged.first(); stream !== undefined; stream = merged.first()) {
    if (visited >= range.maxRows) return false;
    visit(stream.current, stream.bucket);
    visited += 1;
    if (visited % STRIDE === 0) await breathe();
    const more = stream.step() || (await stream.advance());
    if (more) merged.sink();
    else merged.drop();
  }
  return true;
}

/**
 * A sequence number before all rows of the period. Times increase with the numbers, except for
 * clock skew.
 */
async function findStart(
  client: DbClient,
  bucket: number,
  last: bigint,
  fromMs: number,
): Promise<bigint> {
  let [low, high] = [0n, last];
  while (high - low > BigInt(PAGE)) {
    const middle = (low + high) / 2n;
    const {
      rows: [row],
    } = await client.query<{ posted_at: Date }>(
      `select posted_at from ledger.transaction where bucket = $1 and sequence >= $2
          order by sequence limit 1`,
      [bucket, middle],
    );
    if (row !== undefined && row.posted_at.getTime() < fromMs) low = middle;
    else high = middle;
  }
  return low;
}

/** The rows of one bucket by sequence. The next page is requested while the current one is read. */
class BucketStream {
  readonly bucket: number;
  current!: ReplayRow;
  private readonly reader: Reader;
  private readonly range: ReplayRange;
  private readonly page: number;
  private rows: readonly ReplayRow[] = [];
  private index = 0;
  private next: Promise<readonly ReplayRow[]> | undefined;

  constructor(reader: Reader, bucket: number, range: ReplayRange, page: number, after: bigint) {
    this.reader = reader;
    this.bucket = bucket;
    this.range = range;
    this.page = page;
    this.next = this.read(after);
  }

  /** Goes to the next row of the page; false at the end of the page. */
  step(): boolean {
    const row = this.rows[(this.index += 1)];
    if (row === undefined) return false;
    this.current = row;
    return true;
  }

  /** Goes to the next page; false at the end of the bucket. */
  async advance(): Promise<boolean> {
    if (this.next === undefined) return false;
    this.rows = await this.next;
    this.index = -1;
    const last = this.rows.at(-1);
    this.next =
      last === undefined || this.rows.length < this.page ? undefined : this.read(last.sequence);
    // An error of a page that nobody awaits any more must not end the process.
    this.next?.catch(() => undefined);
    return this.step();
  }

  private read(after: bigint): Promise<readonly ReplayRow[]> {
    return this.reader.read([
      this.bucket,
      after,
      new Date(this.range.fromMs),
      new Date(this.range.untilMs),
      this.page,
    ]);
  }
}

/**
 * Subqueries with a limit use the index for each row. A join could read a whole table again for
 * each page.
 */
const PAGE_OF_BUCKET = `
  select t.sequence, date_part('epoch', t.posted_at) as posted, t.kind, t.asset_id,
    t.target_asset_id, t.amount, t.credited, t.fee, t.member_id,
         -- A transfer that an operator approved is related to a hold; over connected platforms, its
     -- authorisation is.
         t.related_id is not null and exists (select from ledger.transaction r
           where r.bucket = t.bucket and r.transaction_id = t.related_id and r.leg = 0
           and (r.kind = 'hold' or r.related_id is not null)) as let_pass,
             t.details ->> 'category' as category, t.details ->> 'target_fee' as target_fee,
             t.details ->> 'bonus' as bonus,
         (select true from ledger.reversal r
           where r.bucket = $1 and r.transaction_id = t.transaction_id limit 1) as is_reversed,
         h.state as hold_state, h.captured
    from ledger.transaction t
    left join lateral (
      select state, captured from ledger.hold where bucket = $1 and hold_id = t.transaction_id
        and t.kind = 'hold' limit 1) h on true
   where t.bucket = $1 and t.sequence > $2 and t.leg = 0
     and t.kind in ('conversion', 'transfer', 'redeem', 'earn', 'hold')
     and t.posted_at >= $3 and t.posted_at < $4
   order by t.sequence limit $5`;

/**
 * Streams as a heap: the one with the earliest row comes first, and equal times are ordered by
 * bucket.
 */
class Merged {
  private readonly heap: BucketStream[] = [];

  first(): BucketStream | undefined {
    return this.heap[0];
  }

  add(stream: BucketStream): void {
    this.heap.push(stream);
    for (let at = this.heap.length - 1; at > 0;) {
      const above = (at - 1) >> 1;
      if (!this.isBefore(at, above)) return;
      this.swap(at, above);
      at = above;
    }
  }

  drop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink();
  }

  /** Moves the first stream, whose row has changed, to its place in the heap. */
  sink(): void {
    for (let at = 0; ;) {
      let least = at;
      const left = 2 * at + 1;
      if (left < this.heap.length && this.isBefore(left, least)) least = left;
      if (left + 1 < this.heap.length && this.isBefore(left + 1, least)) least = left + 1;
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [one, other] = [this.heap[a]!, this.heap[b]!];
    return (
      one.current.posted < other.current.posted ||
      (one.current.posted === other.current.posted && one.bucket < other.bucket)
    );
  }

  private swap(a: number, b: number): void {
    [this.heap[a], this.heap[b]] = [this.heap[b]!, this.heap[a]!];
  }
}
