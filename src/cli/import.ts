// `pontis import earnings`: posts a platform's own record of purchases and cancellations to the
// ledger, each row once.

import { InvalidArgumentError, type Command } from 'commander';
import { basename } from 'node:path';

import { formatAmountText } from '../kernel/amount.ts';
import { exitCode, OperatorError } from '../runtime/operator-error.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  withContext,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import type { ImportSummary } from './import-earnings.ts';
import { createProgress } from './progress.ts';
import type { EarningRow, EarningsFile } from './read-earnings.ts';
import type { Terminal } from './terminal.ts';

interface ImportFlags {
  readonly platform: string;
  readonly map: string;
  readonly strict?: true;
  readonly concurrency: number;
  readonly data?: string;
  readonly json?: true;
}

const DEFAULT_MAP = 'user=user,amount=amount,reference=reference,occurred_at=occurred_at';
const DEFAULT_CONCURRENCY = 512;
const INTERRUPTED = 130;
/** The most faults that are printed one by one; the others are counted. */
const FAULTS_TOLD = 100;

export function registerImport<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  program
    .command('import')
    .description("bring a platform's data into the network")
    .command('earnings')
    .description('give points for purchases and take them back for cancellations')
    .argument('<file>', 'CSV with a header, in UTF-8, plain or gzip')
    .requiredOption('--platform <platform>', 'the platform whose points are given')
    .option(
      '--map <columns>',
      'columns of the file by meaning; occurred_at may be left out',
      DEFAULT_MAP,
    )
    .option('--strict', 'read the whole file first and import nothing when a row is malformed')
    .option('--concurrency <rows>', 'most rows in flight', parseConcurrency, DEFAULT_CONCURRENCY)
    .option(...DATA_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
Gives one point for each unit of currency; digits beyond the scale of the points are dropped.
A negative amount takes points back under the platform's clawback policy; a row of zero is skipped.
New users are linked by the ids as they are written: nothing is trimmed. A member's rows keep their
order. The reference is the key: importing a file again posts nothing twice, also after an
interruption. A bad row is reported on standard error with its line number; the others are imported.
Pontis may be running.
${exitCodesHelp({
  0: 'all rows are imported',
  1: 'some rows are not imported, the others are',
  65: 'nothing is imported: unknown platform, wrong columns, damaged file, --strict',
  66: 'the file cannot be read',
  130: 'interrupted; run again to resume',
}).trimStart()}`,
    )
    .action((path: string, flags: ImportFlags) => run(path, flags, roots));
}

function parseConcurrency(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 10_000)
    throw new InvalidArgumentError('A whole number from 1 to 10000.');
  return value;
}

async function run<Context extends CommandContext>(
  path: string,
  flags: ImportFlags,
  roots: CommandRoots<Context>,
): Promise<void> {
  const [{ findFault, importEarnings }, { parseMap }, { openEarnings }] = await Promise.all([
    import('./import-earnings.ts'),
    import('./parse-earning.ts'),
    import('./read-earnings.ts'),
  ]);
  const map = parseMap(flags.map);
  if (typeof map === 'string') throw new OperatorError('usage', `--map: ${map}`);
  const startedAt = performance.now();
  const faults = new FaultReport(roots.terminal);
  const progress = createProgress('importing', flags.json !== true);
  const end = listenForInterrupt();
  const { summary, scale } = await withContext(
    flags,
    roots,
    false,
    async ({ identity, ledger }) => {
      const platform = identity.findPlatform(flags.platform);
      const points = platform === undefined ? undefined : ledger.pointsOf(platform.platformId);
      if (platform === undefined || points === undefined)
        throw new OperatorError(
          'badInput',
          `There is no platform "${flags.platform}". See: pontis platform list`,
        );
      const file = await openEarnings(path, map, points.scale);
      if (flags.strict)
        await refuseUnlessSound(file, faults, (row) =>
          findFault(row, identity, platform.platformId),
        );
      try {
        const summary = await importEarnings(
          file,
          { identity, ledger },
          {
            platformId: platform.platformId,
            concurrency: flags.concurrency,
            signal: end.signal,
            onProgress: progress.show,
            onFault: (line, fault) => {
              progress.clear();
              faults.add(line, fault);
            },
          },
        );
        return { summary, scale: points.scale };
      } finally {
        progress.clear();
      }
    },
  ).finally(() => {
    end.stop();
    faults.close();
  });
  const tookMs = Math.round(performance.now() - startedAt);
  if (flags.json)
    roots.print(
      JSON.stringify(
        jsonOf(summary, scale, {
          file: basename(path),
          platform_id: flags.platform,
          faults: faults.first,
          duration_ms: tookMs,
        }),
      ),
    );
  else
    for (const line of linesOf(summary, scale, basename(path), flags.platform, tookMs))
      roots.print(line);
  if (summary.interrupted) roots.terminal.exitCode = INTERRUPTED;
  else if (summary.malformed + summary.refused > 0) roots.terminal.exitCode = exitCode.finding;
}

/** Prints faults as they come, and at the end the number of those that were not printed. */
class FaultReport {
  readonly first: { readonly line: number; readonly reason: string }[] = [];
  readonly #terminal: Terminal;
  #count = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  add(line: number, reason: string): void {
    this.#count += 1;
    if (this.#count > FAULTS_TOLD) return;
    this.first.push({ line, reason });
    this.#terminal.warn(`line ${line} ${reason}\n`);
  }

  get count(): number {
    return this.#count;
  }

  close(): void {
    if (this.#count > FAULTS_TOLD)
      this.#terminal.warn(`… and ${this.#count - FAULTS_TOLD} more rows like these\n`);
  }
}

