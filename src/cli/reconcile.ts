// `pontis reconcile`: compares the books with those of platforms, and shows and closes differences.

import { InvalidArgumentError, Option, type Command } from 'commander';

import type { Disputes, Side } from '../clearing/disputes/disputes.ts';
import type {
  Break,
  BreakStory,
  Reconciliation,
} from '../clearing/reconciliation/reconciliation.ts';
import { AGE_BUCKETS, BREAK_CATEGORIES, BREAK_STATES } from '../clearing/reconciliation/types.ts';
import { isPlatformId, type PlatformId } from '../kernel/ids.ts';
import type { Result } from '../kernel/problem.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { exitCode } from '../runtime/operator-error.ts';
import type { describeBreaks, describeRun } from '../views/reconciliation.ts';
import { pointsText } from './amount-text.ts';
import { askFor } from './asked.ts';
import {
  actingOperator,
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { printable, rowLines, tableLines } from './table.ts';
import { tell, tellAs, type TellFlags, type Told } from './tell.ts';

interface Flags extends TellFlags {
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

type RunView = ReturnType<typeof describeRun>;
type BreaksView = ReturnType<typeof describeBreaks>;
type Subcommand = (name: string, description: string, codes?: string) => Command;

const CODES = exitCodesHelp({ 65: 'refused, e.g. no such break' });
const RUN_CODES = exitCodesHelp({
  0: 'complete, without a break',
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
    .description('compare the books with those of platforms, and work on the differences');
  const subcommand: Subcommand = (name, description, codes = CODES) =>
    reconcile
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `\nPontis may be running. docs/reconciliation.md explains each category and what to ` +
          `do.${codes}`,
      );
  const platformOption = ['--platform <platform_id>', 'only this platform', parsePlatform] as const;

  subcommand('run', 'compare now, and wait for runs of other processes', RUN_CODES)
    .option(...platformOption)
    .option('--full', 'read the whole statement again, not only the lines since the last run')
    .option(...AS_TOKEN_OPTION)
    .action((flags: Flags) => tell(flags, roots, (context) => compareNow(flags, roots, context)));

  subcommand('runs', 'list the runs, newest first')
    .option(...platformOption)
    .option('--limit <n>', 'show at most this many', parseLimit, 20)
    .action((flags: Flags) =>
      tell(flags, roots, async ({ reconciliation, ledger }) => {
        const { describeRun } = await import('../views/reconciliation.ts');
        const runs = await reconciliation.listRuns(flags.platform, flags.limit ?? 20);
        return toldOf(
          runs.map((run) => describeRun(run, ledger)),
          ledger,
        );
      }),
    );

  subcommand('breaks', 'list differences, oldest first, and how many are open by age')
    .option(...platformOption)
    .addOption(new Option('--category <category>', 'only this category').choices(BREAK_CATEGORIES))
    .addOption(
      new Option('--state <state>', 'only this state').choices(BREAK_STATES).default('open'),
    )
    .option('--limit <n>', 'show at most this many', parseLimit, 100)
    .action((flags: Flags) => tell(flags, roots, (context) => listBreaks(flags, context)));

  registerDecisions(subcommand, roots);
}

/** Commands with which an operator works on one difference. */
function registerDecisions<Context extends ReconcileContext>(
  subcommand: Subcommand,
  roots: CommandRoots<Context>,
): void {
  const about = (name: string, description: string): Command =>
    subcommand(name, description)
      .argument('<break_id>')
      .option(...AS_TOKEN_OPTION);
  const decide = (
    flags: Flags,
    act: (reconciliation: Reconciliation, operatorId: string) => Promise<Result<BreakStory>>,
  ): Promise<void> =>
    tellAs(flags, roots, async ({ reconciliation, ledger, clock }, operatorId) => {
      const { describeBreakWithActions } = await import('../views/reconciliation.ts');
      const story = valueOf(await act(reconciliation, operatorId));
      const view = describeBreakWithActions(story, ledger, clock.now());
      return {
        json: view,
        lines: [`${view.state}: ${printable(view.actions.at(-1)?.words ?? '')}`],
      };
    });

  about('recheck', 'query the platform again; closes the break if both sides agree now').action(
    (breakId: string, flags: Flags) =>
      decide(flags, (reconciliation, operatorId) =>
        reconciliation.recheck({ breakId, operatorId }),
      ),
  );
  for (const [name, act, description] of [
    ['accept', 'break_accept', 'request that a difference is accepted; moves no points'],
    [
      'adjust',
      'break_adjust',
      'request that points which the target platform has not credited go back to the source',
    ],
  ] as const) {
    about(name, description)
      .requiredOption('--reason <text>', 'why; kept with the break')
      .action((breakId: string, flags: Flags) =>
        askFor({ act, arguments: { break_id: breakId }, reason: flags.reason ?? '' }, flags, roots),
      );
  }
  about('dispute', 'dispute the transaction of a difference; another operator decides')
    .requiredOption('--reason <text>', 'what is wrong; both sides can read it')
    .addOption(
      new Option('--side <side>', 'the side that claims')
        .choices(['source', 'target'])
        .default('source'),
    )
    .action((breakId: string, { reason = '', side, ...flags }: Flags) =>
      tellAs(flags, roots, async (context, operatorId) => {
        const [{ disputeBreak }, { describeForOperator }] = await Promise.all([
          import('../clearing/reconciliation/reconciliation.ts'),
          import('../views/dispute.ts'),
        ]);
        const { ledger, disputes } = context;
        const opened = await disputeBreak(context, { breakId, operatorId, reason, side });
        const view = describeForOperator(valueOf(opened), ledger, disputes);
        return { json: view, lines: [`${view.state}: ${view.dispute_id}`] };
      }),
    );
  about('note', 'add a note about a difference')
    .requiredOption('--note <text>', 'kept with the break')
    .action((breakId: string, { note = '', ...flags }: Flags) =>
      decide(flags, (reconciliation, operatorId) =>
        reconciliation.note({ breakId, operatorId, note }),
      ),
    );
}

async function compareNow<Context extends ReconcileContext>(
  flags: Flags,
  roots: CommandRoots<Context>,
  context: Context,
): Promise<Told> {
  const { describeRun } = await import('../views/reconciliation.ts');
  const isNamed =
    flags.asToken !== undefined || roots.environment['PONTIS_OPERATOR_TOKEN'] !== undefined;
  const operatorId = isNamed ? (await actingOperator(flags, roots, context)).operatorId : null;
  const runs = valueOf(
    await context.reconciliation.reconcile({
      platformId: flags.platform,
      mode: flags.full ? 'full' : 'incremental',
      operatorId,
    }),
  ).map((run) => describeRun(run, context.ledger));
  if (runs.some(({ state, breaks }) => state !== 'complete' || Object.keys(breaks).length > 0))
    roots.terminal.exitCode = exitCode.finding;
  return toldOf(runs, context.ledger);
}

function toldOf(runs: readonly RunView[], ledger: Ledger): Told {
  return {
    json: { runs },
    lines: rowLines(
      RUN_COLUMNS,
      runs.map((run) => ({ ...run, breaks: breaksText(run), total: totalText(run, ledger) })),
      '',
    ),
  };
}

function breaksText({ breaks }: RunView): string {
  return Object.entries(breaks)
    .map(([category, count]) => `${category} ${count}`)
    .join(', ');
}

function totalText({ total, platform_id: platform }: RunView, ledger: Ledger): string | null {
  if (total?.state !== 'differs') return total?.state ?? null;
  const [ours, theirs] = [total.ours, total.theirs].map((figure) =>
    pointsText(ledger, platform, figure),
  );
  return `${ours} here, ${theirs} there`;
}

async function listBreaks(flags: Flags, context: ReconcileContext): Promise<Told> {
  const { describeBreaks } = await import('../views/reconciliation.ts');
  const { reconciliation, ledger, clock } = context;
  const found = await reconciliation.listBreaks(
    { platformId: flags.platform, category: flags.category, state: flags.state },
    flags.limit ?? 100,
  );
  const view = describeBreaks(found, await reconciliation.countOpen(), ledger, clock.now());
  const rows = view.breaks.map((one) => ({
    ...one,
    ours: pointsText(ledger, one.platform_id, one.ours),
    theirs: pointsText(ledger, one.platform_id, one.theirs),
  }));
  return { json: view, lines: [...rowLines(BREAK_COLUMNS, rows), '', ...ageLines(view.open)] };
}

/** Open breaks: a line for each category, a column for each age in days. */
function ageLines(open: BreaksView['open']): string[] {
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
