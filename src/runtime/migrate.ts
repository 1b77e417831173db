// Brings a database to the schema of this program with numbered SQL files. Each file is applied
// once, in order, and completely or not at all. A function in force has its own file, which the
// newest migration that names it applies (docs/decisions/0011).

import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { dbTransaction, type DbClient, type Pool } from './database.ts';
import type { Log } from './log.ts';
import { messageOf, OperatorError } from './operator-error.ts';

/** One numbered SQL file. */
export interface Migration {
  readonly number: number;
  /** File name, `NNNN-module-what.sql`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text with `\n` as line end, so that it is the same on every system. */
  readonly checksum: string;
  /** Functions that it puts in force, after its own SQL. */
  readonly functions: readonly FunctionFile[];
}

/** A file of db/functions: a function as it is in force. */
interface FunctionFile {
  readonly name: string;
  readonly sql: string;
}

/** The result of `migrate`. */
export interface MigrateResult {
  /** Names of the files that this call applied. */
  readonly applied: readonly string[];
  /** Number of the newest applied file. */
  readonly version: number;
}

/** The folder with the migrations of this program. */
export const MIGRATIONS_DIR = join(import.meta.dirname, '..', '..', 'db', 'migrations');
/** The folder with the functions in force. */
export const FUNCTIONS_DIR = join(import.meta.dirname, '..', '..', 'db', 'functions');

/** The line by which a migration puts a function in force, as it was when the line was written. */
const APPLIES = /^-- apply: ([a-z0-9-]+\.sql) ([0-9a-f]{64})$/gm;

/**
 * Key of the lock that serialises programs which migrate the same database at once. It only
 * shortens waits: correctness rests on the primary key of the table.
 */
const ADVISORY_LOCK = 0x706f6e74;

const MIGRATION_TABLE = `
  create schema if not exists pontis;
  create table if not exists pontis.migration (
    number integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`;

/**
 * Reads the files. Throws `OperatorError` unless they are numbered 1, 2, 3 … without a gap, and
 * unless the newest migration that names a function names it as it is.
 */
export function readMigrations(
  directory: string,
  functionsDirectory: string = FUNCTIONS_DIR,
): Migration[] {
  const files = readNumbered(directory);
  const lines = files.flatMap(({ number, name: by, sql }) =>
    [...sql.matchAll(APPLIES)].map(([, name = '', checksum]) => ({ number, by, name, checksum })),
  );
  const newest = [...new Map(lines.map((line) => [line.name, line])).values()];
  return files.map((file) => ({
    ...file,
    functions: newest
      .filter(({ number }) => number === file.number)
      .map(({ name, by, checksum }) => {
        const sql = readText(join(functionsDirectory, name));
        if (hash('sha256', sql) === checksum) return { name, sql };
        throw new OperatorError(
          'defect',
          `db/functions/${name} differs from what ${by} applies. Restore it, or put the change ` +
            `in force by a new migration with the line: -- apply: ${name} ${hash('sha256', sql)}`,
        );
      }),
  }));
}

/** The text of a file with `\n` as line end, so that it is the same on every system. */
function readText(path: string): string {
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
}

function readNumbered(directory: string): Omit<Migration, 'functions'>[] {
  const names = readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return names.map((name, index) => {
    const digits = /^(\d{4})-[a-z0-9-]+\.sql$/.exec(name)?.[1];
    if (digits === undefined || Number(digits) !== index + 1) {
      throw new OperatorError(
        'defect',
        `${name} breaks the order of db/migrations: file ${index + 1} must be named ` +
          `${String(index + 1).padStart(4, '0')}-module-what.sql.`,
      );
    }
    const sql = readText(join(directory, name));
    return { number: index + 1, name, sql, checksum: hash('sha256', sql) };
  });
}

/**
 * Applies the missing files. Several programs may call it at once. Throws `OperatorError` when a
 * file fails, when an applied file was changed, or when the database is newer than this program.
 */
