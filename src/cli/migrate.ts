// `pontis migrate`: migrates the database to this program's schema and starts nothing else.

import type { Command } from 'commander';

import { parseConfig } from '../runtime/config.ts';
import { logOf, type CommandRoots } from './command-roots.ts';

export function registerMigrate(
  program: Command,
  roots: Pick<CommandRoots, 'environment' | 'terminal' | 'print'>,
): void {
  program
    .command('migrate')
    .description('migrate the database to the schema of this program')
    .option('--data <folder>', 'data folder (or PONTIS_DATA)')
    .option('--json', 'print the result as JSON')
    .action(async (options: { data?: string; json?: true }) => {
      const [{ migrateQueue }, { createLog }, { migrate }, { openDatabase }] = await Promise.all([
        import('../clearing/saga/saga.ts'),
        import('../runtime/log.ts'),
        import('../runtime/migrate.ts'),
        import('../runtime/open-database.ts'),
      ]);
      const config = parseConfig({ dataDir: options.data }, roots.environment);
      const log = createLog('warn', logOf(roots));
      const database = await openDatabase({
        config,
        log,
        mode: 'any',
        applicationName: 'pontis migrate',
      });
      try {
        const result = await migrate(database.pool, log);
        await migrateQueue(database.pool, log);
        if (options.json) roots.print(JSON.stringify(result));
        else
          roots.print(
            result.applied.length === 0
              ? `The schema is up to date (version ${result.version}).`
              : `Applied ${result.applied.join(', ')}.`,
          );
      } finally {
        await database.close();
      }
    });
}
