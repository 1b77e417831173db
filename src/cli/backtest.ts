// `pontis backtest`: shows how a proposal, or a rulebook in a file, would have changed the
// transactions of the last days.

import { InvalidArgumentError, type Command } from 'commander';

import { MAX_BACKTEST_DAYS } from '../monitor/options.ts';
import type { BacktestView } from '../views/backtest.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import type { Rulebook, Valuation } from '../valuation/valuation.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { readDocument, refusalOf } from './rulebook-file.ts';
import { tableLines } from './table.ts';
import { tell, type TellFlags } from './tell.ts';

interface BacktestContext extends CommandContext {
  readonly valuation: Valuation;
}

interface Flags extends TellFlags {
  readonly days: number;
}

const FILE = /\.(json|ya?ml)$/;
const PROPOSAL_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const EXAMPLES_SHOWN = 5;

export function registerBacktest<Context extends BacktestContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  program
    .command('backtest')
    .description('show what a proposal would have changed')
    .argument('<proposal>', 'proposal_id, or a file with a whole rulebook: FILE.yaml or FILE.json')
    .option('--days <days>', 'how many days back from now', parseDays, 30)
    .option(...DATA_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `\nReads only; Pontis may be running and posting.` +
        exitCodesHelp({ 65: 'no such proposal, or a rulebook that is not valid' }),
    )
    .action((proposal: string, flags: Flags) =>
      tell(flags, roots, async (context) => {
        const [{ backtest }, { describeBacktest }] = await Promise.all([
          import('../monitor/monitor.ts'),
          import('../views/backtest.ts'),
        ]);
        const isFile = FILE.test(proposal);
        const rulebook = await (isFile ? readRulebook : rulebookOf)(proposal, context.valuation);
        const found = await backtest(rulebook, context, { days: flags.days });
        const view = describeBacktest(found, context.ledger);
        return {
          json: { proposal_id: isFile ? null : proposal, ...view },
          lines: linesOf(view),
        };
      }),
    );
}

async function rulebookOf(proposalId: string, { proposals }: Valuation): Promise<Rulebook> {
  if (!PROPOSAL_ID.test(proposalId))
    throw new OperatorError(
      'usage',
      `${proposalId} is neither a proposal_id nor the name of a .yaml or .json file.`,
    );
  return valueOf(await proposals.rulebookOf(valueOf(await proposals.find(proposalId))));
}

async function readRulebook(path: string, { proposals }: Valuation): Promise<Rulebook> {
  const { compileRulebook, Rulebook: RulebookMade } = await import('../valuation/valuation.ts');
  const document = await readDocument(path, 'badInput');
  const unknown = await proposals.refuseUnknown(document);
  if (unknown !== undefined) throw refusalOf(unknown);
  const compiled = compileRulebook(document);
  if (!compiled.ok)
    throw new OperatorError(
      'badInput',
      `${path} is not a valid rulebook: ` +
        `${compiled.faults.map(({ place, message }) => `${place} ${message}`).join('; ')}.`,
    );
  return new RulebookMade(0, compiled.rulebook);
}

function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > MAX_BACKTEST_DAYS)
    throw new InvalidArgumentError(`A whole number from 1 to ${MAX_BACKTEST_DAYS}.`);
  return days;
}

function linesOf(view: BacktestView): string[] {
  const platforms = view.platforms.map((row) => [
    row.platform_id,
    String(row.transactions),
    String(row.changed),
    row.amount,
    total(row.denied),
    total(row.reviewed),
    total(row.over_limit),
    total(row.rule_failed),
    String(row.too_small),
    row.fee_before,
    row.fee_after,
  ]);
  const conversions = view.platforms.flatMap((row) =>
    row.conversions.map((pair) => [
      row.platform_id,
      pair.target_platform,
      pair.fee_before,
      pair.fee_after,
      pair.credited_before,
      pair.credited_after,
      pair.target_fee_before,
      pair.target_fee_after,
    ]),
  );
  const reasons = view.platforms.flatMap((row) =>
    (['denied', 'reviewed', 'over_limit', 'rule_failed'] as const).flatMap((outcome) =>
      Object.entries(row[outcome]).map(([rule, count]) => [
        row.platform_id,
        outcome,
        rule,
        String(count),
      ]),
    ),
  );
  const examples = view.examples
    .slice(0, EXAMPLES_SHOWN)
    .map(({ transaction_id, operation, platform_id, amount, before, after }) => [
      transaction_id,
      operation,
      platform_id,
      amount,
      sideOf(before),
      sideOf(after),
    ]);
  return [
    `${view.changed} of ${view.transactions} transactions from ${view.from} until ${view.until} ` +
      `would have changed${view.complete ? '' : ' (the latest ones were not read)'}.`,
    ...section(
      [
        'platform',
        'transactions',
        'changed',
        'amount',
        'denied',
        'reviewed',
        'over_limit',
        'rule_failed',
        'too_small',
        'fee_before',
        'fee_after',
      ],
      platforms,
    ),
    ...section(
      [
        'platform',
        'target',
        'fee_before',
        'fee_after',
        'credited_before',
        'credited_after',
        'target_fee_before',
        'target_fee_after',
      ],
      conversions,
    ),
    ...section(['platform', 'outcome', 'rule', 'transactions'], reasons),
    ...section(
      ['rule', 'applied'],
      view.rules.map(({ item, applied }) => [item, String(applied)]),
    ),
    ...section(['transaction', 'operation', 'platform', 'amount', 'before', 'after'], examples),
    '',
    ...view.assumptions.map((line) => `- ${line}`),
  ];
}

function section(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ['', ...tableLines([heading, ...rows])];
}

function total(counts: Readonly<Record<string, number>>): string {
  return String(Object.values(counts).reduce((sum, count) => sum + count, 0));
}

function sideOf({
  outcome,
  rule,
  fee,
  credited,
}: BacktestView['examples'][number]['before']): string {
  const terms = credited === undefined ? '' : ` fee ${fee ?? '0'}, credited ${credited}`;
  return `${outcome}${rule === undefined ? '' : ` by ${rule}`}${terms}`;
}
