// `pontis disputes`: disputes of the network, and the operator's decision on them.

import { Option, type Command } from 'commander';

import type { Disputes, Side } from '../clearing/disputes/disputes.ts';
import { disputeProblems } from '../clearing/disputes/problems.ts';
import { DISPUTE_STATES, type DisputeState } from '../clearing/disputes/states.ts';
import { parseAmount } from '../kernel/amount.ts';
import type { OperatorId } from '../kernel/ids.ts';
import { getPoints } from '../ledger/get-asset.ts';
import type { Asset } from '../ledger/ledger.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import type { describeForOperator, describeTrail } from '../views/dispute.ts';
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
import { fieldLines, printable, rowLines } from './table.ts';
import { tell, tellAs, type TellFlags, type Told } from './tell.ts';

interface DisputesContext extends CommandContext {
  readonly disputes: Disputes;
}

interface Flags extends TellFlags {
  readonly state?: DisputeState;
  readonly overdue?: true;
  readonly limit?: string;
  readonly outcome?: 'upheld' | 'rejected';
  readonly reason?: string;
  readonly resolution?: 'reversal' | 'adjustment';
  readonly amount?: string;
  readonly borneBy?: Side;
}

type View = ReturnType<typeof describeForOperator>;
type Trail = ReturnType<typeof describeTrail>;

const DEFAULT_LIMIT = 100;
const MOST = 1_000;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such dispute' });
const COLUMNS = [
  'dispute_id',
  'state',
  'claimant',
  'respondent',
  'amount',
  'reason_code',
  'due_at',
  'overdue',
  'problem',
] as const;
const STEP_COLUMNS = ['at', 'by', 'action', 'state', 'text'] as const;
const EVIDENCE_COLUMNS = ['evidence', 'name', 'media_type', 'bytes', 'sha256', 'by'] as const;

