// `pontis reserve`: where platforms stand with the network, and the operators' requests and words
// about it.

import { Argument, type Command } from 'commander';

import { usedPercent, WHOLE } from '../clearing/reserve/cap.ts';
import type {
  Reserve,
  ReserveFigures,
  ReserveRequest,
  Wanted,
} from '../clearing/reserve/reserve.ts';
import { identityProblems } from '../identity/problems.ts';
import { formatAmountText, parseAmount } from '../kernel/amount.ts';
import { formatId, isPlatformId } from '../kernel/ids.ts';
import type { Result } from '../kernel/problem.ts';
import { CLEARING_MODES, type Asset, type ClearingMode } from '../ledger/types.ts';
import { OperatorError } from '../runtime/operator-error.ts';
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
import { doneOrAsked } from './asked.ts';
import { printable, tableLines } from './table.ts';

interface ReserveContext extends CommandContext {
  readonly reserve: Reserve;
}

interface Flags extends AsTokenOption {
  readonly data?: string;
  readonly json?: true;
  readonly reason?: string;
  readonly bankReference?: string;
  readonly percent?: true;
}

const MOST = 50;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such platform, or more than the prefund' });
const FIGURES = [
  'platform_id',
  'mode',
  'prefund',
  'position',
  'pending_out',
  'cap_covered_by_prefund',
  'cap',
  'cap_percent_of_prefund',
  'used',
  'available',
  'used_percent',
] as const;
const REQUEST = [
  'request_id',
  'kind',
  'what',
  'bank_reference',
  'state',
  'made_by',
  'decided_by',
  'carried_out_at',
  'transaction_id',
  'refused_with',
  'reason',
] as const;
const MODE = ['changed_at', 'mode_before', 'mode', 'changed_by', 'reason'] as const;

type Row = Readonly<Record<string, string>>;

export function registerReserve<Context extends ReserveContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const reserve = program
    .command('reserve')
    .description('see and change what platforms have prefunded and how far they may go');
  const subcommand = (name: string, description: string): Command =>
    reserve
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `\nPontis may be running. Amounts are in settlement currency; docs/reserve.md has an ` +
          `example.${CODES}`,
      );
  const printTable = (columns: readonly string[], rows: readonly Row[]): void => {
    for (const line of tableLines([
      columns,
      ...rows.map((row) => columns.map((column) => row[column] ?? '')),
    ]))
      roots.print(line);
  };

  subcommand('list', 'list the figures of all platforms').action(async (flags: Flags) => {
    const rows = await withContext(flags, roots, false, async (context) =>
      (await context.reserve.list()).map((figures) =>
        rowOf(figures, context.ledger.settlementAsset()),
      ),
    );
    if (flags.json) roots.print(JSON.stringify({ reserves: rows }));
    else printTable(FIGURES, rows);
  });

  subcommand(
    'show',
    'show the figures of a platform, the requests about it and the changes of its mode',
  )
    .argument('<platform_id>')
    .action(async (platform: string, flags: Flags) => {
      const shown = await withContext(flags, roots, false, async (context) => {
        const figures = await known(platform, context);
        const currency = context.ledger.settlementAsset();
        const requests = await context.reserve.requests.list(
          { platformId: figures.platformId },
          MOST,
        );
        const changes = await context.reserve.listModeChanges(figures.platformId, MOST);
        return {
          figures: rowOf(figures, currency),
          requests: requests.map((request) => requestRow(request, currency)),
          mode_changes: changes.map((change): Row => ({
            changed_at: change.changedAt.toISOString(),
            mode_before: change.modeBefore,
            mode: change.mode,
            changed_by: change.changedBy,
            reason: printable(change.reason),
          })),
        };
      });
      if (flags.json)
        return roots.print(
          JSON.stringify({
            ...shown.figures,
            requests: shown.requests,
            mode_changes: shown.mode_changes,
          }),
        );
      printTable(FIGURES, [shown.figures]);
      if (shown.requests.length > 0) printTable(REQUEST, shown.requests);
      if (shown.mode_changes.length > 0) printTable(MODE, shown.mode_changes);
    });

  /** Makes a request, and says what is left to do. */
  const ask = async (
    platform: string,
    flags: Flags,
    wantedOf: (currency: Asset) => Wanted,
  ): Promise<void> => {
    const row = await withContext(flags, roots, false, async (context) => {
      const { operatorId } = await actingOperator(flags, roots, context);
      const { platformId } = await known(platform, context);
      const currency = context.ledger.settlementAsset();
      const wanted = wantedOf(currency);
      const asked = { platformId, operatorId, reason: flags.reason ?? '' };
      const narrowed =
        wanted.kind === 'cap'
          ? await context.reserve.requests.narrowCap({ ...asked, wanted })
          : undefined;
      return requestRow(
        valueOf(narrowed ?? (await context.reserve.requests.make({ ...asked, wanted }))),
        currency,
      );
    });
    if (flags.json) return roots.print(JSON.stringify(row));
    const { request_id: id, state } = row;
    if (state === 'open')
      return roots.print(
        `request ${id} is open; another operator approves it with: pontis reserve approve ${id}`,
      );
    roots.print(
      row['carried_out_at'] === ''
        ? `a lower cap of ${platform} takes effect once the ledger can be reached`
        : `the cap of ${platform} is ${row['what']}, lower than before; one operator is enough ` +
            'for that',
    );
  };

  for (const [name, kind, description] of [
    ['deposit', 'deposit', "ask for a deposit into a platform's prefund"],
    ['withdraw', 'withdrawal', "ask for a withdrawal out of a platform's prefund"],
  ] as const) {
    acting(
      subcommand(name, description)
        .argument('<platform_id>')
        .argument('<amount>')
        .requiredOption('--bank-reference <text>', 'the payment at the bank; each is booked once'),
    ).action((platform: string, amount: string, flags: Flags) =>
      ask(platform, flags, (currency) => ({
        kind,
        amount: readMoney(amount, currency),
        bankReference: flags.bankReference ?? '',
      })),
    );
  }
  acting(
    subcommand('cap', 'lower a net debit cap, or ask for a higher one or one of the other kind')
      .argument('<platform_id>')
      .argument('<amount>')
      .option('--percent', 'the amount is a percentage of the prefund, which the cap then follows'),
  ).action((platform: string, amount: string, flags: Flags) =>
    ask(platform, flags, (currency) =>
      flags.percent
        ? { kind: 'cap', basisPoints: readShare(amount) }
        : { kind: 'cap', amount: readMoney(amount, currency, 0n) },
    ),
  );

  acting(
    subcommand('mode', 'set which part a platform takes in conversions')
      .argument('<platform_id>')
      .addArgument(new Argument('<mode>').choices(CLEARING_MODES)),
  ).action(async (platform: string, mode: ClearingMode, flags: Flags) => {
    const reason = flags.reason ?? '';
    const asked = await withContext(flags, roots, false, async (context) => {
      const { operatorId } = await actingOperator(flags, roots, context);
      const { platformId } = await known(platform, context);
      if (await context.reserve.narrowMode({ platformId, mode, reason, operatorId }))
        return undefined;
      return valueOf(
        await context.acts.ask({
          act: 'mode_widen',
          arguments: { platform_id: platformId, mode },
          reason,
          operatorId,
        }),
      );
    });
    if (asked !== undefined) return void doneOrAsked(asked, flags, roots);
    roots.print(
      flags.json
        ? JSON.stringify({ platform_id: platform, mode })
        : `${platform} is ${mode}, in running processes within about a second`,
    );
  });

  const decision = (
    name: string,
    word: 'approve' | 'reject' | 'withdraw',
    description: string,
  ): void => {
    subcommand(name, description)
      .argument('<request_id>')
      .option('--reason <text>', 'why; kept in the history')
      .option(...AS_TOKEN_OPTION)
      .action(async (requestId: string, flags: Flags) => {
        const row = await withContext(flags, roots, false, async (context) => {
          const { operatorId } = await actingOperator(flags, roots, context);
          const decided: Result<ReserveRequest> = await context.reserve.requests[word]({
            requestId,
            operatorId,
            reason: flags.reason,
          });
          return requestRow(valueOf(decided), context.ledger.settlementAsset());
        });
        const under =
          word === 'approve' && row['carried_out_at'] === ''
            ? '; it takes effect once the ledger can be reached'
            : '';
        roots.print(
          flags.json ? JSON.stringify(row) : `request ${requestId} is ${row['state']}${under}`,
        );
      });
  };
  decision('approve', 'approve', 'let a request of another operator take effect');
  decision('reject', 'reject', 'turn a request of another operator down');
  decision('cancel', 'withdraw', "take back a request of one's own that is open");
}

