// `pontis report`: adds up the ledger for the people who answer for the network's books.

import type { Command } from 'commander';

import { isPlatformId } from '../kernel/ids.ts';
import { identityProblems } from '../identity/problems.ts';
import type { LiabilityView } from '../views/liability.ts';
import type { Valuation } from '../valuation/valuation.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  operatorErrorOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { tableLines } from './table.ts';
import { tell, type TellFlags } from './tell.ts';

interface ReportContext extends CommandContext {
  readonly valuation: Valuation;
}

interface Flags extends TellFlags {
  readonly platform?: string;
}

export function registerReport<Context extends ReportContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  program
    .command('report')
    .description('add up what the network holds')
    .command('liability')
    .description(
      'show how many points each platform owes its users, and how many may expire unused',
    )
    .option('--platform <platform_id>', 'only this one (default: all)')
    .option(...DATA_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `\nReads every transaction once, in one snapshot; Pontis may be running and ` +
        `posting.${exitCodesHelp({ 65: 'no such platform' })}`,
    )
    .action((flags: Flags) =>
      tell(flags, roots, async (context) => {
        const [{ reportLiability }, { describeLiability }] = await Promise.all([
          import('../monitor/monitor.ts'),
          import('../views/liability.ts'),
        ]);
        const { platform } = flags;
        if (
          platform !== undefined &&
          (!isPlatformId(platform) || context.ledger.pointsOf(platform) === undefined)
        )
          throw operatorErrorOf(identityProblems.platform_not_found());
        const view = describeLiability(await reportLiability(context, platform));
        return { json: view, lines: linesOf(view) };
      }),
    );
}

type Row = LiabilityView['platforms'][number];

/** Platforms side by side, figures one below the other. */
function linesOf({
  at,
  settlement_currency: currency,
  breakage_formula,
  platforms,
}: LiabilityView): string[] {
  const figures: readonly (readonly [name: string, of: (row: Row) => string])[] = [
    ['issued', (row) => row.issued],
    ['converted in', (row) => row.converted_in],
    ['redeemed', (row) => row.redeemed],
    ['converted away', (row) => row.converted_away],
    ['expired', (row) => row.expired],
    ['fees', (row) => row.fees],
    ['clawed back', (row) => row.clawed_back],
    ['adjusted', (row) => row.adjusted],
    ['outstanding', (row) => row.outstanding],
    ['  held', (row) => row.held],
    ['  with an end', (row) => row.breakage.ending],
    ['debt', (row) => row.debt],
    ['lapsed', (row) => row.lapsed],
    [`value (${currency})`, (row) => row.value],
    ['breakage rate', (row) => row.breakage.rate ?? '-'],
    ['breakage estimate', (row) => row.breakage.estimate ?? '-'],
  ];
  const months = [
    ...new Set(platforms.flatMap(({ by_month }) => by_month.map(({ month }) => month))),
  ].toSorted();
  return [
    `As of ${at}, in points of each platform.`,
    '',
    ...tableLines([
      ['', ...platforms.map((row) => row.platform_id)],
      ...figures.map(([name, of]) => [name, ...platforms.map(of)]),
    ]),
    ...(months.length === 0
      ? []
      : [
          '',
          ...tableLines([
            ['outstanding until', ...platforms.map((row) => row.platform_id)],
            ...months.map((month) => [
              month,
              ...platforms.map(
                ({ by_month }) => by_month.find((one) => one.month === month)?.amount ?? '-',
              ),
            ]),
          ]),
        ]),
    '',
    `Breakage: ${breakage_formula}.`,
  ];
}
