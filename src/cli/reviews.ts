// `pontis reviews`: lists the transfers that a rule has set aside, and takes operators' decisions.

import type { Command } from 'commander';

import type { ReviewDecision } from '../clearing/reviews/reviews.ts';
import { pointsText } from './amount-text.ts';
import {
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { rowLines } from './table.ts';
import { tell, tellAs, type TellFlags, type Told } from './tell.ts';

interface Flags extends TellFlags {
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

  subcommand('list', 'list the transfers that wait, oldest first').action((flags: Flags) =>
    tell(flags, roots, listWaiting),
  );

  const decision = (word: ReviewDecision, description: string, done: string): void => {
    subcommand(word, description)
      .argument('<hold_id>')
      .requiredOption('--reason <text>', 'why; kept with the transaction')
      .option(...AS_TOKEN_OPTION)
      .action((holdId: string, flags: Flags) =>
        tellAs(flags, roots, async (context, operatorId) => {
          const [{ decideReview }, { describeReviewDecision }] = await Promise.all([
            import('../clearing/reviews/reviews.ts'),
            import('../views/review.ts'),
          ]);
          const leg = await decideReview(context, holdId, word, operatorId, flags.reason ?? '');
          const view = describeReviewDecision(holdId, word, valueOf(leg));
          const told =
            view.status === 'pending' ? 'platforms are asked; see pontis transfers show' : done;
          return { json: view, lines: [`${told} ${view.transaction_id}`] };
        }),
      );
  };
  decision('approve', 'approve a transfer, at the terms that hold now', 'posted as');
  decision('reject', 'reject a transfer; the points are available again', 'released by');
}

async function listWaiting(context: CommandContext): Promise<Told> {
  const [{ listReviews }, { describeReview }] = await Promise.all([
    import('../clearing/reviews/reviews.ts'),
    import('../views/review.ts'),
  ]);
  const reviews = (await listReviews(context, MOST)).map(describeReview);
  return {
    json: { reviews },
    lines: rowLines(
      COLUMNS,
      reviews.map((view) => ({
        ...view,
        amount: pointsText(context.ledger, view.platform_id, view.amount),
      })),
    ),
  };
}
