// The life of the program on one machine: start, stop, crash, start again, and every mistake a
// person makes on the way.

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { createTestDatabase } from '../fixtures/database.ts';
import { fetchDeclared } from '../fixtures/fetch-declared.ts';
import { patience } from '../fixtures/patience.ts';
import {
  runProgram,
  spawnProgram,
  startProgram,
  type RunningProgram,
} from '../fixtures/program.ts';

let parent: string;
let data: string;
let programs: RunningProgram[];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'pontis-start-'));
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

test('starts from nothing, says where to look, and stops in order on Ctrl-C', async () => {
  const program = await start();
  expect(program.stdout).toMatch(/Pontis is ready after \d+\.\d s\./);
  expect(await fetchDeclared(`${program.url}/health/live`)).toBeInstanceOf(Response);
  // Figures are for a monitor on this machine, or for whoever has a token.
  const metrics = /Metrics +(http:\/\/127\.0\.0\.1:\d+\/metrics)/.exec(program.stdout)?.[1] ?? '';
  expect(await (await fetch(metrics)).text()).toContain('pontis_http_request_seconds');
  expect((await fetch(`${program.url}/metrics`)).status).toBe(401);
  const { scrape_token: token } = JSON.parse(
    readFileSync(join(data, 'credentials.json'), 'utf8'),
  ) as { scrape_token: string };
  expect(
    (await fetch(`${program.url}/metrics`, { headers: { authorization: `Bearer ${token}` } }))
      .status,
  ).toBe(200);
  expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
  expect(program.stderr).toContain('"msg":"stopped"');
  await expect(fetch(metrics)).rejects.toThrow();
  await expect(fetch(program.url)).rejects.toThrow();
});

test('stops on SIGTERM as well, also while it is still starting', async () => {
  const program = spawnProgram(['start', '--data', data, '--port', '0']);
  programs.push(program);
  while (!existsSync(join(data, 'lock'))) await sleep(10);
  expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a client that never finishes its request does not keep the program alive', async () => {
  const program = await startProgram(['--data', data], { PONTIS_DRAIN_TIMEOUT_MS: '300' });
  programs.push(program);
  const client = createConnection(Number(new URL(program.url).port), '127.0.0.1');
  client.on('error', () => undefined);
  client.write('POST /api/points/earn HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n');
  await sleep(100);
  const asked = performance.now();
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  expect(performance.now() - asked).toBeLessThan(patience(5_000));
  client.destroy();
});

test('starts again by itself after kill -9 of the program, and of program and PostgreSQL together', async () => {
  const first = await start();
  await first.stop('SIGKILL');
  const second = await start();
  const { pid } = JSON.parse(readFileSync(join(data, 'postgres.json'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await second.stop('SIGKILL');
  const third = await start();
  expect(await third.stop()).toEqual({ code: 0, signal: null });
});

test('a second start on the same data folder names the first one', async () => {
  const first = await start();
  const second = await runProgram(['start', '--data', data, '--port', '0']);
  expect(second.code).toBe(75);
  expect(second.stderr).toBe(
    `pontis: The data folder ${data} is in use by a running Pontis (process ${first.pid}). ` +
      `Stop that one first, or choose another folder with --data.\n`,
  );
});

test('a port in use is told with the way out', async () => {
  const other = createServer();
  await new Promise<void>((done) => void other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as AddressInfo;
  const program = await runProgram(['start', '--data', data, '--port', String(port)]);
  await new Promise((done) => void other.close(done));
  expect(program.code).toBe(69);
  expect(program.stderr).toMatch(
    new RegExp(`^pontis: Port ${port} on 127\\.0\\.0\\.1 is in use by another program\\. .*--port`),
  );
});

test('a wrong DATABASE_URL is told without its password', async () => {
  const program = await runProgram(['start', '--data', data, '--port', '0'], {
    DATABASE_URL: 'postgres://u:hush@127.0.0.1:1/x',
  });
  expect(program.code).toBe(69);
  expect(program.stderr).toMatch(
    /^pontis: The PostgreSQL server at 127\.0\.0\.1:1\/x cannot be reached/,
  );
  expect(program.stderr).not.toContain('hush');
});

test('two processes of different roles share one external database', async () => {
  await using database = await createTestDatabase({ migrated: false });
  const environment = { DATABASE_URL: database.url };
  const [api, worker] = await Promise.all([
    startProgram(['--data', data, '--role', 'api', '--no-demo'], environment),
    startProgram(['--data', data, '--role', 'worker', '--no-demo'], environment),
  ]);
  expect(api.url).toMatch(/^http:/);
  expect(worker.url).toBe('');
  expect((await Promise.all([api.stop(), worker.stop()])).map((exit) => exit.code)).toEqual([0, 0]);
});

test('commands work beside a running program, and without one', async () => {
  const program = await start();
  expect((await runProgram(['migrate', '--data', data])).stdout).toMatch(
    /^The schema is up to date/,
  );
  await program.stop();
  expect(
    JSON.parse((await runProgram(['migrate', '--data', data, '--json'])).stdout),
  ).toMatchObject({ applied: [] });
});

test.each([
  [['start', '--port', 'abc'], 64, /^pontis: --port must be a whole number/],
  [['start', '--bogus'], 64, /unknown option '--bogus'/],
  [['bogus'], 64, /unknown command 'bogus'/],
])('%j is a usage error', async (args, code, said) => {
  const program = await runProgram(args);
  expect(program.code).toBe(code);
  expect(program.stderr).toMatch(said);
});
