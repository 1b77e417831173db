// `pontis reconcile`: compares books with platforms, and shows the differences and what is done
// about them.

import { InvalidArgumentError, Option, type Command } from 'commander';

import type { Disputes, Side } from '../clearing/disputes/disputes.ts';
import type {
  Break,
  BreakStory,
  OpenCount,
  Reconciliation,
  Run,
} from '../clearing/reconciliation/reconciliation.ts';
import { AGE_BUCKETS, BREAK_CATEGORIES, BREAK_STATES } from '../clearing/reconciliation/types.ts';
import { formatAmountText } from '../kernel/amount.ts';
import { formatId, isPlatformId, type PlatformId } from '../kernel/ids.ts';
import type { Result } from '../kernel/problem.ts';
import { DAY_MS } from '../kernel/time.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { exitCode } from '../runtime/operator-error.ts';
import {
  actingOperator,
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  withContext,
  type AsTokenOption,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { askFor } from './asked.ts';
import { printable, tableLines } from './table.ts';

interface Flags extends AsTokenOption {
  readonly data?: string;
  readonly json?: true;
  readonly platform?: PlatformId;
  readonly full?: true;
  readonly category?: Break['category'];
  readonly state?: Break['state'];
  readonly reason?: string;
  readonly note?: string;
  readonly side?: Side;
  readonly limit?: number;
}

interface ReconcileContext extends CommandContext {
  readonly reconciliation: Reconciliation;
  readonly disputes: Disputes;
}

const CODES = exitCodesHelp({ 65: 'refused, e.g. no such break' });
const RUN_CODES = exitCodesHelp({
  0: 'complete, and no break',
  1: 'there are breaks, or a run is incomplete',
  65: 'refused, e.g. no such platform',
});
const RUN_COLUMNS = [
  'run_id',
  'platform_id',
  'mode',
  'state',
  'asked_at',
  'lines_read',
  'compared',
  'matched',
  'breaks',
  'total',
  'reason',
] as const;
const BREAK_COLUMNS = [
  'break_id',
  'platform_id',
  'category',
  'subject',
  'ours',
  'theirs',
  'state',
  'age_days',
  'first_seen_at',
] as const;

export function registerReconcile<Context extends ReconcileContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const reconcile = program
    .command('reconcile')
    .description('compare the books with those of platforms, and look after the differences');
  const subcommand = (name: string, description: string, codes = CODES): Command =>
    reconcile
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `\nPontis may be running. docs/reconciliation.md says what each category means and ` +
          `what to do.${codes}`,
      );
  const platformOption = ['--platform <platform_id>', 'only this platform', parsePlatform] as const;

  subcommand('run', 'compare now, and wait for what another process is comparing', RUN_CODES)
    .option(...platformOption)
    .option('--full', 'read the whole statement again instead of what is new since the last run')
    .option(...AS_TOKEN_OPTION)
    .action(async (flags: Flags) => {
      const rows = await withContext(flags, roots, false, async (context) => {
        const named =
          flags.asToken !== undefined || roots.environment['PONTIS_OPERATOR_TOKEN'] !== undefined;
        const operatorId = named ? (await actingOperator(flags, roots, context)).operatorId : null;
        const runs = valueOf(
          await context.reconciliation.reconcile({
            platformId: flags.platform,
            mode: flags.full ? 'full' : 'incremental',
            operatorId,
          }),
        );
        return runs.map((run) => runRow(run, context.ledger));
      });
      printRuns(rows, flags, roots);
      if (rows.some(({ state, breaks }) => state !== 'complete' || breaks !== ''))
        roots.terminal.exitCode = exitCode.finding;
    });

  subcommand('runs', 'list what was compared, newest first')
    .option(...platformOption)
    .option('--limit <n>', 'at most so many', parseLimit, 20)
    .action(async (flags: Flags) => {
      const rows = await withContext(flags, roots, false, async ({ reconciliation, ledger }) =>
        (await reconciliation.listRuns(flags.platform, flags.limit ?? 20)).map((run) =>
          runRow(run, ledger),
        ),
      );
      printRuns(rows, flags, roots);
    });

  subcommand('breaks', 'list differences, oldest first, and how many are open by age')
    .option(...platformOption)
    .addOption(new Option('--category <category>', 'only this category').choices(BREAK_CATEGORIES))
    .addOption(
      new Option('--state <state>', 'only this state').choices(BREAK_STATES).default('open'),
    )
    .option('--limit <n>', 'at most so many', parseLimit, 100)
    .action(async (flags: Flags) => {
      const { rows, open } = await withContext(
        flags,
        roots,
        false,
        async ({ reconciliation, ledger, clock }) => {
          const found = await reconciliation.listBreaks(
            { platformId: flags.platform, category: flags.category, state: flags.state },
            flags.limit ?? 100,
          );
          return {
            rows: found.map((one) => breakRow(one, ledger, clock.now())),
            open: await reconciliation.countOpen(),
          };
        },
      );
      if (flags.json)
        roots.print(
          JSON.stringify({
            breaks: rows,
            open: open.map(({ platformId, category, age, count }) => ({
              platform_id: platformId,
              category,
              age,
              count,
            })),
          }),
        );
      else
        [
          ...tableLines([
            BREAK_COLUMNS,
            ...rows.map((row) => BREAK_COLUMNS.map((column) => row[column] ?? '-')),
          ]),
          '',
          ...ageLines(open),
        ].forEach(roots.print);
    });

  const word = (
    name: string,
    description: string,
    act: (
      reconciliation: Reconciliation,
      breakId: string,
      operatorId: string,
      flags: Flags,
    ) => Promise<Result<BreakStory>>,
  ): Command =>
    subcommand(name, description)
      .argument('<break_id>')
      .option(...AS_TOKEN_OPTION)
      .action(async (breakId: string, flags: Flags) => {
        const row = await withContext(flags, roots, false, async (context) => {
          const { operatorId } = await actingOperator(flags, roots, context);
          const story = valueOf(await act(context.reconciliation, breakId, operatorId, flags));
          return {
            ...breakRow(story, context.ledger, context.clock.now()),
            said: story.actions.at(-1)?.words ?? '',
          };
        });
        roots.print(flags.json ? JSON.stringify(row) : `${row.state}: ${printable(row.said)}`);
      });
  word(
    'recheck',
    'ask the platform again; closes the break when both sides agree by now',
    (reconciliation, breakId, operatorId) => reconciliation.recheck({ breakId, operatorId }),
  );
  subcommand('accept', 'ask to take a difference as it is; moves no points')
    .argument('<break_id>')
    .option(...AS_TOKEN_OPTION)
    .requiredOption('--reason <text>', 'why; kept with the break')
    .action(async (breakId: string, flags: Flags) => {
      await askFor(
        { act: 'break_accept', arguments: { break_id: breakId }, reason: flags.reason ?? '' },
        flags,
        roots,
      );
    });
  subcommand('adjust', 'ask to give back what the target platform says it has not credited')
    .argument('<break_id>')
    .option(...AS_TOKEN_OPTION)
    .requiredOption('--reason <text>', 'why; kept with the break')
    .action(async (breakId: string, flags: Flags) => {
      await askFor(
        { act: 'break_adjust', arguments: { break_id: breakId }, reason: flags.reason ?? '' },
        flags,
        roots,
      );
    });
  subcommand('dispute', 'dispute the transaction of a difference; another operator decides')
    .argument('<break_id>')
    .option(...AS_TOKEN_OPTION)
    .requiredOption('--reason <text>', 'what is wrong; told to both sides')
    .addOption(
      new Option('--side <side>', 'the side that claims')
        .choices(['source', 'target'])
        .default('source'),
    )
    .action(async (breakId: string, flags: Flags) => {
      const { disputeBreak } = await import('../clearing/reconciliation/reconciliation.ts');
      const { disputeId, state } = await withContext(flags, roots, false, async (context) => {
        const { operatorId } = await actingOperator(flags, roots, context);
        return valueOf(
          await disputeBreak(context, {
            breakId,
            operatorId,
            reason: flags.reason ?? '',
            side: flags.side,
          }),
        );
      });
      const row = { dispute_id: formatId('dsp', disputeId), state };
      roots.print(flags.json ? JSON.stringify(row) : `${row.state}: ${row.dispute_id}`);
    });
  word('note', 'note what was found out', (reconciliation, breakId, operatorId, { note = '' }) =>
    reconciliation.note({ breakId, operatorId, note }),
  ).requiredOption('--note <text>', 'kept with the break');
}

