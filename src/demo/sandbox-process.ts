// Runs the sandbox platform as a child process, and keeps its folder, its keys and its last port.
// Finds the fault panel of a running sandbox.

import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { superviseProgram, type ChildProgram } from '../runtime/child-program.ts';
import type { Log } from '../runtime/log.ts';

/** How the sandbox is started. */
export interface SandboxProcessOptions {
  /** The program's data folder; the sandbox keeps its data in `sandbox/` inside it. */
  readonly dataDir: string;
  readonly platformId: string;
  /** The platform's secret, with which the network signs its calls. */
  readonly secret: string;
  /** Accounts that it opens if they are missing: user → points. */
  readonly users: Readonly<Record<string, string>>;
  readonly log: Log;
  /**
   * Called each time it is ready; after a restart its address may have changed. `token` is the
   * token that the sandbox accepts from the network.
   */
  onReady(url: string, token: string): Promise<void>;
}

/** The address and token for setting faults in a running sandbox. */
export interface FaultPanel {
  readonly url: string;
  readonly admin_token: string;
}

interface Keys {
  readonly token: string;
  readonly admin_token: string;
}

const SECRET_LIMIT_MS = 5_000;
const MAIN = join(import.meta.dirname, '..', '..', 'sandbox', 'main.ts');

/** The supervised sandbox. */
export interface SandboxProcess extends ChildProgram {
  /**
   * Gives the running sandbox a new secret of the network. A restarted sandbox gets it at its
   * start.
   */
  setSecret(secret: string): Promise<void>;
}

/** Starts the sandbox and restarts it when it dies. */
export function superviseSandbox({
  dataDir,
  platformId,
  secret,
  users,
  log,
  onReady,
}: SandboxProcessOptions): SandboxProcess {
  const { folder, running } = sandboxPaths(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keys = ensureKeys(dataDir);
  const accounts = Object.entries(users).flatMap(([userId, points]) => [
    '--user',
    `${userId}=${points}`,
  ]);
  // The last port is tried first, so that the address stays the same. If it is taken, the next
  // attempt uses any free port.
  let port = lastPort(dataDir);
  const environment = {
    SANDBOX_TOKEN: keys.token,
    SANDBOX_SECRET: secret,
    SANDBOX_ADMIN_TOKEN: keys.admin_token,
  };

  const child = superviseProgram({
    name: 'the sandbox',
    log,
    args() {
      const args = [
        MAIN,
        '--platform',
        platformId,
        '--port',
        String(port),
        '--data',
        folder,
        '--until-stdin-ends',
        ...accounts,
      ];
      port = 0;
      return args;
    },
    environment,
    ready: / answers on (http:\S+)$/,
    async onReady(said, pid) {
      const url = said[1] ?? '';
      port = Number(new URL(url).port);
      writePrivately(running, { pid, url });
      await onReady(url, keys.token);
    },
  });
  return {
    started: child.started,
    async setSecret(other) {
      environment.SANDBOX_SECRET = other;
      const answer = await fetch(`${urlOf(running) ?? ''}/secret`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${keys.admin_token}` },
        body: JSON.stringify({ secret: other }),
        signal: AbortSignal.timeout(SECRET_LIMIT_MS),
      });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to its new secret`);
    },
    async stop() {
      await child.stop();
      // The next start uses the same port.
      writePrivately(running, { url: urlOf(running) });
    },
  };
}

/**
 * The panel of the sandbox in a data folder; undefined if there never was one. It may not be
 * running; the caller finds out by calling it.
 */
export function findFaultPanel(dataDir: string): FaultPanel | undefined {
  const { running, keysFile } = sandboxPaths(dataDir);
  const url = urlOf(running);
  const keys = readJson<Keys>(keysFile);
  return url === undefined || keys === undefined
    ? undefined
    : { url: `${url}/faults`, admin_token: keys.admin_token };
}

function sandboxPaths(dataDir: string): {
  readonly folder: string;
  readonly keysFile: string;
  readonly running: string;
} {
  const folder = join(resolve(dataDir), 'sandbox');
  return { folder, keysFile: join(folder, 'keys.json'), running: join(folder, 'running.json') };
}

/** Made once, and the same at every start. */
function ensureKeys(dataDir: string): Keys {
  const { keysFile } = sandboxPaths(dataDir);
  const known = readJson<Partial<Keys>>(keysFile);
  if (known?.token !== undefined && known.admin_token !== undefined)
    return { token: known.token, admin_token: known.admin_token };
  const keys = { token: newToken(), admin_token: newToken() };
  writePrivately(keysFile, keys);
  return keys;
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function urlOf(running: string): string | undefined {
  return readJson<{ readonly url?: string }>(running)?.url;
}

function lastPort(dataDir: string): number {
  const url = urlOf(sandboxPaths(dataDir).running);
  return url !== undefined && URL.canParse(url) ? Number(new URL(url).port) : 0;
}

/** Replaces a file as a whole; only its owner may read it. */
function writePrivately(file: string, content: object): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}

/** Undefined when the file is missing or is not JSON. */
function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
