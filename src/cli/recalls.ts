// `pontis recalls`: shows the recalls, in which source platforms ask for points back, and their
// results.

import { Option, type Command } from 'commander';

import type { Recalls } from '../clearing/recalls/recalls.ts';
import { RECALL_STATES, type RecallState } from '../clearing/recalls/states.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { describeRecallForOperator } from '../views/recall.ts';
import { pointsText } from './amount-text.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { fieldLines, rowLines } from './table.ts';
import { tell, type TellFlags, type Told } from './tell.ts';

interface RecallsContext extends CommandContext {
  readonly recalls: Recalls;
}

interface Flags extends TellFlags {
  readonly state?: RecallState;
  readonly limit?: string;
}

const DEFAULT_LIMIT = 100;
const MOST = 1_000;
const CODES = exitCodesHelp({ 65: 'no such recall' });
const COLUMNS = ['recall_id', 'state', 'source', 'target', 'amount', 'due_at', 'problem'] as const;
const STEP_COLUMNS = ['at', 'by', 'action', 'state', 'text'] as const;

export function registerRecalls<Context extends RecallsContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const recalls = program
    .command('recalls')
    .description('see recalls, in which source platforms ask for points back');
  const subcommand = (name: string, description: string): Command =>
    recalls
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running.${CODES}`);

  subcommand('list', 'list recalls, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(RECALL_STATES))
    .option('--limit <n>', `show at most this many, up to ${MOST} (default ${DEFAULT_LIMIT})`)
    .action((flags: Flags) => tell(flags, roots, (context) => listRecalls(flags, context)));

  subcommand('show', 'show one recall with its steps')
    .argument('<recall_id>')
    .action((recallId: string, flags: Flags) =>
      tell(flags, roots, (context) => showRecall(recallId, context)),
    );
}

async function listRecalls(flags: Flags, { recalls: all, ledger }: RecallsContext): Promise<Told> {
  const { describeRecallForOperator } = await import('../views/recall.ts');
  const limit = Math.min(
    Math.max(Number.parseInt(flags.limit ?? String(DEFAULT_LIMIT), 10) || DEFAULT_LIMIT, 1),
    MOST,
  );
  const recalls = (await all.list({ state: flags.state, limit })).map((recall) =>
    describeRecallForOperator(recall, ledger),
  );
  return {
    json: { recalls },
    lines: rowLines(
      COLUMNS,
      recalls.map((view) => rowOf(view, ledger)),
      '',
    ),
  };
}

async function showRecall(recallId: string, { recalls, ledger }: RecallsContext): Promise<Told> {
  const { describeRecallWithStepsForOperator } = await import('../views/recall.ts');
  const recall = valueOf(await recalls.find(recallId));
  const view = describeRecallWithStepsForOperator(recall, await recalls.listSteps(recall), ledger);
  const { transaction_id, reason, resolution_transaction_id, steps } = view;
  const fields = { ...rowOf(view, ledger), transaction_id, reason, resolution_transaction_id };
  return {
    json: view,
    lines: [
      ...fieldLines(Object.entries(fields).filter(([, value]) => value !== null)),
      '',
      ...rowLines(
        STEP_COLUMNS,
        steps.map(({ by, platform_id: who, state_after: state, ...step }) => ({
          ...step,
          by: who === undefined ? by : `${by} ${who}`,
          state,
        })),
        '',
      ),
    ],
  };
}

function rowOf(view: ReturnType<typeof describeRecallForOperator>, ledger: Ledger) {
  const { recall_id, state, source_platform: source, target_platform: target, due_at } = view;
  const amount = pointsText(ledger, source, view.amount);
  return { recall_id, state, source, target, amount, due_at, problem: view.problem };
}
