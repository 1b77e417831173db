// `pontis operator`: takes people among those who run the network, and hands out their tokens. Once
// there are two, another one approves.

import type { Command } from 'commander';

import type { RequestedAct } from '../acts/acts.ts';
import type { OperatorChange } from '../identity/identity.ts';
import { doneOrAsked } from './asked.ts';
import {
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  findActingOperator,
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
}

const CODES = exitCodesHelp({ 65: 'refused, e.g. no such operator' });
const COLUMNS = ['operator_id', 'state', 'created_at', 'added_by', 'token_by'] as const;

export function registerOperator<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  const operator = program.command('operator').description('manage the people who run the network');
  const subcommand = (name: string, description: string): Command =>
    operator
      .command(name)
      .description(description)
      .option(...DATA_OPTION)
      .option(...JSON_OPTION)
      .addHelpText(
        'after',
        `\nPontis may be running; each request asks the database who acts.${CODES}`,
      );
  const print = (flags: Flags, json: unknown, lines: readonly string[]): void => {
    if (flags.json) roots.print(JSON.stringify(json));
    else for (const line of lines) roots.print(line);
  };

  /** Prints what came of it; without it the command only tells what is left to do. */
  const ask = (
    act: RequestedAct,
    name: string,
    description: string,
    tell: (operatorId: string, told: Readonly<Record<string, string>>) => readonly string[],
  ): Command =>
    subcommand(name, description)
      .argument('<operator_id>')
      .option('--reason <text>', 'why; kept with the request')
      .option(...AS_TOKEN_OPTION)
      .action(async (id: string, flags: Flags) => {
        const asked = await withContext(flags, roots, false, async (context) => {
          const acting = await findActingOperator(flags, roots, context);
          return valueOf(
            await context.acts.ask({
              act,
              arguments: { operator_id: id },
              operatorId: acting?.operatorId,
              reason: flags.reason ?? '',
            }),
          );
        });
        const done = doneOrAsked(asked, flags, roots);
        if (done !== undefined)
          print(
            flags,
            { ...done.outcome, ...done.secrets },
            tell(id, { ...done.outcome, ...done.secrets }),
          );
      });
  ask(
    'operator_add',
    'add',
    'take a person among the operators; prints the token, which is kept nowhere',
    (id, { token = '' }) => [`operator_id  ${id}`, `token        ${token}`],
  );
  ask(
    'operator_token',
    'token',
    'replace the token of an operator; the old one stops working',
    (_id, { token = '' }) => [token],
  );
  ask(
    'operator_resume',
    'resume',
    'let a suspended operator act again, under the same token',
    (id, { state = '' }) => [`${id} is ${state}.`],
  );

  subcommand('suspend', 'let an operator do nothing until it is resumed')
    .argument('<operator_id>')
    .option('--reason <text>', 'why; kept for good')
    .option(...AS_TOKEN_OPTION)
    .action(async (id: string, flags: Flags) => {
      const changed = await withContext(flags, roots, false, async (context) => {
        const acting = await findActingOperator(flags, roots, context);
        return valueOf(
          await context.identity.setOperatorState(id, 'suspended', {
            madeBy: acting?.operatorId ?? null,
            approvedBy: null,
            requestId: null,
            reason: flags.reason ?? '',
          }),
        );
      });
      print(flags, { operator_id: changed.operatorId, state: changed.state }, [
        `${changed.operatorId} is ${changed.state}.`,
      ]);
    });

  subcommand(
    'recover',
    'for the owner of the machine, when nobody has a token any more: a new token for an ' +
      'operator who is there; the audit shows it',
  )
    .argument('<operator_id>')
    .requiredOption('--reason <text>', 'why; kept for good and shown by the audit')
    .action(async (id: string, flags: Flags) => {
      const { operatorId, token } = await withContext(flags, roots, false, async ({ identity }) =>
        valueOf(await identity.recoverOperator(id, flags.reason ?? '')),
      );
      print(flags, { operator_id: operatorId, token }, [token]);
    });

  subcommand('list', 'list the operators, and who made them').action(async (flags: Flags) => {
    const operators = await withContext(flags, roots, false, async ({ identity }) => {
      const changes = await identity.listOperatorChanges();
      return (await identity.listOperators()).map((row) => {
        const own = changes.filter(({ operatorId }) => operatorId === row.operatorId);
        const last = own.findLast(
          ({ change }) => change === 'added' || change === 'token' || change === 'recovered',
        );
        return {
          operator_id: row.operatorId,
          state: row.state,
          created_at: new Date(row.createdAtMs).toISOString(),
          added_by: makersOf(own.find(({ change }) => change === 'added')),
          token_by: makersOf(last),
        };
      });
    });
    print(
      flags,
      { operators },
      tableLines([
        COLUMNS,
        ...operators.map((row) => COLUMNS.map((column) => printable(row[column]))),
      ]),
    );
  });
}

function makersOf(change: OperatorChange | undefined): string {
  if (change === undefined) return 'not recorded';
  if (change.change === 'recovered') return 'the owner of the machine';
  const makers = [change.madeBy, change.approvedBy].filter((name) => name !== null);
  return makers.length === 0 ? 'nobody: it was among the first' : makers.join(', ');
}
