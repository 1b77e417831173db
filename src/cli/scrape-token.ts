// `pontis scrape-token`: makes a new token with which a monitor reads /metrics and the reasons in
// /health; the old one stops working.

import type { Command } from 'commander';

import {
  DATA_OPTION,
  exitCodesHelp,
  JSON_OPTION,
  withContext,
  type CommandContext,
  type CommandRoots,
} from './command-roots.ts';

export function registerScrapeToken<Context extends CommandContext>(
  program: Command,
  roots: CommandRoots<Context>,
): void {
  program
    .command('scrape-token')
    .description(
      'print a new token for monitors (/metrics and the reasons in /health); the old one ' +
        'stops working',
    )
    .option(...DATA_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `\nPontis may be running; the new token is valid at once. It can only read.` +
        exitCodesHelp({}),
    )
    .action(async (flags: { readonly data?: string; readonly json?: true }) => {
      const token = await withContext(flags, roots, false, ({ identity }) =>
        identity.renewScrapeToken(),
      );
      roots.print(flags.json ? JSON.stringify({ scrape_token: token }) : token);
    });
}
