// `pontis reserve`: shows the reserves of platforms, and makes and decides the requests about them.

import { Argument, type Command } from 'commander';

import type { Reserve, ReserveFigures, Wanted } from '../clearing/reserve/reserve.ts';
import { identityProblems } from '../identity/problems.ts';
import { parseAmount } from '../kernel/amount.ts';
import { isPlatformId, type OperatorId } from '../kernel/ids.ts';
import { CLEARING_MODES, type Asset, type ClearingMode } from '../ledger/types.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import type { describeReserve, describeReserveRequest } from '../views/reserve.ts';
import { amountText } from './amount-text.ts';
import { askedOf } from './asked.ts';
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
import { rowLines } from './table.ts';
import { tell, tellAs, type TellFlags, type Told } from './tell.ts';

interface ReserveContext extends CommandContext {
  readonly reserve: Reserve;
}

interface Flags extends TellFlags {
  readonly reason?: string;
  readonly bankReference?: string;
  readonly percent?: true;
}

type RequestView = ReturnType<typeof describeReserveRequest>;

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
const MONEY = [
  'prefund',
  'position',
  'pending_out',
  'cap_covered_by_prefund',
  'cap',
  'used',
  'available',
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

export function registerReserve<Context extends ReserveContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const reserve = program
    .command('reserve')
    .description("see and change platforms' prefunds and net debit caps");
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

  subcommand('list', 'list the figures of all platforms').action((flags: Flags) =>
    tell(flags, roots, listReserves),
  );
  subcommand(
    'show',
    'show a platform: its figures, the requests about it and the changes of its mode',
  )
    .argument('<platform_id>')
    .action((platform: string, flags: Flags) =>
      tell(flags, roots, (context) => showReserve(platform, context)),
    );
  registerRequests(subcommand, roots);

  acting(
    subcommand('mode', 'set which part a platform takes in conversions')
      .argument('<platform_id>')
      .addArgument(new Argument('<mode>').choices(CLEARING_MODES)),
  ).action((platform: string, mode: ClearingMode, flags: Flags) =>
    tellAs(flags, roots, (context, operatorId) =>
      setMode({ platform, mode, reason: flags.reason ?? '', operatorId }, context),
    ),
  );

  for (const [name, word, description] of [
    ['approve', 'approve', "approve another operator's request; it then takes effect"],
    ['reject', 'reject', "reject another operator's request"],
    ['cancel', 'withdraw', 'withdraw your own open request'],
  ] as const) {
    subcommand(name, description)
      .argument('<request_id>')
      .option('--reason <text>', 'why; kept in the history')
      .option(...AS_TOKEN_OPTION)
      .action((requestId: string, { reason, ...flags }: Flags) =>
        tellAs(flags, roots, async (context, operatorId) => {
          const { describeReserveRequest } = await import('../views/reserve.ts');
          const decided = await context.reserve.requests[word]({ requestId, operatorId, reason });
          const view = describeReserveRequest(valueOf(decided), context.ledger.settlementAsset());
          const isLeft = word === 'approve' && view.carried_out_at === null;
          const left = isLeft ? '; it takes effect once the ledger can be reached' : '';
          return { json: view, lines: [`request ${requestId} is ${view.state}${left}`] };
        }),
      );
  }
}