async function refuseUnlessSound(
  file: EarningsFile,
  faults: FaultReport,
  faultOf: (row: EarningRow) => Promise<string | undefined>,
): Promise<void> {
  for await (const row of file.rows()) {
    const fault = await faultOf(row);
    if (fault !== undefined) faults.add(row.line, fault);
  }
  if (faults.count === 0) return;
  const rows = faults.count === 1 ? '1 row is' : `${faults.count} rows are`;
  throw new OperatorError('badInput', `${rows} malformed, so nothing was imported (--strict).`);
}

/** The first Ctrl-C ends the import after what is in flight; a second one ends the program. */
function listenForInterrupt(): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const abort = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, abort);
  return {
    signal: controller.signal,
    stop: () => signals.forEach((signal) => process.off(signal, abort)),
  };
}

function jsonOf(
  summary: ImportSummary,
  scale: number,
  more: Readonly<Record<string, unknown>>,
): unknown {
  const { earned, takenBack, zero, replayed, malformed, refused, membersLinked, interrupted } =
    summary;
  return {
    ...more,
    earned: { rows: earned.rows, amount: formatAmountText(earned.amount, scale) },
    taken_back: { rows: takenBack.rows, amount: formatAmountText(takenBack.amount, scale) },
    net: formatAmountText(earned.amount + takenBack.amount, scale),
    zero,
    replayed,
    malformed,
    refused,
    members_linked: membersLinked,
    interrupted,
  };
}

function linesOf(
  summary: ImportSummary,
  scale: number,
  file: string,
  platform: string,
  tookMs: number,
): string[] {
  const { earned, takenBack, zero, replayed, malformed, refused, membersLinked } = summary;
  const posted = earned.rows + takenBack.rows;
  const row = (label: string, rows: number, amount?: bigint): string =>
    `  ${label.padEnd(22)}${rows.toLocaleString('en').padStart(11)} ` +
    `rows${amount === undefined ? '' : grouped(formatAmountText(amount, scale)).padStart(24)}`;
  return [
    `${file} → ${platform}`,
    row('earned', earned.rows, earned.amount),
    row('taken back', takenBack.rows, takenBack.amount),
    row('together', posted, earned.amount + takenBack.amount),
    row('of zero, skipped', zero),
    row('malformed', malformed),
    row('refused', refused),
    replayed === posted && posted > 0
      ? `Nothing changed: all ${posted.toLocaleString('en')} rows had been imported before.`
      : `${(posted - replayed).toLocaleString('en')} rows are new, ` +
        `${replayed.toLocaleString('en')} had been imported before; ` +
        `${membersLinked.toLocaleString('en')} members are new. It took ` +
        `${(tookMs / 1000).toFixed(1)} s.`,
    ...(summary.interrupted
      ? ['Interrupted. Run the same command again; it goes on where it stopped.']
      : []),
  ];
}

function grouped(decimal: string): string {
  return decimal.replace(/\B(?=(\d{3})+(?=\.|$))/g, (separator, _group, offset: number) =>
    decimal.includes('.') && offset > decimal.indexOf('.') ? separator : ',',
  );
}