type Row<Columns extends readonly string[]> = Readonly<Record<Columns[number], string>>;

function printRuns(
  rows: readonly Row<typeof RUN_COLUMNS>[],
  flags: Flags,
  roots: Pick<CommandRoots, 'print'>,
): void {
  if (flags.json) roots.print(JSON.stringify({ runs: rows }));
  else
    tableLines([
      RUN_COLUMNS,
      ...rows.map((row) => RUN_COLUMNS.map((column) => row[column])),
    ]).forEach(roots.print);
}

function runRow(run: Run, ledger: Pick<Ledger, 'pointsOf'>): Row<typeof RUN_COLUMNS> {
  const text = textOf(run.platformId, ledger);
  const { total } = run;
  return {
    run_id: run.runId,
    platform_id: run.platformId,
    mode: run.mode,
    state: run.state,
    asked_at: run.askedAt.toISOString(),
    lines_read: String(run.linesRead),
    compared: String(run.compared),
    matched: String(run.matched),
    breaks: Object.entries(run.breaks)
      .map(([category, count]) => `${category} ${count}`)
      .join(', '),
    total:
      total === null
        ? ''
        : total.state === 'differs'
          ? `${text(total.ours)} here, ${text(total.theirs)} there`
          : total.state,
    reason: printable(run.reason ?? ''),
  };
}

