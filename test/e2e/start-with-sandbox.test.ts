// The demo network with its connected platform: one start, two programs, and neither is lost or
// left behind whatever dies.

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { Credentials } from '../../src/demo/seed-demo.ts';
import { signRequest } from '../../src/security/security.ts';
import { runInProcess } from '../fixtures/command.ts';
import { fetchDeclared } from '../fixtures/fetch-declared.ts';
import { patience } from '../fixtures/patience.ts';
import { startProgram, type RunningProgram } from '../fixtures/program.ts';

const PATIENCE_MS = patience(60_000);
/** Each story starts several programs. */
const LIMIT_MS = patience(300_000);

let parent: string;
let data: string;
let programs: RunningProgram[];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'pontis-sandbox-'));
  chmodSync(parent, 0o711);
  data = join(parent, 'data');
  programs = [];
});
afterEach(async () => {
  for (const program of programs)
    if (program.child.exitCode === null) await program.stop('SIGTERM');
  rmSync(parent, { recursive: true, force: true });
});

async function start(...args: string[]): Promise<RunningProgram> {
  const program = await startProgram(['--data', data, ...args]);
  programs.push(program);
  return program;
}

const credentials = (): Credentials =>
  JSON.parse(readFileSync(join(data, 'credentials.json'), 'utf8')) as Credentials;
const platformC = (): Credentials['platforms'][number] | undefined =>
  credentials().platforms.find(({ platform_id }) => platform_id === 'platform_c');
const running = (): { readonly pid?: number; readonly url: string } =>
  JSON.parse(readFileSync(join(data, 'sandbox', 'running.json'), 'utf8')) as {
    pid?: number;
    url: string;
  };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that nobody has collected yet is dead all the same.
    return (
      process.platform !== 'linux' ||
      !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    );
  } catch {
    return false;
  }
}

/** As a platform's own program calls the network. */
async function call(
  platformId: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
  query = '',
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const { base_url: base, platforms } = credentials();
  const { secret = '', token = '' } =
    platforms.find(({ platform_id }) => platform_id === platformId) ?? {};
  const timestamp = String(Math.floor(Date.now() / 1000));
  const text = body === undefined ? undefined : JSON.stringify(body);
  const signature = signRequest(secret, {
    timestamp,
    method,
    path,
    body: text === undefined ? undefined : Buffer.from(text),
  });
  const answer = await fetchDeclared(base + path + query, {
    method,
    headers: {
      'x-platform-token': token,
      'x-platform-id': platformId,
      'x-timestamp': timestamp,
      'x-signature': signature,
      prefer: 'wait=20',
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(text === undefined ? {} : { body: text }),
  });
  return {
    status: answer.status,
    body: (await answer.json()) as Readonly<Record<string, unknown>>,
  };
}

async function balanceOf(userId: string): Promise<{ status: number; balance: unknown }> {
  const { status, body } = await call(
    'platform_c',
    'GET',
    '/api/points/balance',
    undefined,
    `?user_id=${userId}`,
  );
  return { status, balance: body['balance'] };
}

const faults = (...args: string[]): ReturnType<typeof runInProcess> =>
  runInProcess(['sandbox', 'faults', '--data', data, ...args]);
const is800 = async (): Promise<boolean> => (await balanceOf('c_1001')).balance === 800;

test(
  'starts it as platform_c, lets it misbehave when told, and stops it with the network',
  async () => {
    const program = await start();
    expect(program.stdout).toMatch(/\n {2}Sandbox {6}http:\/\/127\.0\.0\.1:\d+ is platform_c/);
    const panel = {
      url: `${running().url}/faults`,
      admin_token: expect.stringMatching(/^[\w-]{43}$/) as string,
    };
    expect(
      credentials().platforms.map(({ platform_id, custody, fault_panel }) => [
        platform_id,
        custody,
        fault_panel,
      ]),
    ).toEqual([
      ['platform_a', 'hosted', undefined],
      ['platform_b', 'hosted', undefined],
      ['platform_c', 'connected', panel],
    ]);
    for (const name of ['keys.json', 'running.json'])
      expect(statSync(join(data, 'sandbox', name)).mode & 0o777).toBe(0o600);
    expect(await (await fetchDeclared(`${program.url}/health`)).json()).toMatchObject({
      status: 'healthy',
      checks: {
        platform_connections: { platform_c: { status: 'healthy', message: 'Platform answers' } },
      },
    });
    expect([await balanceOf('c_1001'), await balanceOf('c_1002')]).toEqual([
      { status: 200, balance: 800 },
      { status: 200, balance: 800 },
    ]);

    expect((await faults('--set', 'error_500=1', 'seed=7')).stdout).toMatch(
      /^fault +value\nlatency_ms +0\nerror_500 +1\n/,
    );
    expect((await balanceOf('c_1001')).status).toBe(503);
    expect(JSON.parse((await faults('--set', 'down=true', '--json')).stdout)).toMatchObject({
      faults: { error_500: 1, seed: 7, down: true },
    });
    expect(await faults('--set', 'bogus=1')).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('There is no fault bogus'),
    });
    expect(await faults('--clear')).toMatchObject({ code: 0 });
    expect(await balanceOf('c_1001')).toEqual({ status: 200, balance: 800 });

    const moved = await call('platform_a', 'POST', '/api/points/transfer', {
      from_user_id: 'a_1001',
      to_user_id: 'c_1001',
      amount: 100,
      target_platform: 'platform_c',
    });
    expect(moved).toMatchObject({
      status: 200,
      body: { status: 'completed', credited_amount: 125 },
    });
    expect(await balanceOf('c_1001')).toEqual({ status: 200, balance: 925 });

    const { pid = 0 } = running();
    expect(isAlive(pid)).toBe(true);
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(isAlive(pid)).toBe(false);
    expect(program.stderr).not.toMatch(/"level":"(error|fatal)"|is made to/);
    expect(await faults()).toMatchObject({
      code: 69,
      stderr: expect.stringContaining('The sandbox does not answer'),
    });
  },
  LIMIT_MS,
);

