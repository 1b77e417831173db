// `pontis requests`: lists and decides acts that take two persons. One operator asks; the act is
// done when another one approves.

import { Option, type Command } from 'commander';

import type { ActRequest } from '../acts/acts.ts';
import type { describeActRequestNow } from '../views/act-request.ts';
import {
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  valueOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { fieldLines, printable, rowLines, tableLines } from './table.ts';
import { tell, tellAs, type TellFlags, type Told } from './tell.ts';

interface Flags extends TellFlags {
  readonly reason?: string;
  readonly fingerprint?: string;
  readonly state?: ActRequest['state'] | 'all';
}

const MOST = 100;
const STATES = ['open', 'approved', 'done', 'failed', 'rejected', 'withdrawn', 'expired'] as const;
const COLUMNS = ['request_id', 'act', 'state', 'made_by', 'expires_at', 'words', 'reason'] as const;
const CODES = exitCodesHelp({
  65: 'refused, e.g. no such request, or approved by the operator who asked',
});

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
    .action((flags: Flags) => tell(flags, roots, (context) => listRequests(flags, context)));

  subcommand('show', 'show one request, and its circumstances now')
    .argument('<request_id>')
    .action((requestId: string, flags: Flags) =>
      tell(flags, roots, (context) => showRequest(requestId, context)),
    );

  acting(
    subcommand('approve', "approve another operator's request; the act is then done").argument(
      '<request_id>',
    ),
  )
    .option(
      '--fingerprint <text>',
      'as `pontis requests show` prints it, if circumstances have changed since the request',
    )
    .action((requestId: string, flags: Flags) =>
      tellAs(flags, roots, async ({ acts }, operatorId) => {
        const { describeApprovedAct } = await import('../views/act-request.ts');
        const { reason, fingerprint } = flags;
        const approved = valueOf(
          await acts.approve({ requestId, operatorId, reason, fingerprint }),
        );
        const view = describeApprovedAct(approved);
        const words = printable(view.words);
        return {
          json: view,
          lines: [
            view.state === 'done'
              ? `done: ${words}`
              : `approved; it is done once the database can be reached: ${words}`,
            ...tableLines(Object.entries(view.secrets ?? {})),
          ],
        };
      }),
    );

  for (const [word, description] of [
    ['reject', "reject another operator's request"],
    ['withdraw', 'withdraw your own open request'],
  ] as const) {
    acting(subcommand(word, description).argument('<request_id>')).action(
      (requestId: string, flags: Flags) =>
        tellAs(flags, roots, async ({ acts }, operatorId) => {
          const { describeActRequest } = await import('../views/act-request.ts');
          const { reason } = flags;
          const view = describeActRequest(
            valueOf(await acts[word]({ requestId, operatorId, reason })),
          );
          return { json: view, lines: [`request ${requestId} is ${view.state}`] };
        }),
    );
  }
}

function acting(command: Command): Command {
  return command.option('--reason <text>', 'why; kept with the request').option(...AS_TOKEN_OPTION);
}

async function listRequests({ state }: Flags, { acts }: CommandContext): Promise<Told> {
  const { describeActRequest } = await import('../views/act-request.ts');
  const found = await acts.list(state === 'all' ? undefined : (state ?? 'open'), MOST);
  const requests = found.map(describeActRequest);
  return { json: { requests }, lines: rowLines(COLUMNS, requests, '') };
}

async function showRequest(requestId: string, { acts }: CommandContext): Promise<Told> {
  const { describeActRequestNow } = await import('../views/act-request.ts');
  const view = describeActRequestNow(valueOf(await acts.find(requestId)));
  return {
    json: view,
    lines: [
      ...fieldLines(Object.entries(view).map(([name, value]) => [name, textOf(value)])),
      ...(view.state === 'open' ? [nextStep(view)] : []),
    ],
  };
}

function nextStep(view: ReturnType<typeof describeActRequestNow>): string {
  if (view.obstacle !== null) return `It cannot be done now: ${printable(view.obstacle)}`;
  const changed = view.fingerprint_now !== null && view.fingerprint_now !== view.fingerprint;
  return (
    `${changed ? 'Circumstances have changed. ' : ''}Another operator than ${view.made_by} ` +
    `approves it with: pontis requests approve ${view.request_id}` +
    (changed ? ` --fingerprint ${view.fingerprint_now}` : '')
  );
}

function textOf(value: string | null | Readonly<Record<string, string>>): string | null {
  if (value === null || typeof value === 'string') return value;
  return Object.entries(value)
    .map(([name, text]) => `${name}: ${text}`)
    .join(', ');
}
