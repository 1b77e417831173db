// `pontis bench`: starts script/bench, which measures on servers of its own.

import type { Command } from 'commander';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';

import type { CommandRoots } from './command-roots.ts';

const SCRIPT = join(import.meta.dirname, '..', '..', 'script', 'bench');

export function registerBench(program: Command, roots: Pick<CommandRoots, 'terminal'>): void {
  program
    .command('bench')
    .description('measure this machine: script/bench with the same arguments')
    .argument('[args...]', 'arguments for script/bench')
    // Its own options and its own --help are for the script.
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: readonly string[]) => {
      const child = spawn(SCRIPT, args, { stdio: 'inherit' });
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
      roots.terminal.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
    });
}
