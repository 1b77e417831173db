// SQL of the platforms' statements: their readings, lines and opening totals.

import type { PlatformId, TransactionId } from '../../kernel/ids.ts';
import type { DbClient, Queryable } from '../../runtime/database.ts';
import type { StatementOperation } from './types.ts';
import { toBigint } from './to-bigint.ts';

/** Longest time between two signs of life of the holder of a platform's lock. */
const LOCK_IDLE = '15min';

export async function ensurePlatform(db: Queryable, platformId: PlatformId): Promise<void> {
  await db.query(
    'insert into clearing.reconciled_platform (platform_id) values ($1) on conflict do nothing',
    [platformId],
  );
}

/**
 * Returns the number of the reading that counts. The row's lock is held until the client's
 * dbTransaction ends: one process at a time reconciles a platform. Undefined when another one has
 * the lock. Taken before any other lock of this room.
 */
export async function lockPlatform(
  client: DbClient,
  platformId: PlatformId,
): Promise<number | undefined> {
  await client.query(`set local idle_in_transaction_session_timeout = '${LOCK_IDLE}'`);
  const { rows } = await client.query<{ generation: number }>(
    `select generation from clearing.reconciled_platform
        where platform_id = $1 for no key update skip locked`,
    [platformId],
  );
  return rows[0]?.generation;
}

/** Shows the server that the holder of the lock is still at work; throws when the lock is lost. */
export async function keepLock(client: DbClient): Promise<void> {
  await client.query('select 1');
}

export interface Statement {
  readonly platformId: PlatformId;
  readonly generation: number;
  readonly nextCursor: string | null;
  readonly lastSequence: bigint;
  readonly effectSum: bigint;
  readonly mergedSequence: bigint;
  readonly mergedAt: Date | null;
  /** Why it cannot be continued; null while it can. */
  readonly brokenOff: string | null;
}

