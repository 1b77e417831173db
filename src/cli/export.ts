// `pontis export journal`: writes the whole journal as text, for hledger, a spreadsheet or an
// auditor's own program.

import { Option, type Command } from 'commander';
import { open, rename, rm } from 'node:fs/promises';

import { journalFormats, type JournalFormat } from '../monitor/options.ts';
import type { WriteText } from '../monitor/monitor.ts';
import { messageOf, OperatorError } from '../runtime/operator-error.ts';
import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  withDatabase,
  type CommandRoots,
} from './command-roots.ts';

interface ExportFlags {
  readonly data?: string;
  readonly json?: true;
  readonly format: JournalFormat;
  readonly output?: string;
}

type Roots = Pick<CommandRoots, 'environment' | 'terminal' | 'print'>;

export function registerExport(program: Command, roots: Roots): void {
  program
    .command('export')
    .description('write data of the network for other programs')
    .command('journal')
    .description('write every entry of the ledger')
    .addOption(
      new Option('--format <format>', 'form of the journal')
        .choices(journalFormats)
        .default('hledger'),
    )
    .option(
      '--output <file>',
      'file to write; it is there once it is complete (default: standard output)',
    )
    .option(...DATA_OPTION)
    .option('--json', `${JSON_OPTION[1]}; needs --output`)
    .addHelpText(
      'after',
      `
Reads one snapshot, page by page; Pontis may be running and posting. The hledger journal ends with
the balances of the accounts as assertions, so this command compares them with the entries:
  pontis export journal | hledger -f - check --strict
In CSV each line is one entry; amounts are signed changes of the account in units of its commodity.
${exitCodesHelp({ 73: 'the output cannot be written' }).trimStart()}`,
    )
    .action((flags: ExportFlags) => run(flags, roots));
}

async function run(flags: ExportFlags, roots: Roots): Promise<void> {
  const { output } = flags;
  if (flags.json && output === undefined)
    throw new OperatorError('usage', 'With --json the journal itself needs a file: add --output.');
  const { exportJournal } = await import('../monitor/monitor.ts');
  const done = await withDatabase(flags, roots, 'export', (pool) =>
    output === undefined
      ? exportJournal(pool, flags.format, (text) => roots.terminal.writeInTurn(text))
      : toFile(output, (write) => exportJournal(pool, flags.format, write)),
  );
  if (flags.json) roots.print(JSON.stringify({ output, format: flags.format, ...done }));
  else if (output !== undefined)
    roots.print(`Wrote ${done.rows} transaction rows with ${done.entries} entries to ${output}.`);
}

/** Writes another file and renames it at the end, so that nobody reads half a journal. */
async function toFile<T>(path: string, work: (write: WriteText) => Promise<T>): Promise<T> {
  const partial = `${path}.partial-${process.pid}`;
  const file = await open(partial, 'w').catch((error: unknown) => {
    throw new OperatorError('cannotCreate', `${path} cannot be written (${messageOf(error)}).`, {
      cause: error,
    });
  });
  try {
    const result = await work(async (text) => {
      await file.appendFile(text);
    });
    await file.sync();
    await file.close();
    await rename(partial, path);
    return result;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    if (
      ['ENOSPC', 'EIO', 'EISDIR', 'EDQUOT', 'EFBIG'].includes(
        String((error as NodeJS.ErrnoException).code),
      )
    ) {
      throw new OperatorError('cannotCreate', `${path} cannot be written (${messageOf(error)}).`, {
        cause: error,
      });
    }
    throw error;
  }
}
