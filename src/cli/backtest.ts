// `pontis backtest`: what a proposal, or a rulebook in a file, would have made of the transactions
// of the last days.

import { InvalidArgumentError, type Command } from 'commander';
import { readFileSync } from 'node:fs';

import { MAX_BACKTEST_DAYS } from '../monitor/options.ts';
import type { BacktestView } from '../views/backtest.ts';
import { messageOf, OperatorError } from '../runtime/operator-error.ts';
import type { Rulebook, Valuation } from '../valuation/valuation.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  withContext,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { refusalOf } from './rulebook-file.ts';
import { tableLines } from './table.ts';

interface BacktestContext extends CommandContext {
  readonly valuation: Valuation;
}

interface Flags {
  readonly data?: string;
  readonly json?: true;
  readonly days: number;
}

const EXAMPLES_SHOWN = 5;

export function registerBacktest<Context extends BacktestContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  program
    .command('backtest')
    .description('show what a proposal would have changed')
    .argument('<proposal>', 'proposal_id, or a rulebook as FILE.json')
    .option('--days <days>', 'how many days back from now', parseDays, 30)
    .option(...DATA_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `\nReads only; Pontis may be running and posting.${exitCodesHelp({ 65: 'no such proposal, or a rulebook that cannot be' })}`,
    )
    .action(async (proposal: string, flags: Flags) => {
      const [{ backtest }, { describeBacktest }] = await Promise.all([
        import('../monitor/monitor.ts'),
        import('../views/backtest.ts'),
      ]);
      const view = await withContext(flags, roots, false, async (context) => {
        const found = await backtest(await rulebookFor(proposal, context.valuation), context, {
          days: flags.days,
        });
        return describeBacktest(found, context.ledger);
      });
      if (flags.json) roots.print(JSON.stringify({ proposal, ...view }));
      else for (const line of linesOf(view)) roots.print(line);
    });
}

async function rulebookFor(proposal: string, { proposals }: Valuation): Promise<Rulebook> {
  if (proposal.endsWith('.json')) return readRulebook(proposal, proposals);
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(proposal))
    throw new OperatorError(
      'usage',
      `${proposal} is neither a proposal_id nor the name of a .json file.`,
    );
  return valueOf(await proposals.rulebookOf(valueOf(await proposals.find(proposal))));
}

async function readRulebook(path: string, proposals: Valuation['proposals']): Promise<Rulebook> {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new OperatorError('badInput', `${path} cannot be read as JSON (${messageOf(error)}).`, {
      cause: error,
    });
  }
  const unknown = await proposals.refuseUnknown(document);
  if (unknown !== undefined) throw refusalOf(unknown);
  const { compileRulebook, Rulebook } = await import('../valuation/valuation.ts');
  const compiled = compileRulebook(document);
  if (!compiled.ok)
    throw new OperatorError(
      'badInput',
      `${path} is no rulebook: ${compiled.faults.map(({ place, message }) => `${place} ${message}`).join('; ')}.`,
    );
  return new Rulebook(0, compiled.rulebook);
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
      `would have changed${view.complete ? '' : ' (there were more than are looked at)'}.`,
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