/** A reading of a platform's statement, begun when there is none of that generation. */
export async function openStatement(
  db: Queryable,
  platformId: PlatformId,
  generation: number,
): Promise<Statement> {
  await db.query(
    `insert into clearing.statement (platform_id, generation) values ($1, $2)
        on conflict do nothing`,
    [platformId, generation],
  );
  const { rows } = await db.query<Omit<Statement, 'effectSum'> & { effectSum: string }>(
    `select platform_id as "platformId", generation, next_cursor as "nextCursor",
        last_sequence as "lastSequence", effect_sum as "effectSum",
            merged_sequence as "mergedSequence", merged_at as "mergedAt", broken_off as "brokenOff"
       from clearing.statement where platform_id = $1 and generation = $2`,
    [platformId, generation],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the statement that was begun cannot be read');
  return { ...row, effectSum: BigInt(row.effectSum) };
}

/**
 * Begins a reading from the start, under a number that no reading had before: the lines of other
 * readings are ignored, and a process that still writes one finds it gone. The reading that counts
 * stays until this one is complete.
 */
export async function beginStatement(
  db: Queryable,
  platformId: PlatformId,
  counts: number,
): Promise<Statement> {
  const { rows } = await db.query<{ generation: number }>(
    'select max(generation) as generation from clearing.statement where platform_id = $1',
    [platformId],
  );
  const generation = Math.max(counts, rows[0]?.generation ?? 0) + 1;
  const statement = await openStatement(db, platformId, generation);
  await db.query(
    'delete from clearing.statement where platform_id = $1 and generation <> all ($2)',
    [platformId, [counts, generation]],
  );
  return statement;
}

/** Records that a reading contradicts itself; the next run begins another one. */
export async function breakOff(
  db: Queryable,
  { platformId, generation }: Statement,
  reason: string,
): Promise<void> {
  await db.query(
    'update clearing.statement set broken_off = $3 where platform_id = $1 and generation = $2',
    [platformId, generation, reason],
  );
}

/** A line as it is kept: of the network's transaction, or of any other name from the platform. */
export interface NewLine {
  readonly transactionId: TransactionId | null;
  readonly reference: string | null;
  readonly operation: StatementOperation;
  readonly effect: bigint;
}

export interface NewPage {
  readonly lines: readonly NewLine[];
  readonly nextCursor: string;
  readonly otherLines: number;
  /** Effect of all lines of the page, including the platform's own business. */
  readonly effect: bigint;
}

/**
 * Adds a page where the last one ended. False, with nothing written, when another process has read
 * further meanwhile.
 */
export async function appendPage(
  client: DbClient,
  { platformId, generation, lastSequence }: Statement,
  { lines, nextCursor, otherLines, effect }: NewPage,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update clearing.statement set next_cursor = $4, last_sequence = $3::bigint + $5,
        effect_sum = effect_sum + $6, other_lines = other_lines + $7
      where platform_id = $1 and generation = $2 and last_sequence = $3`,
    [platformId, generation, lastSequence, nextCursor, lines.length, effect, otherLines],
  );
  if (rowCount !== 1) return false;
  if (lines.length > 0) {
    await client.query(
      `insert into clearing.statement_line (platform_id, generation, sequence, effect,
          transaction_id, operation, reference)
       select $1, $2, $3 + l.position, l.effect, l.transaction_id, l.operation::"char", l.reference
         from unnest($4::bigint[], $5::uuid[], $6::text[], $7::text[]) with ordinality as l (effect,
           transaction_id, operation, reference, position)`,
      [
        platformId,
        generation,
        lastSequence,
        listOf(lines, (line) => line.effect),
        listOf(lines, (line) => line.transactionId),
        listOf(lines, (line) => line.operation),
        lines.map((line) => line.reference),
      ],
    );
  }
  return true;
}

/**
 * An array as PostgreSQL reads it, of values that need no quotes: the driver would look at every
 * character of them.
 */
function listOf(
  lines: readonly NewLine[],
  read: (line: NewLine) => string | bigint | null,
): string {
  return `{${lines.map((line) => read(line) ?? 'null').join(',')}}`;
}

/** The platform's total before its statement begins; null until it is known. */
export async function selectOpeningTotal(
  db: Queryable,
  platformId: PlatformId,
): Promise<bigint | null> {
  const { rows } = await db.query<{ opening_total: string }>(
    'select opening_total from clearing.total_baseline where platform_id = $1',
    [platformId],
  );
  return toBigint(rows[0]?.opening_total ?? null);
}

export async function insertOpeningTotal(
  db: Queryable,
  platformId: PlatformId,
  openingTotal: bigint,
): Promise<void> {
  await db.query(
    `insert into clearing.total_baseline (platform_id, opening_total) values ($1, $2)
        on conflict do nothing`,
    [platformId, openingTotal],
  );
}

export async function moveOpeningTotal(
  db: Queryable,
  platformId: PlatformId,
  by: bigint,
): Promise<void> {
  await db.query(
    'update clearing.total_baseline set opening_total = opening_total + $2 where platform_id = $1',
    [platformId, by],
  );
}

/**
 * The next run compares lines after the statement's last one and changes here after `mergedAt`;
 * this reading is the one that counts.
 */
export async function markMerged(
  client: DbClient,
  { platformId, generation, lastSequence }: Statement,
  mergedAt: Date,
): Promise<void> {
  await client.query(
    `update clearing.statement set merged_sequence = $3, merged_at = $4
        where platform_id = $1 and generation = $2`,
    [platformId, generation, lastSequence, mergedAt],
  );
  await client.query(
    'update clearing.reconciled_platform set generation = $2 where platform_id = $1',
    [platformId, generation],
  );
  await client.query('delete from clearing.statement where platform_id = $1 and generation < $2', [
    platformId,
    generation,
  ]);
}

/** Removes some lines of readings that were replaced or are gone; true when there may be more. */
export async function deleteOldLines(
  db: Queryable,
  platformId: PlatformId,
  limit: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `delete from clearing.statement_line
        where ctid = any (array(select l.ctid from clearing.statement_line l
      where l.platform_id = $1 and l.generation <> (select generation
        from clearing.reconciled_platform where platform_id = $1) limit $2))`,
    [platformId, limit],
  );
  return rowCount === limit;
}