export async function migrate(
  pool: Pool,
  log: Log,
  directory: string = MIGRATIONS_DIR,
  functionsDirectory: string = FUNCTIONS_DIR,
): Promise<MigrateResult> {
  const migrations = readMigrations(directory, functionsDirectory);
  await dbTransaction(pool, async (client) => {
    await lock(client);
    await client.query(MIGRATION_TABLE);
  });
  const applied: string[] = [];
  for (const migration of migrations) {
    if (await dbTransaction(pool, (client) => apply(client, migration, migrations))) {
      applied.push(migration.name);
      log.info({ migration: migration.name }, 'migration applied');
    }
  }
  await dbTransaction(pool, (client) => findApplied(client, migrations));
  return { applied, version: migrations.length };
}

/**
 * Throws `OperatorError` unless the database has exactly the schema of this program. For commands
 * that read a database and must not change it.
 */
export async function requireMigrated(
  pool: Pool,
  directory: string = MIGRATIONS_DIR,
): Promise<void> {
  const migrations = readMigrations(directory);
  const applied = await dbTransaction(pool, (client) => findApplied(client, migrations));
  if (applied.size === migrations.length) return;
  const sentence =
    `The database is older than this program: it has ${applied.size} of ${migrations.length} ` +
    'migrations.';
  throw new OperatorError(
    'badConfiguration',
    `${sentence} Bring it up to date with: pontis migrate, or by starting Pontis once; then ` +
      'run the command again.',
  );
}

/** Whether a migration was ever applied to the database. */
export async function isMigrated(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ there: boolean }>(
    `select to_regclass('pontis.migration') is not null as there`,
  );
  return rows[0]?.there === true;
}

/**
 * Applies one file if it is missing; returns true when this call applied it. The lock protects the
 * migration table and is held until the commit; nothing else is locked before it.
 */
async function apply(
  client: DbClient,
  migration: Migration,
  all: readonly Migration[],
): Promise<boolean> {
  await lock(client);
  if ((await findApplied(client, all)).has(migration.number)) return false;
  await client.query('set local statement_timeout = 0');
  for (const { name, sql } of [migration, ...migration.functions])
    await client.query(sql).catch((error: unknown) => {
      const where = name === migration.name ? name : `${migration.name} (db/functions/${name})`;
      throw new OperatorError(
        'defect',
        `Migration ${where} failed and was rolled back: ` +
          `${messageOf(error)}${positionOf(error, sql)}.`,
        { cause: error },
      );
    });
  await client.query('insert into pontis.migration (number, name, checksum) values ($1, $2, $3)', [
    migration.number,
    migration.name,
    migration.checksum,
  ]);
  return true;
}

async function lock(client: DbClient): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
}

/** Numbers of the applied files. Throws when one of them differs from the file of this program. */
async function findApplied(
  client: DbClient,
  all: readonly Migration[],
): Promise<ReadonlySet<number>> {
  const { rows } = await client.query<{ number: number; name: string; checksum: string }>(
    'select number, name, checksum from pontis.migration order by number',
  );
  for (const row of rows) {
    const own = all[row.number - 1];
    if (own === undefined) {
      throw new OperatorError(
        'badConfiguration',
        `The database is newer than this program: it has migration ${row.name}, and this ` +
          `Pontis knows ${all.length}. Start the newer Pontis.`,
      );
    }
    if (own.checksum !== row.checksum) {
      throw new OperatorError(
        'badConfiguration',
        `Migration ${row.name} was changed after it had been applied to this database. ` +
          'Restore the file and put the change into a new one; a database without data can ' +
          'simply be dropped.',
      );
    }
  }
  return new Set(rows.map((row) => row.number));
}

/** PostgreSQL reports the position as a character; people need the line. */
function positionOf(error: unknown, sql: string): string {
  const position = Number((error as { position?: unknown }).position);
  return Number.isInteger(position) && position > 0
    ? ` (line ${sql.slice(0, position - 1).split('\n').length})`
    : '';
}