test(
  'brings it back where it was when it dies, and it has lost nothing',
  async () => {
    await start();
    const first = running();
    process.kill(first.pid ?? 0, 'SIGKILL');
    await vi.waitUntil(() => running().pid !== first.pid, PATIENCE_MS);
    await vi.waitUntil(is800, PATIENCE_MS);
    expect(running().url).toBe(first.url);
    expect(
      JSON.parse((await runInProcess(['connector', 'show', '--data', data, '--json'])).stdout),
    ).toMatchObject({
      connections: [{ platform_id: 'platform_c', url: first.url, changed_by: 'sandbox' }],
    });
  },
  LIMIT_MS,
);

test(
  'leaves none behind when the network is killed, and the next start goes on with the same',
  async () => {
    const program = await start();
    const first = running();
    const before = platformC();
    await program.stop('SIGKILL');
    await vi.waitUntil(() => !isAlive(first.pid ?? 0), PATIENCE_MS);
    await start();
    expect(running().url).toBe(first.url);
    expect(platformC()).toEqual(before);
    expect(await balanceOf('c_1001')).toEqual({ status: 200, balance: 800 });
  },
  LIMIT_MS,
);

test(
  'a network that began without it keeps platform_c hosted',
  async () => {
    await (await start('--no-sandbox')).stop();
    expect(platformC()).toMatchObject({ custody: 'hosted' });
    const program = await start();
    expect(program.stdout).not.toContain('Sandbox');
    expect(platformC()).toMatchObject({ custody: 'hosted' });
    expect(platformC()).not.toHaveProperty('fault_panel');
    expect(await balanceOf('c_1001')).toEqual({ status: 200, balance: 800 });
    expect(await faults()).toMatchObject({
      code: 69,
      stderr: expect.stringContaining('No sandbox runs in this data folder'),
    });
  },
  LIMIT_MS,
);
