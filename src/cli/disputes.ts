// `pontis disputes`: disputes of the network, and the operator's decision on them.

import { Option, type Command } from 'commander';

import type { Dispute, Disputes, Side } from '../clearing/disputes/disputes.ts';
import { disputeProblems } from '../clearing/disputes/problems.ts';
import { DISPUTE_STATES, type DisputeState } from '../clearing/disputes/states.ts';
import { formatAmountText, parseAmount } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { OperatorError } from '../runtime/operator-error.ts';
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

interface DisputesContext extends CommandContext {
  readonly disputes: Disputes;
}

interface Flags extends AsTokenOption {
  readonly data?: string;
  readonly json?: true;
  readonly state?: DisputeState;
  readonly overdue?: true;
  readonly limit?: string;
  readonly outcome?: 'upheld' | 'rejected';
  readonly reason?: string;
  readonly resolution?: 'reversal' | 'adjustment';
  readonly amount?: string;
  readonly borneBy?: Side;
}

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

export function registerDisputes<Context extends DisputesContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const disputes = program
    .command('disputes')
    .description('see and decide disputes over transactions');
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
    .option('--limit <n>', `at most so many, up to ${MOST} (default ${DEFAULT_LIMIT})`)
    .action(async (flags: Flags) => {
      const limit = Math.min(
        Math.max(Number.parseInt(flags.limit ?? String(DEFAULT_LIMIT), 10) || DEFAULT_LIMIT, 1),
        MOST,
      );
      const rows = await withContext(flags, roots, false, async (context) => {
        const found = await context.disputes.list({
          state: flags.state,
          dueBeforeMs: flags.overdue === true ? context.clock.now() : undefined,
          limit,
        });
        return found.map((dispute) => rowOf(dispute, context.ledger, context.clock.now()));
      });
      if (flags.json) roots.print(JSON.stringify({ disputes: rows }));
      else
        for (const line of tableLines([
          COLUMNS,
          ...rows.map((row) => COLUMNS.map((column) => row[column])),
        ]))
          roots.print(line);
    });

  subcommand('show', 'show one dispute with its trail and its evidence')
    .argument('<dispute_id>')
    .action(async (disputeId: string, flags: Flags) => {
      const shown = await withContext(
        flags,
        roots,
        false,
        async ({ disputes: all, ledger, clock }) => {
          const dispute = valueOf(await all.find(disputeId));
          const [steps, evidence] = [await all.listSteps(dispute), await all.listEvidence(dispute)];
          return {
            ...rowOf(dispute, ledger, clock.now()),
            transaction_id: formatId('txn', dispute.transactionId),
            appeal_of: dispute.appealOf === null ? '' : formatId('dsp', dispute.appealOf),
            description: printable(dispute.description),
            frozen:
              dispute.frozen === null
                ? ''
                : pointsText(ledger, dispute.target.platformId, dispute.frozen),
            outcome: dispute.outcome ?? '',
            resolution:
              dispute.resolution === null
                ? ''
                : `${dispute.resolution.kind} of ` +
                  `${pointsText(ledger, dispute.source.platformId, dispute.resolution.amount)}${dispute.resolution.kind === 'adjustment' ? ` borne by ${dispute.resolution.borneBy}` : ''}`,
            resolution_transaction_id:
              dispute.resolutionId === null ? '' : formatId('txn', dispute.resolutionId),
            steps: steps.map(({ takenAtMs, who, action, stateAfter, text }) => ({
              at: new Date(takenAtMs).toISOString(),
              by: who.id === null ? who.actor : `${who.actor} ${who.id}`,
              action,
              state: stateAfter,
              text: printable(text ?? ''),
            })),
            evidence: evidence.map(({ evidence: number, name, mediaType, bytes, sha256, who }) => ({
              evidence: String(number),
              name,
              media_type: mediaType,
              bytes: String(bytes),
              sha256,
              by: `${who.actor} ${String(who.id)}`,
            })),
          };
        },
      );
      if (flags.json) return roots.print(JSON.stringify(shown));
      const { steps, evidence, ...fields } = shown;
      for (const line of tableLines(Object.entries(fields).filter(([, value]) => value !== '')))
        roots.print(line);
      roots.print('');
      for (const line of tableLines([
        ['at', 'by', 'action', 'state', 'text'],
        ...steps.map(({ at, by, action, state, text }) => [at, by, action, state, text]),
      ]))
        roots.print(line);
      if (evidence.length === 0) return;
      roots.print('');
      for (const line of tableLines([
        ['evidence', 'name', 'media_type', 'bytes', 'sha256', 'by'],
        ...evidence.map((one) => Object.values(one)),
      ]))
        roots.print(line);
    });

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
    .action(async (disputeId: string, flags: Flags) => {
      const decided = await withContext(flags, roots, false, async (context) => {
        const { operatorId } = await actingOperator(flags, roots, context);
        const dispute = valueOf(await context.disputes.find(disputeId));
        const amount =
          flags.amount === undefined
            ? undefined
            : readAmount(
                flags.amount,
                context.ledger.pointsOf(dispute.source.platformId)?.scale ?? 0,
              );
        const decision = {
          operatorId,
          outcome: flags.outcome ?? 'rejected',
          reason: flags.reason ?? '',
          kind: flags.resolution,
          amount,
          borneBy: flags.borneBy,
        };
        return rowOf(
          valueOf(await context.disputes.decide(disputeId, decision)),
          context.ledger,
          context.clock.now(),
        );
      });
      roots.print(
        flags.json
          ? JSON.stringify(decided)
          : `${decided.dispute_id} is ` +
              `${decided.state}${decided.problem === '' ? '' : `: ${decided.problem}`}`,
      );
    });
}

function rowOf(
  dispute: Dispute,
  ledger: Ledger,
  nowMs: number,
): Record<(typeof COLUMNS)[number], string> {
  const { source, target, dueAtMs } = dispute;
  const isBySource = dispute.claimantSide === 'source';
  return {
    dispute_id: formatId('dsp', dispute.disputeId),
    state: dispute.state,
    claimant: (isBySource ? source : target).platformId,
    respondent: (isBySource ? target : source).platformId,
    amount: pointsText(ledger, source.platformId, dispute.amount),
    reason_code: dispute.reasonCode,
    due_at: dueAtMs === null ? '' : new Date(dueAtMs).toISOString(),
    overdue: dueAtMs !== null && dueAtMs <= nowMs ? 'yes' : '',
    problem: printable(dispute.problem ?? ''),
  };
}

function pointsText(
  ledger: Ledger,
  platformId: Dispute['source']['platformId'],
  minor: bigint,
): string {
  return formatAmountText(minor, ledger.pointsOf(platformId)?.scale ?? 0);
}

function readAmount(text: string, scale: number): bigint {
  const minor = parseAmount(text, scale);
  if (typeof minor === 'string' || minor <= 0n)
    throw new OperatorError(
      'usage',
      `--amount must be a number of points greater than zero with at most ${scale} decimals. ` +
        `${disputeProblems.rows.dispute_exceeds_rest.advice}`,
    );
  return minor;
}