function breakRow(
  one: Break,
  ledger: Pick<Ledger, 'pointsOf'>,
  nowMs: number,
): Row<typeof BREAK_COLUMNS> {
  const text = textOf(one.platformId, ledger);
  return {
    break_id: one.breakId,
    platform_id: one.platformId,
    category: one.category,
    subject: printable(one.subject),
    ours: text(one.ours),
    theirs: text(one.theirs),
    state: one.state,
    age_days: String(Math.max(0, Math.floor((nowMs - one.openedAt.getTime()) / DAY_MS))),
    first_seen_at: one.firstSeenAt.toISOString(),
  };
}

function textOf(
  platformId: PlatformId,
  ledger: Pick<Ledger, 'pointsOf'>,
): (minor: bigint | null) => string {
  const scale = ledger.pointsOf(platformId)?.scale ?? 0;
  return (minor) => (minor === null ? '-' : formatAmountText(minor, scale));
}

/** Open breaks: a line for each category, a column for each age in days. */
function ageLines(open: readonly OpenCount[]): string[] {
  const count = (category: string, age: string): number =>
    open
      .filter((one) => one.category === category && one.age === age)
      .reduce((sum, one) => sum + one.count, 0);
  const categories = BREAK_CATEGORIES.filter((category) =>
    open.some((one) => one.category === category),
  );
  return tableLines([
    ['open', ...AGE_BUCKETS.map((age) => `${age} days`)],
    ...categories.map((category) => [
      category,
      ...AGE_BUCKETS.map((age) => String(count(category, age))),
    ]),
  ]);
}

function parsePlatform(text: string): PlatformId {
  if (!isPlatformId(text))
    throw new InvalidArgumentError('3 to 40 of a-z, 0-9 and _, beginning with a letter.');
  return text;
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new InvalidArgumentError('A whole number from 1 to 10000.');
  return limit;
}