export function registerDisputes<Context extends DisputesContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const disputes = program
    .command('disputes')
    .description('see and decide disputes about transactions');
  const subcommand = (name: string, description: string): Command =>
    disputes
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running.${CODES}`);

  subcommand('list', 'list disputes, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(DISPUTE_STATES))
    .option('--overdue', 'only those whose due date has passed')
    .option('--limit <n>', `show at most this many, up to ${MOST} (default ${DEFAULT_LIMIT})`)
    .action((flags: Flags) => tell(flags, roots, (context) => listDisputes(flags, context)));

  subcommand('show', 'show one dispute with its trail and its evidence')
    .argument('<dispute_id>')
    .action((disputeId: string, flags: Flags) =>
      tell(flags, roots, (context) => showDispute(disputeId, context)),
    );

  subcommand('decide', 'decide a dispute in which both sides were heard')
    .argument('<dispute_id>')
    .addOption(
      new Option('--outcome <outcome>', 'whether the claim stands')
        .choices(['upheld', 'rejected'])
        .makeOptionMandatory(),
    )
    .requiredOption('--reason <text>', 'why; both sides can read it')
    .addOption(
      new Option(
        '--resolution <resolution>',
        'how an upheld claim is settled (default reversal)',
      ).choices(['reversal', 'adjustment']),
    )
    .option('--amount <points>', 'in points of the source platform (default: the disputed amount)')
    .addOption(
      new Option(
        '--borne-by <side>',
        'which platform pays for an adjustment (default target)',
      ).choices(['source', 'target']),
    )
    .option(...AS_TOKEN_OPTION)
    .action((disputeId: string, flags: Flags) =>
      tellAs(flags, roots, (context, operatorId) =>
        decideDispute(disputeId, operatorId, flags, context),
      ),
    );
}

async function listDisputes(
  flags: Flags,
  { disputes: all, ledger, clock }: DisputesContext,
): Promise<Told> {
  const { describeForOperator } = await import('../views/dispute.ts');
  const limit = Math.min(
    Math.max(Number.parseInt(flags.limit ?? String(DEFAULT_LIMIT), 10) || DEFAULT_LIMIT, 1),
    MOST,
  );
  const found = await all.list({
    state: flags.state,
    dueBeforeMs: flags.overdue === true ? clock.now() : undefined,
    limit,
  });
  const disputes = found.map((dispute) => describeForOperator(dispute, ledger, all));
  return {
    json: { disputes },
    lines: rowLines(
      COLUMNS,
      disputes.map((view) => rowOf(view, { ledger, clock })),
      '',
    ),
  };
}

async function showDispute(disputeId: string, context: DisputesContext): Promise<Told> {
  const { describeForOperator, describeTrail } = await import('../views/dispute.ts');
  const { disputes, ledger } = context;
  const dispute = valueOf(await disputes.find(disputeId));
  const view = describeForOperator(dispute, ledger, disputes);
  const trail = describeTrail(
    await disputes.listSteps(dispute),
    await disputes.listEvidence(dispute),
    'operator',
  );
  return {
    json: { ...view, ...trail },
    lines: [...linesOf(view, context), ...trailLines(trail)],
  };
}

async function decideDispute(
  disputeId: string,
  operatorId: OperatorId,
  flags: Flags,
  { disputes, ledger }: DisputesContext,
): Promise<Told> {
  const { describeForOperator } = await import('../views/dispute.ts');
  const { source } = valueOf(await disputes.find(disputeId));
  const decided = await disputes.decide(disputeId, {
    operatorId,
    outcome: flags.outcome ?? 'rejected',
    reason: flags.reason ?? '',
    kind: flags.resolution,
    amount:
      flags.amount === undefined
        ? undefined
        : readAmount(flags.amount, getPoints(ledger, source.platformId)),
    borneBy: flags.borneBy,
  });
  const view = describeForOperator(valueOf(decided), ledger, disputes);
  const problem = view.problem === null ? '' : `: ${printable(view.problem)}`;
  return { json: view, lines: [`${view.dispute_id} is ${view.state}${problem}`] };
}

function rowOf(view: View, { ledger, clock }: Pick<CommandContext, 'ledger' | 'clock'>) {
  const isOverdue = view.due_at !== null && Date.parse(view.due_at) <= clock.now();
  return {
    dispute_id: view.dispute_id,
    state: view.state,
    claimant: view.claimant_platform,
    respondent: view.respondent_platform,
    amount: pointsText(ledger, view.source_platform, view.amount),
    reason_code: view.reason_code,
    due_at: view.due_at,
    overdue: isOverdue ? 'yes' : null,
    problem: view.problem,
  };
}

/** The dispute's fields as cells; empty ones are left out. */
function linesOf(view: View, context: DisputesContext): string[] {
  const { ledger } = context;
  const { resolution, frozen_amount: frozen } = view;
  const fields = {
    ...rowOf(view, context),
    transaction_id: view.transaction_id,
    appeal_of: view.appeal_of,
    description: view.description,
    frozen: frozen === null ? null : pointsText(ledger, view.target_platform, frozen),
    outcome: view.outcome,
    resolution:
      resolution === null
        ? null
        : `${resolution.kind} of ${pointsText(ledger, view.source_platform, resolution.amount)}` +
          (resolution.borne_by === undefined ? '' : ` borne by ${resolution.borne_by}`),
    resolution_transaction_id: view.resolution_transaction_id,
  };
  return fieldLines(Object.entries(fields).filter(([, value]) => value !== null));
}

function trailLines({ steps, evidence }: Trail): string[] {
  return [
    '',
    ...rowLines(
      STEP_COLUMNS,
      steps.map(({ by, platform_id, operator_id, state_after: state, ...step }) => ({
        ...step,
        by: [by, platform_id ?? operator_id ?? []].flat().join(' '),
        state,
      })),
      '',
    ),
    ...(evidence.length === 0
      ? []
      : [
          '',
          ...rowLines(
            EVIDENCE_COLUMNS,
            evidence.map(({ by, platform_id, ...file }) => ({
              ...file,
              by: [by, platform_id ?? []].flat().join(' '),
            })),
          ),
        ]),
  ];
}

function readAmount(text: string, { scale }: Asset): bigint {
  const minor = parseAmount(text, scale);
  if (typeof minor === 'string' || minor <= 0n)
    throw new OperatorError(
      'usage',
      `--amount must be a number of points greater than zero with at most ${scale} decimals. ` +
        `${disputeProblems.rows.dispute_exceeds_rest.advice}`,
    );
  return minor;
}
