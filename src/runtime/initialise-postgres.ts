// Creates a new PostgreSQL data directory, complete or not at all, that can be reached only with a
// password.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import type { Log } from './log.ts';
import { OperatorError } from './operator-error.ts';
import type { PostgresProgram } from './postgres-program.ts';

/**
 * Role and database of the network. The role is no superuser: a person who gets access to SQL gets
 * tables, but not files.
 */
export const DATABASE_NAME = 'pontis';

/** Paths inside the program's data folder. */
export function postgresPaths(dataDir: string): {
  readonly pgData: string;
  readonly password: string;
  readonly running: string;
} {
  return {
    pgData: join(dataDir, 'postgres'),
    password: join(dataDir, 'postgres.password'),
    running: join(dataDir, 'postgres.json'),
  };
}

/**
 * Ensures a complete data directory under `dataDir` and returns the password of its role. The
 * caller holds the folder's lock. Throws `OperatorError` for a directory that is damaged, belongs
 * to another user, or was made by another version.
 */
export function initialisePostgres(dataDir: string, program: PostgresProgram, log: Log): string {
  const { pgData, password: passwordFile } = postgresPaths(dataDir);
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith('postgres.new-'))
      rmSync(join(dataDir, name), { recursive: true, force: true });
  }
  setAsideIncomplete(pgData, log);
  let password = readPassword(passwordFile);
  if (!existsSync(join(pgData, 'PG_VERSION'))) {
    password ??= writePassword(passwordFile);
    createDataDirectory(dataDir, pgData, program, password);
    return password;
  }
  refuseOtherVersion(pgData);
  giveTo(pgData, program);
  if (password === undefined) {
    log.warn('the password file of the embedded PostgreSQL is missing; a new password is set');
    password = writePassword(passwordFile);
    runSingleUser(program, pgData, 'postgres', [
      `alter role ${DATABASE_NAME} password '${password}'`,
    ]);
  }
  return password;
}

/**
 * Sets aside a directory that was never completed. Without both its first and its last file it
 * never held a network; it is kept for inspection.
 */
function setAsideIncomplete(pgData: string, log: Log): void {
  if (!existsSync(pgData) || readdirSync(pgData).length === 0) return;
  const hasVersion = existsSync(join(pgData, 'PG_VERSION'));
  const hasControl = existsSync(join(pgData, 'global', 'pg_control'));
  if (hasVersion && hasControl) return;
  if (
    existsSync(join(pgData, 'base', '1', 'PG_VERSION')) &&
    existsSync(join(pgData, 'pg_wal')) &&
    hasVersion !== hasControl &&
    hasWal(pgData)
  ) {
    throw new OperatorError(
      'badInput',
      `The database in ${pgData} is damaged: ` +
        `${hasVersion ? 'global/pg_control' : 'PG_VERSION'} is missing. Restore it from a ` +
        'backup, or choose another folder with --data.',
    );
  }
  const aside = `${pgData}.incomplete-${Date.now()}`;
  renameSync(pgData, aside);
  log.warn(
    { aside },
    'an incomplete PostgreSQL data directory was set aside; a new one is created',
  );
}

/** More than one WAL segment means that the directory may hold data. */
function hasWal(pgData: string): boolean {
  return (
    readdirSync(join(pgData, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name)).length > 1
  );
}

/**
 * Works in a temporary sibling folder. The rename at the end makes the directory appear as a whole.
 */
function createDataDirectory(
  dataDir: string,
  pgData: string,
  program: PostgresProgram,
  password: string,
): void {
  const workspace = join(dataDir, `postgres.new-${process.pid}`);
  const fresh = join(workspace, 'data');
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  chownSync(workspace, program.uid, program.gid);
  chownSync(fresh, program.uid, program.gid);
  run(program, 'initdb', [
    '-D',
    fresh,
    '-U',
    'postgres',
    '-E',
    'UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--auth-local=reject',
    '--auth-host=scram-sha-256',
    '--sync-method=fsync',
  ]);
  // The superuser has no password, so nobody can log in as it over the network.
  runSingleUser(program, fresh, 'postgres', [
    `create role ${DATABASE_NAME} login createdb password '${password}'`,
    `grant pg_monitor, pg_checkpoint to ${DATABASE_NAME}`,
    `create database ${DATABASE_NAME} owner ${DATABASE_NAME}`,
  ]);
  renameSync(fresh, pgData);
  rmSync(workspace, { recursive: true, force: true });
}

/** Runs SQL without a running server; one statement on each line. */
function runSingleUser(
  program: PostgresProgram,
  pgData: string,
  database: string,
  statements: readonly string[],
): void {
  run(
    program,
    'postgres',
    [
      '--single',
      '-D',
      pgData,
      '-c',
      'exit_on_error=true',
      '-c',
      'log_min_error_statement=panic',
      database,
    ],
    `${statements.join('\n')}\n`,
  );
}

function run(
  program: PostgresProgram,
  name: 'initdb' | 'postgres',
  args: readonly string[],
  input = '',
): void {
  const [command, ...rest] = program.command(name, args);
  const result = spawnSync(command, rest, { ...program.spawnOptions, input, encoding: 'utf8' });
  if (result.status === 0) return;
  const output = `${result.error?.message ?? ''}${result.stderr}`
    .trim()
    .split('\n')
    .slice(-5)
    .join('\n');
  throw new OperatorError(
    'unavailable',
    `The embedded PostgreSQL could not be prepared (${name} failed):\n${output}`,
  );
}

function readPassword(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function writePassword(file: string): string {
  const password = randomBytes(24).toString('hex');
  writeFileSync(file, `${password}\n`, { mode: 0o600, flush: true });
  return password;
}

/**
 * Makes `program`'s user the owner of all files. PostgreSQL requires it, but the folder may be a
 * copy or may have been used by another user before.
 */
function giveTo(pgData: string, program: PostgresProgram): void {
  const owner = lstatSync(pgData).uid;
  if (owner === program.uid) return;
  if (process.getuid?.() !== 0) {
    throw new OperatorError(
      'noPermission',
      `The database in ${pgData} belongs to another user (uid ${owner}). Start Pontis as the ` +
        'user who made it, or choose another folder with --data.',
    );
  }
  for (const entry of readdirSync(pgData, { recursive: true, encoding: 'utf8' }))
    chownSync(join(pgData, entry), program.uid, program.gid);
  chownSync(pgData, program.uid, program.gid);
}

function refuseOtherVersion(pgData: string): void {
  const version = readFileSync(join(pgData, 'PG_VERSION'), 'utf8').trim();
  if (version !== '18') {
    throw new OperatorError(
      'badConfiguration',
      `The database in ${pgData} was made by PostgreSQL ${version}; this Pontis brings ` +
        'PostgreSQL 18. Export it with the version that made it, or choose another folder with ' +
        '--data.',
    );
  }
}