/** The requests that operators make about the money and the cap of a platform. */
function registerRequests<Context extends ReserveContext>(
  subcommand: (name: string, description: string) => Command,
  roots: CommandRoots<Context>,
): void {
  const ask = (
    platform: string,
    flags: Flags,
    wantedOf: (currency: Asset) => Wanted,
  ): Promise<void> =>
    tellAs(flags, roots, (context, operatorId) =>
      makeRequest({ platform, reason: flags.reason ?? '', operatorId }, wantedOf, context),
    );

  for (const [name, kind, description] of [
    ['deposit', 'deposit', "request a deposit into a platform's prefund"],
    ['withdraw', 'withdrawal', "request a withdrawal from a platform's prefund"],
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
    subcommand('cap', 'lower a net debit cap, or request a higher one or one of the other kind')
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
}

function acting(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'why; kept in the history')
    .option(...AS_TOKEN_OPTION);
}

async function listReserves({ reserve, ledger }: ReserveContext): Promise<Told> {
  const { describeReserve } = await import('../views/reserve.ts');
  const currency = ledger.settlementAsset();
  const reserves = (await reserve.list()).map((figures) => describeReserve(figures, currency));
  return { json: { reserves }, lines: figureLines(reserves, currency) };
}

async function showReserve(platform: string, context: ReserveContext): Promise<Told> {
  const { describeReserveWithHistory } = await import('../views/reserve.ts');
  const { reserve } = context;
  const figures = await known(platform, context);
  const { platformId } = figures;
  const currency = context.ledger.settlementAsset();
  const view = describeReserveWithHistory(
    figures,
    await reserve.requests.list({ platformId }, MOST),
    await reserve.listModeChanges(platformId, MOST),
    currency,
  );
  const { requests, mode_changes: changes } = view;
  const rows = requests.map((row) => ({ ...row, what: whatOf(row, currency) }));
  return {
    json: view,
    lines: [
      ...figureLines([view], currency),
      ...(rows.length === 0 ? [] : rowLines(REQUEST, rows, '')),
      ...(changes.length === 0 ? [] : rowLines(MODE, changes, '')),
    ],
  };
}

/** Makes a request, and prints the next step. A lower cap takes one person. */
async function makeRequest(
  { platform, ...by }: { platform: string; operatorId: OperatorId; reason: string },
  wantedOf: (currency: Asset) => Wanted,
  context: ReserveContext,
): Promise<Told> {
  const { describeReserveRequest } = await import('../views/reserve.ts');
  const { requests } = context.reserve;
  const { platformId } = await known(platform, context);
  const currency = context.ledger.settlementAsset();
  const wanted = wantedOf(currency);
  const narrowed =
    wanted.kind === 'cap' ? await requests.narrowCap({ ...by, platformId, wanted }) : undefined;
  const made = valueOf(narrowed ?? (await requests.make({ ...by, platformId, wanted })));
  const view = describeReserveRequest(made, currency);
  return { json: view, lines: [nextStep(view, currency)] };
}

function nextStep(view: RequestView, currency: Asset): string {
  const { request_id: id, platform_id: platform } = view;
  if (view.state === 'open')
    return `request ${id} is open; another operator approves it with: pontis reserve approve ${id}`;
  return view.carried_out_at === null
    ? `the lower cap of ${platform} takes effect once the ledger can be reached`
    : `the cap of ${platform} is ${whatOf(view, currency)}, lower than before; one operator is ` +
        'enough for that';
}

/** Sets a narrower mode at once; makes a request for a wider one. */
async function setMode(
  change: { platform: string; mode: ClearingMode; reason: string; operatorId: OperatorId },
  context: ReserveContext,
): Promise<Told> {
  const { platform, mode, reason, operatorId } = change;
  const { describeReserve } = await import('../views/reserve.ts');
  const before = await known(platform, context);
  const { platformId } = before;
  if (await context.reserve.narrowMode({ platformId, mode, reason, operatorId }))
    return {
      json: describeReserve({ ...before, mode }, context.ledger.settlementAsset()),
      lines: [`${platform} is ${mode}, in running processes within about a second`],
    };
  return askedOf(
    valueOf(
      await context.acts.ask({
        act: 'mode_widen',
        arguments: { platform_id: platformId, mode },
        reason,
        operatorId,
      }),
    ),
  );
}

async function known(platform: string, { reserve }: ReserveContext): Promise<ReserveFigures> {
  const figures = isPlatformId(platform) ? await reserve.find(platform) : undefined;
  if (figures === undefined) throw operatorErrorOf(identityProblems.platform_not_found());
  return figures;
}

function figureLines(
  views: readonly ReturnType<typeof describeReserve>[],
  currency: Asset,
): string[] {
  const rows = views.map((view) => ({
    ...view,
    ...Object.fromEntries(MONEY.map((name) => [name, textOf(view[name], currency)])),
  }));
  return rowLines(FIGURES, rows, '');
}

function textOf(amount: number | null, currency: Asset): string | null {
  return amount === null ? null : amountText(amount, currency);
}

function whatOf({ amount, percent_of_prefund: percent }: RequestView, currency: Asset): string {
  return textOf(amount, currency) ?? `${percent} %`;
}

function readMoney(text: string, { scale }: Asset, least = 1n): bigint {
  const minor = parseAmount(text, scale);
  if (typeof minor === 'string' || minor < least)
    throw new OperatorError(
      'usage',
      `The amount must be a positive decimal with at most ${scale} decimals, not "${text}".`,
    );
  return minor;
}

function readShare(text: string): number {
  const basisPoints = parseAmount(text, 2);
  if (typeof basisPoints === 'string' || basisPoints < 1n || basisPoints > 100_000n)
    throw new OperatorError(
      'usage',
      'The percentage must be more than 0 and at most 1000, with at most two decimals, not ' +
        `"${text}".`,
    );
  return Number(basisPoints);
}
