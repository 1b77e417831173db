// `pontis reviews`: transfers that a rule has set aside, and the operator's word on them.

import type { Command } from 'commander';

import type { ReviewDecision } from '../clearing/reviews/reviews.ts';
import { formatAmountText } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
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
import { printable, tableLines } from './table.ts';

interface Flags extends AsTokenOption {
  readonly data?: string;
  readonly json?: true;
  readonly reason?: string;
}

const MOST = 1_000;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such transfer waits' });
const COLUMNS = [
  'hold_id',
  'platform_id',
  'target_platform',
  'amount',
  'rule',
  'reason',
  'asked_at',
  'due_at',
] as const;

export function registerReviews<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const reviews = program
    .command('reviews')
    .description('see and decide transfers that a rule has set aside');
  const subcommand = (name: string, description: string): Command =>
    reviews
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running.${CODES}`);

  subcommand('list', 'list the transfers that wait, oldest first').action(async (flags: Flags) => {
    const { listReviews } = await import('../clearing/reviews/reviews.ts');
    const waiting = await withContext(flags, roots, false, async (context) =>
      (await listReviews(context, MOST)).map(({ leg, source, target, rule, reason, dueAtMs }) => ({
        hold_id: formatId('hold', leg.transactionId),
        platform_id: source.platformId ?? '',
        target_platform: target.platformId ?? '',
        amount: formatAmountText(leg.amount, source.scale),
        rule,
        reason: printable(reason),
        asked_at: new Date(leg.postedAtMs).toISOString(),
        due_at: new Date(dueAtMs).toISOString(),
      })),
    );
    if (flags.json) roots.print(JSON.stringify({ reviews: waiting }));
    else
      for (const line of tableLines([
        COLUMNS,
        ...waiting.map((row) => COLUMNS.map((column) => row[column])),
      ]))
        roots.print(line);
  });

  const decision = (word: ReviewDecision, description: string, done: string): void => {
    subcommand(word, description)
      .argument('<hold_id>')
      .requiredOption('--reason <text>', 'why; kept with the transaction')
      .option(...AS_TOKEN_OPTION)
      .action(async (holdId: string, flags: Flags) => {
        const { decideReview } = await import('../clearing/reviews/reviews.ts');
        const { transactionId, underWay } = await withContext(
          flags,
          roots,
          false,
          async (context) => {
            const { operatorId } = await actingOperator(flags, roots, context);
            const leg = valueOf(
              await decideReview(context, holdId, word, operatorId, flags.reason ?? ''),
            );
            return {
              transactionId: formatId('txn', leg.transactionId),
              underWay: leg.kind === 'authorise',
            };
          },
        );
        roots.print(
          flags.json
            ? JSON.stringify({ hold_id: holdId, transaction_id: transactionId })
            : `${underWay ? 'platforms are asked; see pontis transfers show' : done} ` +
                `${transactionId}`,
        );
      });
  };
  decision('approve', 'let a transfer pass, at the terms of this moment', 'posted as');
  decision('reject', 'turn a transfer down; the points are available again', 'released by');
}
