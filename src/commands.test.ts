// Every command of the program explains itself, read from what commander would print.

import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { runInProcess, TestTerminal } from '../test/fixtures/command.ts';
import { runCommand } from './cli/run-command.ts';
import { createProgram } from './commands.ts';
import { settings } from './runtime/config.ts';
import { exitCode } from './runtime/operator-error.ts';

/**
 * Run in the foreground, or hand their arguments on: they print nothing that a script would read,
 * or something else's help.
 */
const WITHOUT_JSON = ['start', 'bench', 'export journal', 'sandbox faults'];
const WITHOUT_EXIT_CODES = ['bench', 'start', 'migrate'];

function leavesOf(
  command: Command,
  path: readonly string[] = [],
): { readonly name: string; readonly help: string }[] {
  if (command.commands.length > 0)
    return command.commands.flatMap((child) => leavesOf(child, [...path, child.name()]));
  let help = '';
  command.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
  return [{ name: path.join(' '), help }];
}

const leaves = leavesOf(createProgram(new TestTerminal()));

it('there are commands for every part', () => {
  expect(
    createProgram(new TestTerminal())
      .commands.map((command) => command.name())
      .sort(),
  ).toEqual([
    'audit',
    'backtest',
    'bench',
    'connector',
    'disputes',
    'export',
    'import',
    'member',
    'migrate',
    'operator',
    'platform',
    'rates',
    'recalls',
    'reconcile',
    'report',
    'requests',
    'reserve',
    'reviews',
    'rewards',
    'rules',
    'sandbox',
    'scrape-token',
    'start',
    'transfers',
    'webhooks',
    'windows',
  ]);
});

it.each(leaves)('pontis $name explains itself', ({ name, help }) => {
  expect(help).toMatch(/^Usage: pontis /);
  if (!WITHOUT_JSON.includes(name)) expect(help).toContain('--json');
  if (!WITHOUT_EXIT_CODES.includes(name)) expect(help).toContain('Exit codes:');
});

/** The exit code of a command line; what it prints is dropped. */
function run(...argv: string[]): Promise<number> {
  const terminal = new TestTerminal();
  const program = createProgram(terminal);
  for (const command of [program, ...program.commands])
    command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  return runCommand(program, argv, terminal);
}

it('wrong use ends with 64, a command without its subcommand as well, and help with 0', async () => {
  expect(await Promise.all([run(), run('transfers'), run('nonsense'), run('help')])).toEqual([
    64, 64, 64, 0,
  ]);
});

const valued = Object.values(settings).flatMap(({ flag, env }) =>
  flag?.includes('<') === true ? [[flag.split(' ')[0] ?? '', env] as const] : [],
);
it.each(valued)(
  'start reads %s: a wrong value is refused by the name of the flag',
  async (flag) => {
    // The last setting is wrong too, so that a flag which is not read starts nothing here.
    const environment = { PONTIS_RESERVE_RECEIVE_ONLY_AT: 'never' };
    const { code, stderr } = await runInProcess(['start', `${flag}=`], environment);
    expect(stderr).toMatch(`${flag} must be `);
    expect(code).toBe(exitCode.usage);
  },
);
