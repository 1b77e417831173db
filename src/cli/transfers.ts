// `pontis transfers`: transfers over platforms that keep their points themselves, and an operator's
// word on those that cannot go on.

import { type Command, InvalidArgumentError } from 'commander';

import { sagaProblems } from '../clearing/saga/problems.ts';
import type { Saga, SagaActionName } from '../clearing/saga/saga.ts';
import { formatAmountText } from '../kernel/amount.ts';
import { formatId, parseId, type PlatformId } from '../kernel/ids.ts';
import {
  actingOperator,
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  operatorErrorOf,
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
  readonly open?: true;
  readonly limit?: number;
  readonly reason?: string;
}

const DEFAULT_LIMIT = 100;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such transfer, or it has ended' });
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

const decisions: readonly (readonly [name: string, action: SagaActionName, description: string])[] =
  [
    ['retry', 'retry', 'call the platform again now'],
    ['undo', 'undo', 'take a transfer back: what platforms have done is reversed there'],
  ];

const forcedEnds = [
  [
    'complete',
    'transfer_force_completed',
    'say that both platforms have done their part; none is called any more',
  ],
  [
    'fail',
    'transfer_force_failed',
    'say that no platform keeps anything of it; none is called any more',
  ],
] as const;

export function registerTransfers<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const transfers = program
    .command('transfers')
    .description('see transfers over connected platforms, and decide about those that need it');
  const subcommand = (name: string, description: string): Command =>
    transfers
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `\nPontis may be running; what is decided is carried out by its workers.${CODES}`,
      );

  subcommand('list', 'list the transfers that need an operator, oldest first')
    .option('--open', 'all that have not ended')
    .option('--limit <count>', `at most so many (default ${DEFAULT_LIMIT})`, readLimit)
    .action(async (flags: Flags) => {
      const found = await withContext(flags, roots, false, async (context) =>
        (
          await context.sagas.list(flags.open ? 'open' : 'attention', flags.limit ?? DEFAULT_LIMIT)
        ).map((saga) => describe(saga, context)),
      );
      if (flags.json) roots.print(JSON.stringify({ transfers: found }));
      else
        for (const line of tableLines([
          COLUMNS,
          ...found.map((row) => COLUMNS.map((column) => textOf(row[column]))),
        ]))
          roots.print(line);
    });

  subcommand('show', 'show one transfer, how it stands and what was decided about it')
    .argument('<transaction_id>')
    .action(async (transactionId: string, flags: Flags) => {
      const shown = await withContext(flags, roots, false, async (context) => {
        const sagaId = parseId('txn', transactionId);
        const saga = sagaId === undefined ? undefined : await context.sagas.find(sagaId);
        if (saga === undefined) throw operatorErrorOf(sagaProblems.saga_not_found());
        return describeWithDecisions(saga, context);
      });
      print(shown, flags, roots);
    });

  for (const [name, action, description] of decisions) {
    subcommand(name, description)
      .argument('<transaction_id>')
      .requiredOption('--reason <text>', 'why; kept for good with the transfer')
      .option(...AS_TOKEN_OPTION)
      .action(async (transactionId: string, flags: Flags) => {
        const shown = await withContext(flags, roots, false, async (context) => {
          const { operatorId } = await actingOperator(flags, roots, context);
          return describeWithDecisions(
            valueOf(
              await context.sagas.decide(transactionId, action, operatorId, flags.reason ?? ''),
            ),
            context,
          );
        });
        print(shown, flags, roots);
      });
  }

  for (const [name, act, description] of forcedEnds) {
    subcommand(name, description)
      .argument('<transaction_id>')
      .requiredOption('--reason <text>', 'why; kept for good with the transfer')
      .option(...AS_TOKEN_OPTION)
      .action(async (transactionId: string, flags: Flags) => {
        await askFor(
          { act, arguments: { transaction_id: transactionId }, reason: flags.reason ?? '' },
          flags,
          roots,
        );
      });
  }
}

type Described = ReturnType<typeof describe>;
type Shown = Described & {
  readonly decisions: readonly {
    readonly action: string;
    readonly operator_id: string;
    readonly decided_at: string;
    readonly reason: string;
    readonly state: string;
  }[];
};

function describe(saga: Saga, { sagas, ledger }: Pick<CommandContext, 'sagas' | 'ledger'>) {
  const step = sagas.stepOf(saga);
  const scaleOf = (platformId: PlatformId): number => ledger.pointsOf(platformId)?.scale ?? 0;
  const [amount, credited] = [
    formatAmountText(saga.amount, scaleOf(saga.source)),
    formatAmountText(saga.credited, scaleOf(saga.target)),
  ];
  return {
    transaction_id: formatId('txn', saga.sagaId),
    platform_transaction_id: formatId('txn', saga.transactionId),
    purpose: saga.purpose,
    state: saga.state,
    step: step === undefined ? null : `${step.call} at ${step.platformId}`,
    source: `${amount} of ${saga.source}`,
    target: `${credited} of ${saga.target}`,
    from_member_id: saga.sourceMember,
    to_member_id: saga.targetMember,
    attempts: saga.attempts,
    next_attempt_at:
      step === undefined || saga.nextAttemptAtMs === Infinity ? null : timeOf(saga.nextAttemptAtMs),
    deadline_at: timeOf(saga.deadlineAtMs),
    attention: saga.attention,
    last_error: saga.lastError,
    refusal: saga.refusal,
    ordered: saga.ordered,
    actions: sagas.actionsOf(saga),
    created_at: timeOf(saga.createdAtMs),
    changed_at: timeOf(saga.changedAtMs),
  };
}

async function describeWithDecisions(
  saga: Saga,
  context: Pick<CommandContext, 'sagas' | 'ledger'>,
): Promise<Shown> {
  const made = await context.sagas.listActions(saga);
  return {
    ...describe(saga, context),
    decisions: made.map(({ action, operatorId, actedAtMs, reason, state }) => ({
      action,
      operator_id: operatorId,
      decided_at: timeOf(actedAtMs),
      reason,
      state,
    })),
  };
}

function print(
  { decisions: made, ...shown }: Shown,
  { json }: Flags,
  roots: Pick<CommandRoots, 'print'>,
): void {
  if (json) return roots.print(JSON.stringify({ ...shown, decisions: made }));
  const rows = Object.entries(shown).map(([name, value]) => [name, textOf(value)]);
  for (const line of tableLines([
    ...rows,
    ...made.map(({ action, operator_id: who, decided_at: when, reason, state }) => [
      'decided',
      printable(`${action} by ${who} at ${when} while ${state}: ${reason}`),
    ]),
  ]))
    roots.print(line);
}

function textOf(value: string | number | readonly string[] | null): string {
  return value === null ? '-' : printable(Array.isArray(value) ? value.join(', ') : String(value));
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function readLimit(given: string): number {
  const limit = Number(given);
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
    throw new InvalidArgumentError('It is a whole number from 1 to 10000.');
  return limit;
}
