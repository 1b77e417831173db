// `pontis transfers`: shows transfers over connected platforms, and takes operators' decisions
// about those that cannot go on.

import { type Command, InvalidArgumentError } from 'commander';

import { sagaProblems } from '../clearing/saga/problems.ts';
import type { Saga } from '../clearing/saga/saga.ts';
import { parseId } from '../kernel/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { describeTransfer, describeTransferWithDecisions } from '../views/transfer.ts';
import { pointsText } from './amount-text.ts';
import { askFor } from './asked.ts';
import {
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  operatorErrorOf,
  valueOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { fieldLines, rowLines } from './table.ts';
import { tell, tellAs, type TellFlags, type Told } from './tell.ts';

interface Flags extends TellFlags {
  readonly open?: true;
  readonly limit?: number;
  readonly reason?: string;
}

type View = ReturnType<typeof describeTransfer>;
type ViewWithDecisions = ReturnType<typeof describeTransferWithDecisions>;
type Action = View['actions'][number];

const DEFAULT_LIMIT = 100;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such transfer, or it has ended' });
const REASON_OPTION = ['--reason <text>', 'why; kept for good with the transfer'] as const;
const COLUMNS = [
  'transaction_id',
  'purpose',
  'state',
  'step',
  'source',
  'target',
  'attempts',
  'deadline_at',
  'attention',
] as const;

const decisions = [
  ['retry', 'call the platform again now'],
  ['undo', 'undo a transfer: its finished steps are reversed at the platforms'],
] as const;

const forcedEnds = [
  [
    'complete',
    'transfer_force_completed',
    'request that a transfer ends as completed, because both platforms did their step; neither ' +
      'is called again',
  ],
  [
    'fail',
    'transfer_force_failed',
    'request that a transfer ends as failed, because no step of it stands at a platform; neither ' +
      'is called again',
  ],
] as const;

/** The command for each action. */
const COMMANDS: Readonly<Record<string, string>> = {
  force_completed: 'complete',
  force_failed: 'fail',
};

export function registerTransfers<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const transfers = program
    .command('transfers')
    .description('see transfers over connected platforms, and decide those that need an operator');
  const subcommand = (name: string, description: string): Command =>
    transfers
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `\nPontis may be running; its workers carry out the decisions.${CODES}`,
      );

  subcommand('list', 'list the transfers that need an operator, oldest first')
    .option('--open', 'all that have not ended')
    .option('--limit <count>', `show at most this many (default ${DEFAULT_LIMIT})`, readLimit)
    .action((flags: Flags) => tell(flags, roots, (context) => listTransfers(flags, context)));

  subcommand('show', 'show one transfer, its state and the decisions about it')
    .argument('<transaction_id>')
    .action((transactionId: string, flags: Flags) =>
      tell(flags, roots, async (context) => {
        const sagaId = parseId('txn', transactionId);
        const saga = sagaId === undefined ? undefined : await context.sagas.find(sagaId);
        if (saga === undefined) throw operatorErrorOf(sagaProblems.saga_not_found());
        return showTransfer(saga, context);
      }),
    );

  for (const [action, description] of decisions) {
    subcommand(action, description)
      .argument('<transaction_id>')
      .requiredOption(...REASON_OPTION)
      .option(...AS_TOKEN_OPTION)
      .action((transactionId: string, flags: Flags) =>
        tellAs(flags, roots, async (context, operatorId) =>
          showTransfer(
            valueOf(
              await context.sagas.decide(transactionId, action, operatorId, flags.reason ?? ''),
            ),
            context,
          ),
        ),
      );
  }

  for (const [name, act, description] of forcedEnds) {
    subcommand(name, description)
      .argument('<transaction_id>')
      .requiredOption(...REASON_OPTION)
      .option(...AS_TOKEN_OPTION)
      .action((transactionId: string, flags: Flags) =>
        askFor(
          { act, arguments: { transaction_id: transactionId }, reason: flags.reason ?? '' },
          flags,
          roots,
        ),
      );
  }
}

async function listTransfers(flags: Flags, context: CommandContext): Promise<Told> {
  const { describeTransfer } = await import('../views/transfer.ts');
  const found = await context.sagas.list(
    flags.open ? 'open' : 'attention',
    flags.limit ?? DEFAULT_LIMIT,
  );
  const transfers = found.map((saga) => describeTransfer(saga, context));
  return {
    json: { transfers },
    lines: rowLines(
      COLUMNS,
      transfers.map((view) => fieldsOf(view, context.ledger)),
    ),
  };
}

async function showTransfer(saga: Saga, context: CommandContext): Promise<Told> {
  const { describeTransferWithDecisions } = await import('../views/transfer.ts');
  const view = describeTransferWithDecisions(saga, await context.sagas.listActions(saga), context);
  return { json: view, lines: linesOf(view, context.ledger) };
}

function linesOf({ decisions: made, ...view }: ViewWithDecisions, ledger: Ledger): string[] {
  return fieldLines([
    ...Object.entries(fieldsOf(view, ledger)),
    ...made.map(
      ({ action, operator_id: who, decided_at: when, reason, state }) =>
        ['decided', `${commandOf(action)} by ${who} at ${when} while ${state}: ${reason}`] as const,
    ),
  ]);
}

/** The view with amounts beside their platforms, and commands in place of actions. */
function fieldsOf(view: View, ledger: Ledger) {
  const { transaction_id, platform_transaction_id, purpose, state, step, ...rest } = view;
  const { source_platform: source, target_platform: target, amount, ...others } = rest;
  const { credited_amount: credited, ordered, actions, ...further } = others;
  return {
    transaction_id,
    platform_transaction_id,
    purpose,
    state,
    step: step === null ? null : `${step.call} at ${step.platform_id}`,
    source: `${pointsText(ledger, source, amount)} of ${source}`,
    target: `${pointsText(ledger, target, credited)} of ${target}`,
    ...further,
    ordered: ordered === null ? null : commandOf(ordered),
    actions: actions.map(commandOf),
  };
}

function commandOf(action: Action): string {
  return COMMANDS[action] ?? action;
}

function readLimit(given: string): number {
  const limit = Number(given);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new InvalidArgumentError('It is a whole number from 1 to 10000.');
  return limit;
}
