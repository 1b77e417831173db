// `pontis operator`: adds the people who run the network, and issues their tokens. Once there are
// two, these acts need the approval of another one.

import type { Command } from 'commander';

import type { ActArguments, RequestedAct } from '../acts/acts.ts';
import type { OperatorChange } from '../identity/identity.ts';
import { formatMoment } from '../kernel/time.ts';
import { askedOf } from './asked.ts';
import {
  AS_TOKEN_OPTION,
  DATA_OPTION,
  exitCodesHelp,
  findActingOperator,
  JSON_OPTION,
  valueOf,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';
import { rowLines } from './table.ts';
import { tell, type TellFlags, type Told } from './tell.ts';

interface Flags extends TellFlags {
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
        `\nPontis may be running; each request looks the operator up in the database.${CODES}`,
      );
  const ask = (
    act: RequestedAct,
    name: string,
    description: string,
    linesOf: (operatorId: string, done: ActArguments) => readonly string[],
  ): Command =>
    subcommand(name, description)
      .argument('<operator_id>')
      .option('--reason <text>', 'why; kept with the request')
      .option(...AS_TOKEN_OPTION)
      .action((id: string, flags: Flags) =>
        tell(flags, roots, async (context) => {
          const acting = await findActingOperator(flags, roots, context);
          const asked = await context.acts.ask({
            act,
            arguments: { operator_id: id },
            operatorId: acting?.operatorId,
            reason: flags.reason ?? '',
          });
          return askedOf(valueOf(asked), (done) => ({ json: done, lines: linesOf(id, done) }));
        }),
      );
  ask(
    'operator_add',
    'add',
    'add an operator; prints the token, which is kept nowhere',
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

  subcommand('suspend', 'suspend an operator; the token does not work until it is resumed')
    .argument('<operator_id>')
    .option('--reason <text>', 'why; kept for good')
    .option(...AS_TOKEN_OPTION)
    .action((id: string, flags: Flags) =>
      tell(flags, roots, async (context) => {
        const acting = await findActingOperator(flags, roots, context);
        const { operatorId, state } = valueOf(
          await context.identity.setOperatorState(id, 'suspended', {
            madeBy: acting?.operatorId ?? null,
            approvedBy: null,
            requestId: null,
            reason: flags.reason ?? '',
          }),
        );
        return { json: { operator_id: operatorId, state }, lines: [`${operatorId} is ${state}.`] };
      }),
    );

  subcommand(
    'recover',
    'issue a new token for an existing operator; for the owner of the machine, when nobody has ' +
      'a token any more; the audit shows it',
  )
    .argument('<operator_id>')
    .requiredOption('--reason <text>', 'why; kept for good and shown by the audit')
    .action((id: string, flags: Flags) =>
      tell(flags, roots, async ({ identity }) => {
        const { operatorId, token } = valueOf(
          await identity.recoverOperator(id, flags.reason ?? ''),
        );
        return { json: { operator_id: operatorId, token }, lines: [token] };
      }),
    );

  subcommand('list', 'list the operators, and who added them').action((flags: Flags) =>
    tell(flags, roots, listOperators),
  );
}

async function listOperators({ identity }: CommandContext): Promise<Told> {
  const changes = await identity.listOperatorChanges();
  const operators = (await identity.listOperators()).map((row) => {
    const own = changes.filter(({ operatorId }) => operatorId === row.operatorId);
    const last = own.findLast(
      ({ change }) => change === 'added' || change === 'token' || change === 'recovered',
    );
    return {
      operator_id: row.operatorId,
      state: row.state,
      created_at: formatMoment(row.createdAtMs),
      added_by: makersOf(own.find(({ change }) => change === 'added')),
      token_by: makersOf(last),
    };
  });
  return { json: { operators }, lines: rowLines(COLUMNS, operators) };
}

function makersOf(change: OperatorChange | undefined): string {
  if (change === undefined) return 'not recorded';
  if (change.change === 'recovered') return 'the owner of the machine';
  const makers = [change.madeBy, change.approvedBy].filter((name) => name !== null);
  return makers.length === 0 ? 'nobody: it was among the first' : makers.join(', ');
}
