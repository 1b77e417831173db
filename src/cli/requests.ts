// `pontis requests`: acts that take two persons. One operator has asked; another one approves, and
// it is done.

import { Option, type Command } from 'commander';

import type { ActRequestNow } from '../acts/acts.ts';
import { requestRow } from './asked.ts';
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

interface Flags extends AsTokenOption {
  readonly data?: string;
  readonly json?: true;
  readonly reason?: string;
  readonly fingerprint?: string;
  readonly state?: ActRequestNow['state'] | 'all';
}

const MOST = 100;
const STATES = ['open', 'approved', 'done', 'failed', 'rejected', 'withdrawn', 'expired'] as const;
const COLUMNS = ['request_id', 'act', 'state', 'made_by', 'expires_at', 'words', 'reason'] as const;
const CODES = exitCodesHelp({ 65: 'refused, e.g. no such request, or approved by whoever asked' });

export function registerRequests<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const requests = program
    .command('requests')
    .description('see, approve and reject acts that take two operators');
  const subcommand = (name: string, description: string): Command =>
    requests
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText('after', `\nPontis may be running. docs/operating.md lists the acts.${CODES}`);

  subcommand('list', 'list requests, newest first')
    .addOption(
      new Option('--state <state>', 'only this state').choices([...STATES, 'all']).default('open'),
    )
    .action(async (flags: Flags) => {
      const rows = await withContext(flags, roots, false, async ({ acts }) =>
        (await acts.list(flags.state === 'all' ? undefined : (flags.state ?? 'open'), MOST)).map(
          requestRow,
        ),
      );
      if (flags.json) roots.print(JSON.stringify({ requests: rows }));
      else
        for (const line of tableLines([
          COLUMNS,
          ...rows.map((row) => COLUMNS.map((column) => printable(row[column] ?? ''))),
        ]))
          roots.print(line);
    });

  subcommand('show', 'show one request, and what matters to it now')
    .argument('<request_id>')
    .action(async (requestId: string, flags: Flags) => {
      const request = await withContext(flags, roots, false, async ({ acts }) =>
        valueOf(await acts.find(requestId)),
      );
      const shown = {
        ...requestRow(request),
        arguments: request.arguments,
        circumstances: request.circumstances,
        circumstances_now: request.now ?? null,
        fingerprint_now: request.fingerprintNow ?? null,
        obstacle: request.obstacle ?? null,
        outcome: request.outcome,
        decision_reason: request.decisionReason,
      };
      if (flags.json) return roots.print(JSON.stringify(shown));
      for (const line of tableLines(
        Object.entries(shown).map(([name, value]) => [name, printable(textOf(value))]),
      ))
        roots.print(line);
      if (request.state !== 'open') return;
      const changed =
        request.fingerprintNow !== undefined && request.fingerprintNow !== request.fingerprint;
      roots.print(
        request.obstacle !== undefined
          ? `It cannot be done now: ${printable(request.obstacle)}`
          : `${changed ? 'Circumstances have changed. ' : ''}Another operator than ` +
              `${request.madeBy} approves it with: pontis requests approve ` +
              `${requestId}${changed ? ` --fingerprint ${request.fingerprintNow}` : ''}`,
      );
    });

  acting(
    subcommand('approve', 'approve an act of another operator, which does it').argument(
      '<request_id>',
    ),
  )
    .option(
      '--fingerprint <text>',
      'what `pontis requests show` told, where circumstances have changed since it was asked',
    )
    .action(async (requestId: string, flags: Flags) => {
      const { request, secrets } = await withContext(flags, roots, false, async (context) => {
        const { operatorId } = await actingOperator(flags, roots, context);
        return valueOf(
          await context.acts.approve({
            requestId,
            operatorId,
            reason: flags.reason,
            fingerprint: flags.fingerprint,
          }),
        );
      });
      if (flags.json)
        return roots.print(
          JSON.stringify({ ...requestRow(request), outcome: request.outcome, secrets }),
        );
      roots.print(
        request.state === 'done'
          ? `done: ${printable(request.words)}`
          : `approved; it is done once the database can be reached: ${printable(request.words)}`,
      );
      for (const line of tableLines(Object.entries(secrets))) roots.print(line);
    });

  for (const [word, description] of [
    ['reject', 'turn an act of another operator down'],
    ['withdraw', "take back a request of one's own that is open"],
  ] as const) {
    acting(subcommand(word, description).argument('<request_id>')).action(
      async (requestId: string, flags: Flags) => {
        const request = await withContext(flags, roots, false, async (context) => {
          const { operatorId } = await actingOperator(flags, roots, context);
          return valueOf(await context.acts[word]({ requestId, operatorId, reason: flags.reason }));
        });
        roots.print(
          flags.json
            ? JSON.stringify(requestRow(request))
            : `request ${requestId} is ${request.state}`,
        );
      },
    );
  }
}

function acting(command: Command): Command {
  return command.option('--reason <text>', 'why; kept with the request').option(...AS_TOKEN_OPTION);
}

function textOf(value: string | null | Readonly<Record<string, string>>): string {
  if (value === null) return '-';
  return typeof value === 'string'
    ? value
    : Object.entries(value)
        .map(([name, text]) => `${name}: ${text}`)
        .join(', ') || '-';
}
