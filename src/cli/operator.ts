// `pontis operator`: takes people among those who run the network, and hands out their tokens.

import type { Command } from 'commander';

import type { OperatorState } from '../identity/identity.ts';
import { DATA_OPTION, exitCodesHelp, JSON_OPTION, valueOf, withContext, type CommandContext, type CommandRoots } from './command-roots.ts';
import { tableLines } from './table.ts';

interface Flags {
  readonly data?: string;
  readonly json?: true;
}

const CODES = exitCodesHelp({ 65: 'refused, e.g. no such operator' });

export function registerOperator<Context extends CommandContext>(program: Command, roots: CommandRoots<Context>): void {
  const operator = program.command('operator').description('manage the people who run the network');
  const subcommand = (name: string, description: string): Command =>
    operator.command(name).description(description).option(...DATA_OPTION).option(...JSON_OPTION).addHelpText('after', `\nPontis may be running; it is in force at once.${CODES}`);
  const print = (flags: Flags, json: unknown, lines: readonly string[]): void => {
    if (flags.json) roots.print(JSON.stringify(json));
    else for (const line of lines) roots.print(line);
  };

  subcommand('add', 'take a person among the operators; prints the token, which is kept nowhere')
    .argument('<operator_id>', '2 to 40 of a-z, 0-9, _, . and -, beginning with a letter')
    .action(async (id: string, flags: Flags) => {
      const { operatorId, token } = await withContext(flags, roots, false, async ({ identity }) => valueOf(await identity.addOperator(id)));
      print(flags, { operator_id: operatorId, token }, [`operator_id  ${operatorId}`, `token        ${token}`]);
    });

  subcommand('list', 'list the operators').action(async (flags: Flags) => {
    const operators = await withContext(flags, roots, false, async ({ identity }) =>
      (await identity.listOperators()).map((row) => ({ operator_id: row.operatorId, state: row.state, created_at: new Date(row.createdAtMs).toISOString() })));
    const columns = ['operator_id', 'state', 'created_at'] as const;
    print(flags, { operators }, tableLines([columns, ...operators.map((row) => columns.map((column) => row[column]))]));
  });

  subcommand('token', 'replace the token of an operator; the old one stops working')
    .argument('<operator_id>')
    .action(async (id: string, flags: Flags) => {
      const { operatorId, token } = await withContext(flags, roots, false, async ({ identity }) => valueOf(await identity.renewOperatorToken(id)));
      print(flags, { operator_id: operatorId, token }, [token]);
    });

  const setsState = (name: string, state: OperatorState, description: string): void => {
    subcommand(name, description)
      .argument('<operator_id>')
      .action(async (id: string, flags: Flags) => {
        const changed = await withContext(flags, roots, false, async ({ identity }) => valueOf(await identity.setOperatorState(id, state)));
        print(flags, { operator_id: changed.operatorId, state: changed.state }, [`${changed.operatorId} is ${changed.state}.`]);
      });
  };
  setsState('suspend', 'suspended', 'let an operator do nothing until it is resumed');
  setsState('resume', 'active', 'let a suspended operator act again, under the same token');
}
