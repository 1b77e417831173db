// Ends PostgreSQL processes that an earlier program, which was killed, left behind in a data
// directory.

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 5_000;

/**
 * Ends all PostgreSQL processes that still run in `pgData`, and returns how many it found. The
 * caller holds the data folder's lock, so none of them belongs to a living program. A postmaster is
 * first asked to stop, so that it writes its checkpoint. Backends without a postmaster are killed:
 * a busy one would hold its shared memory until its query ends, and no server could start before.
 */
export async function reapPostgres(
  pgData: string,
  runsAs: { readonly uid: number; readonly gid: number },
): Promise<number> {
  const found = findProcesses(pgData, runsAs);
  const postmaster = readPostmasterPid(pgData);
  const orderly = postmaster !== undefined && found.includes(postmaster);
  if (orderly) signal(postmaster, 'SIGINT');
  const deadline = Date.now() + (orderly ? GRACE_MS : 0);
  for (let left = found; left.length > 0; left = findProcesses(pgData, runsAs)) {
    if (Date.now() >= deadline) for (const pid of left) signal(pid, 'SIGKILL');
    await sleep(20);
  }
  // The process number in this file may now belong to another process of this user. PostgreSQL
  // would take that one for a running server.
  rmSync(join(pgData, 'postmaster.pid'), { force: true });
  return found.length;
}

function findProcesses(
  pgData: string,
  runsAs: { readonly uid: number; readonly gid: number },
): number[] {
  if (!existsSync(pgData)) return [];
  const real = realpathSync(pgData);
  return process.platform === 'linux' ? findByWorkingDirectory(real, runsAs) : findByPidFile(real);
}

/**
 * The working directory of every PostgreSQL process is its data directory; this includes a backend
 * that has lost its postmaster.
 */
function findByWorkingDirectory(
  real: string,
  runsAs: { readonly uid: number; readonly gid: number },
): number[] {
  const found: number[] = [];
  let hidden = false;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (readlinkSync(`/proc/${name}/cwd`) === real && isPostgres(name)) found.push(Number(name));
    } catch (error) {
      hidden ||= (error as NodeJS.ErrnoException).code === 'EACCES' && ownerOf(name) === runsAs.uid;
    }
  }
  // In a container without CAP_SYS_PTRACE, root may not inspect another user's processes, but that
  // user may.
  return hidden && found.length === 0 && process.getuid?.() === 0
    ? findAsUser(real, runsAs)
    : found;
}

function findAsUser(
  real: string,
  runsAs: { readonly uid: number; readonly gid: number },
): number[] {
  const script =
    'for p in /proc/[0-9]*; do [ "$(readlink "$p/cwd")" = "$1" ] && echo "${p#/proc/}"; done ' +
    '2>/dev/null; true';
  const { stdout } = spawnSync('/bin/sh', ['-c', script, 'sh', real], {
    ...runsAs,
    cwd: '/',
    encoding: 'utf8',
  });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(Number)
    .filter((pid) => isPostgres(String(pid)));
}

/**
 * Checks the name, which every user may read. A zombie does not count: it keeps its entry until its
 * parent collects it, but it holds no resources.
 */
function isPostgres(pid: string): boolean {
  try {
    return /^\d+ \(postgres\) [^Z]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function ownerOf(pid: string): number | undefined {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return undefined;
  }
}

/** Without /proc only the postmaster can be found; its backends end with it. */
function findByPidFile(real: string): number[] {
  const pid = readPostmasterPid(real);
  if (pid === undefined) return [];
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.includes('postgres') && stdout.includes(real) ? [pid] : [];
}

function readPostmasterPid(pgData: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(pgData, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended in the meantime.
  }
}
