// `pontis windows`: shows settlement windows, closes them, has them paid by two operators, and
// prints statements.

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
  withContext,
  type AsTokenOption,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { tableLines } from './table.ts';

interface WindowsContext extends CommandContext {
  readonly settlement: Settlement;
}

interface Flags extends AsTokenOption {
  readonly data?: string;
  readonly json?: true;
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
  const subcommand = (name: string, description: string): Command =>
    windows
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running.${CODES}`);
  const print = (flags: Flags, json: object, lines: readonly string[]): void => {
    if (flags.json) roots.print(JSON.stringify(json));
    else for (const line of lines) roots.print(line);
  };
  /** Carries out one operator's step and shows the window after it. */
  const step = (
    flags: Flags,
    work: (
      context: Context,
      operatorId: OperatorId,
    ) => Promise<Result<{ readonly windowId: number } | undefined>>,
  ): Promise<void> =>
    withContext(flags, roots, false, async (context) => {
      const { operatorId } = await actingOperator(flags, roots, context);
      const window = valueOf(await work(context, operatorId));
      if (window === undefined) throw new OperatorError('temporary', 'The window was left open.');
      await context.settlement.count();
      await show(flags, context, window.windowId);
    });
  const show = async (
    flags: Flags,
    { settlement, ledger }: Context,
    windowId: number,
  ): Promise<void> => {
    const [{ describeWindowFigures }, { windowLines }] = await Promise.all([
      import('../views/window.ts'),
      import('./window-lines.ts'),
    ]);
    const found = valueOf(await settlement.find(windowId));
    print(flags, describeWindowFigures(found, ledger), windowLines(found, ledger));
  };

  subcommand('list', 'list the windows, newest first')
    .option('--limit <n>', `at most so many, up to ${MOST} (default 50)`)
    .action(async (flags: Flags) => {
      const limit = Math.min(Math.max(Number.parseInt(flags.limit ?? '50', 10) || 50, 1), MOST);
      const { describeWindow } = await import('../views/window.ts');
      const rows = await withContext(flags, roots, false, async ({ settlement }) =>
        (await settlement.list(2 ** 31 - 1, limit)).map(describeWindow),
      );
      print(
        flags,
        { windows: rows },
        tableLines([
          COLUMNS,
          ...rows.map((row) => COLUMNS.map((column) => String(row[column] ?? ''))),
        ]),
      );
    });

  subcommand('show', 'show one window: nets, pairs, disputed transactions and obligations')
    .argument('<window_id>')
    .action((id: string, flags: Flags) =>
      withContext(flags, roots, false, (context) => show(flags, context, numberOf(id))),
    );

  subcommand('close', 'close the open window and open the next one, while everything is posted on')
    .argument('[window_id]', 'the open one when absent')
    .option(...AS_TOKEN_OPTION)
    .action((id: string | undefined, flags: Flags) =>
      step(flags, ({ settlement }, operatorId) =>
        settlement.close({
          windowId: id === undefined ? undefined : numberOf(id),
          closedBy: operatorId,
        }),
      ),
    );

  subcommand(
    'settle',
    'propose how a closed window is paid, or how what is unpaid of it is paid instead; ' +
      'another operator approves it',
  )
    .argument('<window_id>')
    .option(...AS_TOKEN_OPTION)
    .addOption(
      new Option('--from <way>', 'of a closed window, for everyone whom --pay does not name')
        .choices(['prefund', 'outside'])
        .default('prefund'),
    )
    .option('--bank-reference <text>', "the bank's reference, with --from outside")
    .option(
      '--pay <payments...>',
      'participant=prefund or participant=outside:reference, e.g. platform_a=outside:HSBC-17',
    )
    .action((id: string, flags: Flags) =>
      step(flags, ({ settlement }, operatorId) =>
        settlement.propose({
          windowId: numberOf(id),
          operatorId,
          payments: (flags.pay ?? []).map(paymentOf),
          otherwise: { from: flags.from ?? 'prefund', bankReference: flags.bankReference },
        }),
      ),
    );

  subcommand('approve', 'confirm what another operator has proposed, and pay it')
    .argument('<window_id>')
    .argument('[act_id]', 'an act that was proposed, as leave-out, abort and take-back print it')
    .option(...AS_TOKEN_OPTION)
    .action((id: string, actId: string | undefined, flags: Flags) =>
      step(flags, ({ settlement }, operatorId) =>
        actId === undefined
          ? settlement.approve({ windowId: numberOf(id), operatorId })
          : settlement.approveAct({ windowId: numberOf(id), actId, operatorId }),
      ),
    );

  subcommand('withdraw', "take a proposal back, one's own or another operator's")
    .argument('<window_id>')
    .argument('[act_id]', 'an act that was proposed')
    .option(...AS_TOKEN_OPTION)
    .action((id: string, actId: string | undefined, flags: Flags) =>
      step(flags, ({ settlement }, operatorId) =>
        actId === undefined
          ? settlement.withdraw({ windowId: numberOf(id), operatorId })
          : settlement.withdrawAct({ windowId: numberOf(id), actId, operatorId }),
      ),
    );

  const act = (name: string, kind: ActKind, description: string): Command =>
    subcommand(name, `propose to ${description}; another operator approves it`)
      .argument('<window_id>')
      .requiredOption('--reason <text>', 'why; kept in the history')
      .option(...AS_TOKEN_OPTION)
      .addHelpText('after', `\nThe act is ${kind} in the API.`);
  /** Proposes an act, and says what is left to do. */
  const ask = (
    flags: Flags,
    id: string,
    kind: ActKind,
    participants: readonly Participant[],
  ): Promise<void> =>
    withContext(flags, roots, false, async (context) => {
      const { operatorId } = await actingOperator(flags, roots, context);
      const made = valueOf(
        await context.settlement.proposeAct({
          windowId: numberOf(id),
          kind,
          participants,
          reason: flags.reason ?? '',
          operatorId,
        }),
      );
      const { describeAct } = await import('../views/window.ts');
      print(flags, describeAct(made), [
        `act ${made.actId} is open; another operator approves it with: pontis windows approve ` +
          `${id} ${made.actId}`,
      ]);
    });
  act(
    'leave-out',
    'leave_out',
    'leave a platform out that cannot pay: all others net again without it, and it is suspended',
  )
    .argument('<platform_id>')
    .action((id: string, platform: string, flags: Flags) =>
      ask(flags, id, 'leave_out', [platform as Participant]),
    );
  act('abort', 'abort', 'give back what was taken, and close the window again').action(
    (id: string, flags: Flags) => ask(flags, id, 'abort', []),
  );
  act('take-back', 'take_back', 'stop what is not paid, until it is proposed anew')
    .argument('[participants...]', "everybody's obligations when absent")
    .action((id: string, participants: readonly string[], flags: Flags) =>
      ask(flags, id, 'take_back', participants as readonly Participant[]),
    );

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
      withContext(flags, roots, false, async (context) => {
        const found = context.identity.findPlatform(platform);
        if (found === undefined) throw operatorErrorOf(identityProblems.platform_not_found());
        const statement = valueOf(
          await context.settlement.statement(numberOf(id), found.platformId),
        );
        const [{ describeStatement }, { statementCsv }, { statementHtml }] = await Promise.all([
          import('../views/statement.ts'),
          import('../views/statement-csv.ts'),
          import('../views/statement-html.ts'),
        ]);
        if (flags.format === 'csv') roots.print(statementCsv(statement).trimEnd());
        else if (flags.format === 'html')
          roots.print(statementHtml(statement, flags.lang ?? 'zh', context.clock.now()).trimEnd());
        else roots.print(JSON.stringify(describeStatement(statement), null, 2));
      }),
    );

  subcommand(
    'settings',
    'show, or with options set, when windows are closed and which pairs are settled gross',
  )
    .option(...AS_TOKEN_OPTION)
    .option('--daily-at <time>', 'HH:MM in the time zone of the network')
    .option('--every-minutes <n>', '1 to 44640')
    .option('--by-hand', 'close no window by itself')
    .option(
      '--gross <pairs...>',
      'all pairs that are settled gross, e.g. platform_a/platform_b; none for none',
    )
    .action((flags: Flags) =>
      withContext(flags, roots, false, async (context) => {
        const { settlement } = context;
        const [{ describeSettings }, { readSchedule }] = await Promise.all([
          import('../views/window.ts'),
          import('../clearing/settlement/settlement.ts'),
        ]);
        if (
          flags.dailyAt !== undefined ||
          flags.everyMinutes !== undefined ||
          flags.byHand === true
        ) {
          const schedule = valueOf(
            readSchedule({
              dailyAt: flags.dailyAt,
              everyMinutes:
                flags.everyMinutes === undefined ? undefined : Number(flags.everyMinutes),
            }),
          );
          await settlement.setSchedule(
            schedule,
            (await actingOperator(flags, roots, context)).operatorId,
          );
        }
        if (flags.gross !== undefined)
          await settlement.setGrossPairs(
            flags.gross.filter((pair) => pair !== 'none').map((pair) => pairOf(pair, context)),
            (await actingOperator(flags, roots, context)).operatorId,
          );
        const settings = describeSettings(await settlement.settings());
        const when =
          settings.daily_at !== null
            ? `daily at ${settings.daily_at}`
            : settings.every_minutes !== null
              ? `every ${settings.every_minutes} minutes`
              : 'by hand';
        print(flags, settings, [
          `closed         ${when}`,
          'settled gross  ' +
            `${settings.gross_pairs.map((pair) => pair.join('/')).join(' ') || 'no pair'}`,
        ]);
      }),
    );
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