function acting(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'why; kept in the history')
    .option(...AS_TOKEN_OPTION);
}

async function known(platform: string, { reserve }: ReserveContext): Promise<ReserveFigures> {
  const figures = isPlatformId(platform) ? await reserve.find(platform) : undefined;
  if (figures === undefined) throw operatorErrorOf(identityProblems.platform_not_found());
  return figures;
}

function rowOf(figures: ReserveFigures, { scale }: Asset): Row {
  const text = (minor: bigint | undefined): string =>
    minor === undefined ? '' : formatAmountText(minor, scale);
  return {
    platform_id: figures.platformId,
    mode: figures.mode,
    prefund: text(figures.prefund),
    position: text(figures.position),
    pending_out: text(figures.pendingDebits),
    pending_in: text(figures.pendingCredits),
    cap: text(figures.cap),
    cap_percent_of_prefund:
      figures.capBasisPoints === undefined ? '' : String(figures.capBasisPoints / (WHOLE / 100)),
    cap_covered_by_prefund: text(figures.covered),
    used: text(figures.used),
    available: text(figures.available),
    used_percent: String(usedPercent(figures.used, figures.cap) ?? ''),
  };
}

function requestRow(request: ReserveRequest, { scale }: Asset): Row {
  return {
    request_id: request.requestId,
    platform_id: request.platformId,
    kind: request.kind,
    what:
      request.amount === null
        ? `${(request.basisPoints ?? 0) / (WHOLE / 100)} %`
        : formatAmountText(request.amount, scale),
    bank_reference: printable(request.bankReference ?? ''),
    state: request.state,
    made_by: request.madeBy,
    decided_by: request.decidedBy ?? '',
    reason: printable(request.reason),
    carried_out_at: request.carriedOutAt?.toISOString() ?? '',
    transaction_id: request.transactionId === null ? '' : formatId('txn', request.transactionId),
    refused_with: request.refusedWith ?? '',
  };
}

function readMoney(text: string, { scale }: Asset, least = 1n): bigint {
  const minor = parseAmount(text, scale);
  if (typeof minor === 'string' || minor < least)
    throw new OperatorError(
      'usage',
      `The amount is to be a positive decimal with at most ${scale} decimals, not "${text}".`,
    );
  return minor;
}

function readShare(text: string): number {
  const basisPoints = parseAmount(text, 2);
  if (typeof basisPoints === 'string' || basisPoints < 1n || basisPoints > 100_000n)
    throw new OperatorError(
      'usage',
      'The percentage is to be more than 0 and at most 1000, with at most two decimals, not ' +
        `"${text}".`,
    );
  return Number(basisPoints);
}
