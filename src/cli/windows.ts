// `pontis windows`: shows and closes settlement windows, settles them by two operators, and prints
// statements.

import { Option, type Command } from 'commander';

import type {
  ActKind,
  Participant,
  Payment,
  Settlement,
} from '../clearing/settlement/settlement.ts';
import { identityProblems } from '../identity/problems.ts';
import { STATEMENT_LANGUAGES, type StatementLanguage } from '../views/statement-words.ts';
import type { OperatorId, PlatformId } from '../kernel/ids.ts';
import type { Result } from '../kernel/problem.ts';
import { OperatorError } from '../runtime/operator-error.ts';
import {
  actingOperator,
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
import { windowLines } from './window-lines.ts';
import { tell, tellAs, type TellFlags, type Told } from './tell.ts';

interface WindowsContext extends CommandContext {
  readonly settlement: Settlement;
}

interface Flags extends TellFlags {
  readonly limit?: string;
  readonly from?: 'prefund' | 'outside';
  readonly bankReference?: string;
  readonly pay?: readonly string[];
  readonly format?: 'json' | 'csv' | 'html';
  readonly lang?: StatementLanguage;
  readonly dailyAt?: string;
  readonly everyMinutes?: string;
  readonly reason?: string;
  readonly byHand?: true;
  readonly gross?: readonly string[];
}

type Subcommand = (name: string, description: string) => Command;

const MOST = 1_000;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such window' });
const COLUMNS = [
  'window_id',
  'state',
  'opened_at',
  'closed_at',
  'closed_by',
  'settled_at',
] as const;

export function registerWindows<Context extends WindowsContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const windows = program
    .command('windows')
    .description('show, close and settle settlement windows');
  const subcommand: Subcommand = (name, description) =>
    windows
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running.${CODES}`);

  subcommand('list', 'list the windows, newest first')
    .option('--limit <n>', `show at most this many, up to ${MOST} (default 50)`)
    .action((flags: Flags) => tell(flags, roots, (context) => listWindows(flags, context)));

  subcommand('show', 'show one window: nets, pairs, disputed transactions and obligations')
    .argument('<window_id>')
    .action((id: string, flags: Flags) =>
      tell(flags, roots, (context) => showWindow(numberOf(id), context)),
    );

  subcommand('close', 'close the open window and open the next one; posting goes on meanwhile')
    .argument('[window_id]', 'the open one when absent')
    .option(...AS_TOKEN_OPTION)
    .action((id: string | undefined, flags: Flags) =>
      tellAs(flags, roots, (context, operatorId) => closeWindow(id, operatorId, context)),
    );

  registerPayment(subcommand, roots);
  registerActs(subcommand, roots);

  subcommand('statement', "print a platform's statement of a window")
    .argument('<window_id>')
    .argument('<platform_id>')
    .addOption(
      new Option('--format <format>', 'html is to be printed on A4')
        .choices(['json', 'csv', 'html'])
        .default('json'),
    )
    .addOption(
      new Option('--lang <language>', 'of the html page')
        .choices(STATEMENT_LANGUAGES)
        .default('zh'),
    )
    .action((id: string, platform: string, flags: Flags) =>
      tell(flags, roots, (context) => showStatement(numberOf(id), platform, flags, context)),
    );

  subcommand(
    'settings',
    'show when windows are closed and which pairs are settled gross; options change it',
  )
    .option(...AS_TOKEN_OPTION)
    .option('--daily-at <time>', 'HH:MM in the time zone of the network')
    .option('--every-minutes <n>', '1 to 44640')
    .option('--by-hand', 'close windows only by command')
    .option(
      '--gross <pairs...>',
      'all pairs that are settled gross, e.g. platform_a/platform_b; none for none',
    )
    .action((flags: Flags) =>
      tell(flags, roots, async (context) => {
        await changeSettings(flags, roots, context);
        return showSettings(context);
      }),
    );
}

/** Commands to pay a window: one operator proposes, another one approves. */
function registerPayment<Context extends WindowsContext>(
  subcommand: Subcommand,
  roots: CommandRoots<Context>,
): void {
  /** Carries out an operator's step, and shows the window after it. */
  const step = (
    flags: Flags,
    work: (settlement: Settlement, operatorId: OperatorId) => Promise<Result<{ windowId: number }>>,
  ): Promise<void> =>
    tellAs(flags, roots, async (context, operatorId) =>
      showCounted(valueOf(await work(context.settlement, operatorId)).windowId, context),
    );

  subcommand(
    'settle',
    'propose how a closed window is paid, or another way for its unpaid obligations; another ' +
      'operator approves it',
  )
    .argument('<window_id>')
    .option(...AS_TOKEN_OPTION)
    .addOption(
      new Option(
        '--from <way>',
        'for the participants of a closed window that --pay does not name (default prefund)',
      ).choices(['prefund', 'outside']),
    )
    .option('--bank-reference <text>', "the bank's reference, with --from outside")
    .option(
      '--pay <payments...>',
      'participant=prefund or participant=outside:reference, e.g. platform_a=outside:HSBC-17; in ' +
        'a window that is being settled, it names each obligation to pay in another way',
    )
    .action((id: string, { from, bankReference, pay = [], ...flags }: Flags) => {
      const isGiven = from !== undefined || bankReference !== undefined;
      const otherwise = isGiven ? { from: from ?? 'prefund', bankReference } : undefined;
      const payments = pay.map(paymentOf);
      return step(flags, (settlement, operatorId) =>
        settlement.propose({ windowId: numberOf(id), operatorId, payments, otherwise }),
      );
    });

  for (const [name, word, actWord, description] of [
    ['approve', 'approve', 'approveAct', "approve another operator's proposal; it is then paid"],
    ['withdraw', 'withdraw', 'withdrawAct', "withdraw a proposal, your own or another operator's"],
  ] as const) {
    subcommand(name, description)
      .argument('<window_id>')
      .argument('[act_id]', 'a proposed act, as leave-out, abort and take-back print it')
      .option(...AS_TOKEN_OPTION)
      .action((id: string, actId: string | undefined, flags: Flags) =>
        actId === undefined
          ? step(flags, (settlement, operatorId) =>
              settlement[word]({ windowId: numberOf(id), operatorId }),
            )
          : tellAs(flags, roots, async (context, operatorId) => {
              const { describeAct } = await import('../views/window.ts');
              const windowId = numberOf(id);
              const act = await context.settlement[actWord]({ windowId, actId, operatorId });
              const json = describeAct(valueOf(act));
              return { json, lines: (await showCounted(windowId, context)).lines };
            }),
      );
  }
}

/** Commands to propose acts on a window that is not paid as planned. */
function registerActs<Context extends WindowsContext>(
  subcommand: Subcommand,
  roots: CommandRoots<Context>,
): void {
  const act = (name: string, kind: ActKind, description: string): Command =>
    subcommand(name, `propose to ${description}; another operator approves it`)
      .argument('<window_id>')
      .requiredOption('--reason <text>', 'why; kept in the history')
      .option(...AS_TOKEN_OPTION)
      .addHelpText('after', `\nThe act is ${kind} in the API.`);
  /** Proposes an act, and prints the next step. */
  const ask = (
    flags: Flags,
    id: string,
    kind: ActKind,
    participants: readonly Participant[],
  ): Promise<void> =>
    tellAs(flags, roots, async ({ settlement }, operatorId) => {
      const { describeAct } = await import('../views/window.ts');
      const made = await settlement.proposeAct({
        windowId: numberOf(id),
        kind,
        participants,
        reason: flags.reason ?? '',
        operatorId,
      });
      const view = describeAct(valueOf(made));
      return {
        json: view,
        lines: [
          `act ${view.act_id} is open; another operator approves it with: pontis windows approve ` +
            `${id} ${view.act_id}`,
        ],
      };
    });
  act(
    'leave-out',
    'leave_out',
    'leave out a platform that cannot pay: the others net again without it, and it is suspended',
  )
    .argument('<platform_id>')
    .action((id: string, platform: string, flags: Flags) =>
      ask(flags, id, 'leave_out', [platform as Participant]),
    );
  act(
    'abort',
    'abort',
    'give back the payments that were taken, and close the window again',
  ).action((id: string, flags: Flags) => ask(flags, id, 'abort', []));
  act('take-back', 'take_back', 'stop the unpaid obligations until they are proposed again')
    .argument('[participants...]', "everybody's obligations when absent")
    .action((id: string, participants: readonly string[], flags: Flags) =>
      ask(flags, id, 'take_back', participants as readonly Participant[]),
    );
}

async function listWindows(flags: Flags, { settlement }: WindowsContext): Promise<Told> {
  const { describeWindow } = await import('../views/window.ts');
  const limit = Math.min(Math.max(Number.parseInt(flags.limit ?? '50', 10) || 50, 1), MOST);
  const windows = (await settlement.list(2 ** 31 - 1, limit)).map(describeWindow);
  return { json: { windows }, lines: rowLines(COLUMNS, windows, '') };
}

async function showWindow(windowId: number, context: WindowsContext): Promise<Told> {
  const { describeWindowFigures } = await import('../views/window.ts');
  const { settlement, ledger } = context;
  const view = describeWindowFigures(valueOf(await settlement.find(windowId)), ledger);
  return { json: view, lines: windowLines(view, ledger) };
}

/** The result of an operator's step, once the window's pairs are counted. */
async function showCounted(windowId: number, context: WindowsContext): Promise<Told> {
  await context.settlement.count();
  return showWindow(windowId, context);
}

async function closeWindow(
  id: string | undefined,
  operatorId: OperatorId,
  context: WindowsContext,
): Promise<Told> {
  const { describeWindow } = await import('../views/window.ts');
  const windowId = id === undefined ? undefined : numberOf(id);
  const closed = valueOf(await context.settlement.close({ windowId, closedBy: operatorId }));
  if (closed === undefined) throw new OperatorError('temporary', 'The window was left open.');
  const { lines } = await showCounted(closed.windowId, context);
  return { json: describeWindow(closed), lines };
}

/** Prints a statement as a document; as JSON it is printed without --json as well. */
async function showStatement(
  windowId: number,
  platform: string,
  { format, lang = 'zh' }: Flags,
  context: WindowsContext,
): Promise<Told> {
  const found = context.identity.findPlatform(platform);
  if (found === undefined) throw operatorErrorOf(identityProblems.platform_not_found());
  const statement = valueOf(await context.settlement.statement(windowId, found.platformId));
  const { describeStatement } = await import('../views/statement.ts');
  const json = describeStatement(statement);
  if (format === 'csv') {
    const { statementCsv } = await import('../views/statement-csv.ts');
    return { json, lines: [statementCsv(statement).trimEnd()] };
  }
  if (format === 'html') {
    const { statementHtml } = await import('../views/statement-html.ts');
    return { json, lines: [statementHtml(statement, lang, context.clock.now()).trimEnd()] };
  }
  return { json, lines: [JSON.stringify(json, null, 2)] };
}

async function changeSettings<Context extends WindowsContext>(
  flags: Flags,
  roots: CommandRoots<Context>,
  context: Context,
): Promise<void> {
  const { dailyAt, everyMinutes, byHand, gross } = flags;
  const { settlement } = context;
  if (dailyAt !== undefined || everyMinutes !== undefined || byHand === true) {
    const { readSchedule } = await import('../clearing/settlement/settlement.ts');
    const schedule = valueOf(
      readSchedule({
        dailyAt,
        everyMinutes: everyMinutes === undefined ? undefined : Number(everyMinutes),
      }),
    );
    const { operatorId } = await actingOperator(flags, roots, context);
    await settlement.setSchedule(schedule, operatorId);
  }
  if (gross !== undefined) {
    const pairs = gross.filter((pair) => pair !== 'none').map((pair) => pairOf(pair, context));
    const { operatorId } = await actingOperator(flags, roots, context);
    await settlement.setGrossPairs(pairs, operatorId);
  }
}

async function showSettings({ settlement }: WindowsContext): Promise<Told> {
  const { describeSettings } = await import('../views/window.ts');
  const view = describeSettings(await settlement.settings());
  const scheduled = view.every_minutes === null ? 'by hand' : `every ${view.every_minutes} minutes`;
  const when = view.daily_at === null ? scheduled : `daily at ${view.daily_at}`;
  const pairs = view.gross_pairs.map((pair) => pair.join('/')).join(' ') || 'no pair';
  return { json: view, lines: [`closed         ${when}`, `settled gross  ${pairs}`] };
}

function numberOf(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new OperatorError('usage', `${text} is not the number of a window.`);
  return Number(text);
}

function paymentOf(text: string): Payment {
  const [, participant, way, reference] = /^([^=]+)=(prefund|outside)(?::(.+))?$/.exec(text) ?? [];
  if (participant === undefined || way === undefined)
    throw new OperatorError(
      'usage',
      `${text} is not of the form participant=prefund or participant=outside:reference.`,
    );
  return {
    participant: participant as Participant,
    from: way as Payment['from'],
    bankReference: reference,
  };
}

function pairOf(text: string, { identity }: WindowsContext): readonly [PlatformId, PlatformId] {
  const platforms = text.split('/').map((platform) => identity.findPlatform(platform)?.platformId);
  const [a, b] = platforms;
  if (platforms.length !== 2 || a === undefined || b === undefined || a === b)
    throw new OperatorError(
      'usage',
      `${text} is not a pair of two platforms, such as platform_a/platform_b.`,
    );
  return [a, b];
}
