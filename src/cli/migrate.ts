// `pontis migrate`: brings the database to this program's schema without starting anything else.

import type { Command } from 'commander';

import { migrateQueue } from '../clearing/saga/saga.ts';
import { parseConfig, type Environment } from '../runtime/config.ts';
import { createLog } from '../runtime/log.ts';
import { migrate } from '../runtime/migrate.ts';
import { openDatabase } from '../runtime/open-database.ts';

export interface MigrateRoots {
  readonly environment: Environment;
  print(line: string): void;
}

export function registerMigrate(program: Command, roots: MigrateRoots): void {
  program
    .command('migrate')
    .description('bring the database to the schema of this program')
    .option('--data <folder>', 'data folder (or PONTIS_DATA)')
    .option('--json', 'print the result as JSON')
    .action(async (options: { data?: string; json?: true }) => {
      const config = parseConfig({ dataDir: options.data }, roots.environment);
      const log = createLog('warn');
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
