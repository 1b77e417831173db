// Runs the checks in one snapshot, bucket by bucket. The result is right while the program posts,
// and memory does not grow with the ledger.

import { formatMoment } from '../kernel/time.ts';
import { dbTransaction, type DbClient, type Pool } from '../runtime/database.ts';
import { accountChecks } from './audit-accounts.ts';
import type { Check } from './audit-check.ts';
import { listOperatorsMade, type OperatorMade } from './audit-operators.ts';
import { holdChecks } from './audit-holds.ts';
import { redemptionChecks, redemptionRemarks } from './audit-redemptions.ts';
import { sagaChecks } from './audit-sagas.ts';
import { journalChecks } from './audit-journal.ts';
import { reversalChecks, reversalRemarks } from './audit-reversals.ts';
import { settlementChecks } from './audit-settlement.ts';

/** All checks, by invariant. */
export const checks: readonly Check[] = [
  ...journalChecks,
  ...accountChecks,
  ...holdChecks,
  ...reversalChecks,
  ...redemptionChecks,
  ...sagaChecks,
  ...settlementChecks,
].toSorted((a, b) => a.invariant - b.invariant);

/** Checks whose findings break no rule of today. */
const remarks: readonly Check[] = [...reversalRemarks, ...redemptionRemarks];

/** A value of a row as JSON. */
type Cell = string | number | boolean | null;

/** The result of one check. */
export interface CheckResult extends Pick<Check, 'invariant' | 'name' | 'meaning'> {
  readonly ok: boolean;
  /** Number of rows that break it. */
  readonly offending: number;
  /** The first of these rows; with their bucket if the check works by bucket. */
  readonly first: readonly Readonly<Record<string, Cell>>[];
}

/** The result of an audit. */
export interface AuditReport {
  readonly ok: boolean;
  readonly snapshotAt: string;
  readonly buckets: number;
  readonly transactions: bigint;
  readonly accounts: bigint;
  readonly checks: readonly CheckResult[];
  /** The operators, and who made them. */
  readonly operators: readonly OperatorMade[];
  /** Transactions under former rules that break none of them; only those with a finding. */
  readonly remarks: readonly CheckResult[];
}

/** Options of an audit. */
export interface AuditOptions {
  /** How many breaking rows of each check are returned, by default 5. */
  readonly show?: number;
  /** Called after each step. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Runs all checks; it only reads. Throws only when the database fails. */
export async function audit(
  pool: Pool,
  { show = 5, onProgress }: AuditOptions = {},
): Promise<AuditReport> {
  return dbTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    // Reading a large ledger takes minutes; sorts use the disk beyond this memory.
    await client.query(
      'set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; ' +
        `set local work_mem = '64MB'; set local jit = off`,
    );
    const { rows } = await client.query<{ bucket: number; at: Date }>(
      `select bucket, now() as at from ledger.bucket union
          select generate_series(0, bucket_count - 1), now() from ledger.network order by 1`,
    );
    const found = new Map(
      [...checks, ...remarks].map((check) => [
        check.name,
        { offending: 0, first: [] as Record<string, Cell>[] },
      ]),
    );
    const run = async (check: Check, bucket?: number): Promise<void> => {
      const finding = found.get(check.name);
      if (finding === undefined) return;
      const { offending, first } = await findOffending(client, check, bucket, show);
      finding.offending += offending;
      finding.first.push(...first.slice(0, show - finding.first.length));
    };
    const all = [...checks, ...remarks];
    const ofNetwork = all.filter((check) => check.scope === 'network');
    const ofBucket = all.filter((check) => check.scope === 'bucket');
    const total = ofNetwork.length + ofBucket.length * rows.length;
    let done = 0;
    // All checks of one bucket run in sequence, so they find its pages in memory.
    for (const { bucket } of rows) {
      for (const check of ofBucket) {
        await run(check, bucket);
        onProgress?.((done += 1), total);
      }
    }
    for (const check of ofNetwork) {
      await run(check);
      onProgress?.((done += 1), total);
    }
    const resultOf = ({ invariant, name, meaning }: Check): CheckResult => {
      const { offending, first } = found.get(name) ?? { offending: 0, first: [] };
      return { invariant, name, meaning, ok: offending === 0, offending, first };
    };
    const results = checks.map(resultOf);
    return {
      ok: results.every((result) => result.ok),
      snapshotAt: formatMoment(rows[0]?.at ?? new Date()),
      buckets: rows.length,
      ...(await countRows(client)),
      operators: await listOperatorsMade(client),
      checks: results,
      remarks: remarks.map(resultOf).filter(({ ok }) => !ok),
    };
  });
}

async function findOffending(
  client: DbClient,
  check: Check,
  bucket: number | undefined,
  show: number,
): Promise<{ offending: number; first: Record<string, Cell>[] }> {
  const { rows } = await client.query<Record<string, unknown>>(
    `select *, count(*) over () as offending_rows from (${check.sql}) as broken
        limit ${Math.max(1, show)}`,
    bucket === undefined ? [] : [bucket],
  );
  const first = rows.map((row) => {
    const cells = Object.entries(row)
      .filter(([name]) => name !== 'offending_rows')
      .map(([name, value]) => [name, cellOf(value)] as const);
    return Object.fromEntries(
      bucket === undefined ? cells : [['bucket', bucket] as const, ...cells],
    );
  });
  return { offending: Number(rows[0]?.['offending_rows'] ?? 0), first };
}

async function countRows(client: DbClient): Promise<{ transactions: bigint; accounts: bigint }> {
  const { rows } = await client.query<{ transactions: bigint; accounts: bigint }>(
    `select coalesce(sum(sequence), 0)::bigint as transactions,
        coalesce(sum(account_count), 0)::bigint as accounts from ledger.bucket`,
  );
  return rows[0] ?? { transactions: 0n, accounts: 0n };
}

/** A column's value as JSON without loss. */
function cellOf(value: unknown): Cell {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Date) return formatMoment(value);
  return String(value);
}
