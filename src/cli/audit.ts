// `pontis audit`: checks the invariants of the ledger from its raw rows and lists the rows that
// break them.

import type { Command } from 'commander';

import type { AuditReport, CheckResult } from '../monitor/monitor.ts';
import { exitCode } from '../runtime/operator-error.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  withDatabase,
  type CommandRoots,
} from './command-roots.ts';
import { createProgress } from './progress.ts';
import { printable } from './table.ts';

interface AuditFlags {
  readonly data?: string;
  readonly json?: true;
}

export function registerAudit(
  program: Command,
  roots: Pick<CommandRoots, 'environment' | 'terminal' | 'print'>,
): void {
  program
    .command('audit')
    .description('check the invariants of the ledger from its raw rows')
    .option(...DATA_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `\nReads one snapshot and changes nothing; Pontis may be running and ` +
        `posting.${exitCodesHelp({ 0: 'every invariant holds', 1: 'an invariant is broken' })}`,
    )
    .action(async (flags: AuditFlags) => {
      const { audit } = await import('../monitor/monitor.ts');
      const progress = createProgress('auditing', flags.json !== true);
      const report = await withDatabase(flags, roots, 'audit', (pool) =>
        audit(pool, { onProgress: progress.show }),
      ).finally(progress.clear);
      if (flags.json) roots.print(JSON.stringify(jsonOf(report)));
      else for (const line of linesOf(report)) roots.print(line);
      if (!report.ok) roots.terminal.exitCode = exitCode.finding;
    });
}

function jsonOf(report: AuditReport): unknown {
  return {
    ok: report.ok,
    snapshot_at: report.snapshotAt,
    buckets: report.buckets,
    transactions: Number(report.transactions),
    accounts: Number(report.accounts),
    checks: report.checks,
    remarks: report.remarks,
    operators: report.operators.map(({ operatorId, state, changes }) => ({
      operator_id: operatorId,
      state,
      changes: changes.map(({ change, changedAt, makers, reason }) => ({
        change,
        changed_at: changedAt,
        makers,
        reason,
      })),
    })),
  };
}

function linesOf(report: AuditReport): string[] {
  const broken = report.checks.filter((check) => !check.ok);
  const subject =
    `${report.transactions} transaction rows and ${report.accounts} accounts in ` +
    `${report.buckets} buckets`;
  return [
    ...report.checks.flatMap(linesOfCheck),
    ...report.remarks.flatMap(linesOfRemark),
    ...report.operators.flatMap(linesOfOperator),
    broken.length === 0
      ? `All ${report.checks.length} checks hold on ${subject}.`
      : `${broken.length} of ${report.checks.length} checks are BROKEN on ${subject}: ` +
        `${broken.map((check) => check.name).join(', ')}.`,
  ];
}

function linesOfCheck({ ok, invariant, name, meaning, offending, first }: CheckResult): string[] {
  const head = `invariant ${invariant}  ${ok ? 'ok    ' : 'BROKEN'}  ${name}`;
  if (ok) return [head];
  return [
    `${head}: ${countOf(offending)}`,
    `  Expected: ${meaning}`,
    ...linesOfRows(offending, first),
  ];
}

function linesOfOperator({
  operatorId,
  state,
  changes,
}: AuditReport['operators'][number]): string[] {
  const made = changes.map(
    ({ change, changedAt, makers, reason }) =>
      `  ${change} at ${changedAt} by ${makers}${reason === '' ? '' : `: ${printable(reason)}`}`,
  );
  return [
    `operator     ${operatorId} (${state})`,
    ...(made.length === 0 ? ['  from before it was kept who made whom'] : made),
  ];
}

/** A remark is printed and breaks nothing: the audit stays clean. */
function linesOfRemark({ name, meaning, offending, first }: CheckResult): string[] {
  return [
    `remark       ${name}: ${countOf(offending)}`,
    `  ${meaning}`,
    ...linesOfRows(offending, first),
  ];
}

function countOf(offending: number): string {
  return `${offending} ${offending === 1 ? 'row' : 'rows'}`;
}

function linesOfRows(offending: number, first: CheckResult['first']): string[] {
  const rows = first.map(
    (row) =>
      `    ${Object.entries(row)
        .map(([column, value]) => `${column}=${String(value)}`)
        .join(' ')}`,
  );
  return offending > first.length ? [...rows, `    … and ${offending - first.length} more`] : rows;
}
