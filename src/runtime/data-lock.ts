// Gives one running program exclusive use of a data folder. The kernel holds the lock, so it ends
// when its holder ends.

import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { messageOf, OperatorError } from './operator-error.ts';

/** The exclusive use of a data folder. */
export interface DataLock {
  readonly dataDir: string;
  release(): void;
}

/** Thrown when a living program uses the folder. */
export class DataFolderInUse extends OperatorError {
  override name = 'DataFolderInUse';
  readonly dataDir: string;
  constructor(dataDir: string, holderPid: number | undefined) {
    const holder =
      holderPid === undefined
        ? 'another running Pontis'
        : `a running Pontis (process ${holderPid})`;
    super(
      'temporary',
      `The data folder ${dataDir} is in use by ${holder}. Stop that one first, or choose ` +
        'another folder with --data.',
    );
    this.dataDir = dataDir;
  }
}

const SQLITE_BUSY = 5;

/**
 * Takes the lock, or throws `DataFolderInUse`, or another `OperatorError` when the folder is not
 * writable. Node has no flock(2), but its SQLite locks files through the kernel. So the lock of a
 * dead process disappears by itself, and no stale pid file has to be judged. The lock protects
 * everything inside the folder; nothing else is locked while it is taken.
 */
export function acquireDataLock(dataDir: string): DataLock {
  const holderFile = join(dataDir, 'lock.pid');
  let lock: DatabaseSync | undefined;
  try {
    // Mode 0600: other users must not open the file, because a reader could hold the lock as well.
    closeSync(openSync(join(dataDir, 'lock'), 'a', 0o600));
    lock = new DatabaseSync(join(dataDir, 'lock'), { timeout: 0 });
    lock.exec('pragma journal_mode = memory');
    lock.exec('begin exclusive');
  } catch (error) {
    lock?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY)
      throw new DataFolderInUse(dataDir, readPid(holderFile));
    throw new OperatorError(
      'noPermission',
      `The data folder ${dataDir} cannot be used: ${messageOf(error)}. Check that you may ` +
        'write to it, or choose another folder with --data.',
      { cause: error },
    );
  }
  const held = lock;
  writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 });
  return {
    dataDir,
    release() {
      if (!held.isOpen) return;
      rmSync(holderFile, { force: true });
      held.close();
    },
  };
}

/** The process that holds the lock, for the error message only; the lock never depends on it. */
function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
