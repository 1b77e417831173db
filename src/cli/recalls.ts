// `pontis recalls`: what sources have asked target platforms for, and what became of it.

import { Option, type Command } from 'commander';
import type { Recall, Recalls } from '../clearing/recalls/recalls.ts';
import { RECALL_STATES, type RecallState } from '../clearing/recalls/states.ts';
import { formatAmountText } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  withContext,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { printable, tableLines } from './table.ts';

interface RecallsContext extends CommandContext {
  readonly recalls: Recalls;
}

interface Flags {
  readonly data?: string;
  readonly json?: true;
  readonly state?: RecallState;
  readonly limit?: string;
}

const DEFAULT_LIMIT = 100;
const MOST = 1_000;
const CODES = exitCodesHelp({ 65: 'no such recall' });
const COLUMNS = ['recall_id', 'state', 'source', 'target', 'amount', 'due_at', 'problem'] as const;

export function registerRecalls<Context extends RecallsContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const recalls = program
    .command('recalls')
    .description('see what sources have asked to be given back');
  const subcommand = (name: string, description: string): Command =>
    recalls
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running.${CODES}`);

  subcommand('list', 'list recalls, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(RECALL_STATES))
    .option('--limit <n>', `at most so many, up to ${MOST} (default ${DEFAULT_LIMIT})`)
    .action(async (flags: Flags) => {
      const limit = Math.min(
        Math.max(Number.parseInt(flags.limit ?? String(DEFAULT_LIMIT), 10) || DEFAULT_LIMIT, 1),
        MOST,
      );
      const rows = await withContext(flags, roots, false, async (context) =>
        (await context.recalls.list({ state: flags.state, limit })).map((recall) =>
          rowOf(recall, context.ledger),
        ),
      );
      if (flags.json) roots.print(JSON.stringify({ recalls: rows }));
      else
        for (const line of tableLines([
          COLUMNS,
          ...rows.map((row) => COLUMNS.map((column) => row[column])),
        ]))
          roots.print(line);
    });

  subcommand('show', 'show one recall with all that happened to it')
    .argument('<recall_id>')
    .action(async (recallId: string, flags: Flags) => {
      const shown = await withContext(flags, roots, false, async ({ recalls: all, ledger }) => {
        const recall = valueOf(await all.find(recallId));
        const steps = await all.listSteps(recall);
        return {
          ...rowOf(recall, ledger),
          transaction_id: formatId('txn', recall.transactionId),
          reason: printable(recall.reason),
          resolution_transaction_id:
            recall.state === 'taken' ? formatId('txn', recall.resolutionId) : '',
          steps: steps.map(({ takenAtMs, who, action, stateAfter, text }) => ({
            at: new Date(takenAtMs).toISOString(),
            by: who.id === null ? who.actor : `${who.actor} ${who.id}`,
            action,
            state: stateAfter,
            text: printable(text ?? ''),
          })),
        };
      });
      if (flags.json) return roots.print(JSON.stringify(shown));
      const { steps, ...fields } = shown;
      for (const line of tableLines(Object.entries(fields).filter(([, value]) => value !== '')))
        roots.print(line);
      roots.print('');
      for (const line of tableLines([
        ['at', 'by', 'action', 'state', 'text'],
        ...steps.map((step) => Object.values(step)),
      ]))
        roots.print(line);
    });
}

function rowOf(recall: Recall, ledger: Ledger): Record<(typeof COLUMNS)[number], string> {
  return {
    recall_id: formatId('rcl', recall.recallId),
    state: recall.state,
    source: recall.source.platformId,
    target: recall.target.platformId,
    amount: formatAmountText(recall.amount, ledger.pointsOf(recall.source.platformId)?.scale ?? 0),
    due_at: recall.dueAtMs === null ? '' : new Date(recall.dueAtMs).toISOString(),
    problem: printable(recall.problem ?? ''),
  };
}
