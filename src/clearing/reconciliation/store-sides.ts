// SQL of the two sides of a comparison: what sagas expect, what the platform reports, and the sums
// of hosted platforms.

import type { PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { DbClient, Queryable } from '../../runtime/database.ts';
import type { OurEffect, StatementOperation, TheirLine } from './types.ts';
import type { Statement } from './store-statements.ts';
import { toBigint } from './to-bigint.ts';

/** A merge may sort for longer than any request would wait. */
const MERGE_TIMEOUT_MS = 3_600_000;

const FETCH = 1_000;

export interface Scope {
  readonly statement: Statement;
  /**
   * Only new lines, changes here after this moment, and what is open; everything when it is null.
   */
  readonly changedSince: Date | null;
  /** Changes here after this moment may be missing in the statement. */
  readonly recentSince: Date;
}

export interface Sides {
  readonly ours: AsyncIterable<readonly OurEffect[]>;
  readonly theirs: AsyncIterable<readonly TheirLine[]>;
  /** Names from the platform that cannot be transactions of the network, one row for each name. */
  readonly foreign: AsyncIterable<
    readonly { readonly reference: string; readonly effect: bigint; readonly repeated: boolean }[]
  >;
}

/**
 * Opens both sides, sorted by transaction, in one snapshot that lasts as long as the client's
 * dbTransaction.
 */
export async function openSides(
  client: DbClient,
  { statement: { platformId, generation, mergedSequence }, changedSince, recentSince }: Scope,
): Promise<Sides> {
  await client.query('set transaction isolation level repeatable read');
  // All rows will be read, not the first few; sorting them spills to disk beyond work_mem.
  await client.query(
    'set local statement_timeout = 0; set local cursor_tuple_fraction = 1; set local work_mem ' +
      `= '32MB'; set local jit = off`,
  );
  const whole = changedSince === null;
  if (!whole) {
    await client.query(
      'create temporary table touched (bucket integer, transaction_id uuid, primary key ' +
        '(transaction_id)) on commit drop',
    );
    await longQuery(
      client,
      `insert into touched select ('x' || left(transaction_id::text, 4))::bit(16)::integer,
          transaction_id from (
         select transaction_id from clearing.statement_line
           where platform_id = $1 and generation = $2 and sequence > $3
           and transaction_id is not null
         union select transaction_id from clearing.saga where changed_at >= $4
           and ((source_platform = $1 and source_connected)
             or (target_platform = $1 and target_connected))
         union select transaction_id from clearing.break
           where platform_id = $1 and state <> 'resolved' and transaction_id is not null) t`,
      [platformId, generation, mergedSequence, changedSince],
    );
    await client.query('analyze touched');
  }
  await longQuery(
    client,
    `declare ours no scroll cursor for select e.transaction_id, e.effect, e.changed_at >= $2
       from ${whole ? '' : 'touched join'} clearing.expected_effect e
         ${whole ? '' : 'using (bucket, transaction_id)'} where e.platform_id = $1
         order by e.transaction_id`,
    [platformId, recentSince],
  );
  await longQuery(
    client,
    `declare theirs no scroll cursor for select l.transaction_id, l.operation, l.effect
       from ${whole ? '' : 'touched join'} clearing.statement_line l
         ${whole ? '' : 'using (transaction_id)'}
      where l.platform_id = $1 and l.generation = $2 and l.transaction_id is not null
        order by l.transaction_id`,
    [platformId, generation],
  );
  await longQuery(
    client,
    `declare named no scroll cursor for
        select reference, sum(effect)::text, count(*) > count(distinct operation)
       from clearing.statement_line where platform_id = $1 and generation = $2
         and reference is not null group by reference`,
    [platformId, generation],
  );
  return {
    ours: fetchAll(
      client,
      'ours',
      ([transactionId, effect, recent]: [string, bigint | null, boolean]) => ({
        transactionId,
        effect,
        recent,
      }),
    ),
    theirs: fetchAll(
      client,
      'theirs',
      ([transactionId, operation, effect]: [string, StatementOperation, bigint]) => ({
        transactionId,
        operation,
        effect,
      }),
    ),
    foreign: fetchAll(
      client,
      'named',
      ([reference, effect, repeated]: [string, string, boolean]) => ({
        reference,
        effect: BigInt(effect),
        repeated,
      }),
    ),
  };
}

async function* fetchAll<Columns extends unknown[], Row>(
  client: DbClient,
  cursor: string,
  read: (columns: Columns) => Row,
): AsyncGenerator<readonly Row[]> {
  const fetch = {
    text: `fetch ${FETCH} from ${cursor}`,
    rowMode: 'array' as const,
    query_timeout: MERGE_TIMEOUT_MS,
  };
  for (;;) {
    const { rows } = await client.query<Columns>(fetch);
    if (rows.length > 0) yield rows.map(read);
    if (rows.length < FETCH) return;
  }
}

async function longQuery(client: DbClient, text: string, values: unknown[]): Promise<void> {
  const query = { text, values, query_timeout: MERGE_TIMEOUT_MS };
  await client.query(query);
}

/**
 * The expected effect of one transaction at a platform by now: undefined when it does not concern
 * the platform, null while it is under way.
 */
export async function selectExpected(
  db: Queryable,
  platformId: PlatformId,
  transactionId: TransactionId,
): Promise<bigint | null | undefined> {
  const { rows } = await db.query<{ open: boolean; effect: string | null }>(
    `select bool_or(effect is null) as open, sum(effect)::text as effect
        from clearing.expected_effect
      where bucket = $1 and transaction_id = $2 and platform_id = $3 having count(*) > 0`,
    [Number.parseInt(transactionId.slice(0, 4), 16), transactionId, platformId],
  );
  const [row] = rows;
  return row === undefined ? undefined : row.open ? null : toBigint(row.effect);
}

/**
 * For a hosted platform: the points of its members, and the same sum as all its other accounts give
 * it; minor units, in one snapshot.
 */
export async function sumHosted(
  client: DbClient,
  assetId: number,
  bucketCount: number,
): Promise<{ readonly members: bigint; readonly rest: bigint }> {
  await client.query('set transaction isolation level repeatable read, read only');
  let [members, rest] = [0n, 0n];
  for (let bucket = 0; bucket < bucketCount; bucket += 1) {
    const { rows } = await client.query<{ members: string | null; rest: string | null }>({
      text: `select (sum(credits_posted::numeric - debits_posted) filter (where purpose in ('lot',
          'debt')))::text as members,
                    (sum(debits_posted::numeric - credits_posted) filter
                      (where purpose not in ('lot', 'debt')))::text as rest
               from ledger.account where bucket = $1 and asset_id = $2`,
      values: [bucket, assetId],
    });
    members += toBigint(rows[0]?.members ?? null) ?? 0n;
    rest += toBigint(rows[0]?.rest ?? null) ?? 0n;
  }
  return { members, rest };
}
