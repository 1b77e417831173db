// The embedded PostgreSQL recovers from everything that a crash leaves behind, and lets nobody in
// without the password.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { connect, type DedicatedClient } from './database.ts';
import { DataFolderInUse } from './data-lock.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts';
import { createLog } from './log.ts';

const log = createLog('silent');
const asRoot = process.getuid?.() === 0;
let parent: string;
let dataDir: string;
let running: EmbeddedPostgres[];
let clients: DedicatedClient[];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'pontis-embedded-'));
  chmodSync(parent, 0o711);
  dataDir = join(parent, 'data');
  running = [];
  clients = [];
});

afterEach(async () => {
  for (const client of clients) await client.end().catch(() => undefined);
  for (const server of running) await server.stop();
  rmSync(parent, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dataDir,
    log,
    settings: { shared_buffers: '32MB' },
  });
  running.push(server);
  return server;
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = await connect({ url, log, applicationName: 'test' });
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Waits until the server answers again. */
async function askWhenBack(url: string, sql: string): Promise<Record<string, unknown>[]> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask(url, sql);
    } catch (error) {
      if (attempt === 200) throw error;
      await sleep(25);
    }
  }
}

/** A backend that computes, and so does not notice the death of its postmaster. */
async function startBusyBackend(url: string): Promise<void> {
  const client = await connect({ url, log, applicationName: 'busy', statementTimeoutMs: 0 });
  clients.push(client);
  client.query('select count(*) from generate_series(1, 1e12)').catch(() => undefined);
  await sleep(50);
}

test('a new folder gets a UTF-8 database that survives a stop', async () => {
  const first = await start();
  expect(
    await ask(
      first.url,
      `select current_database() as db, current_setting('server_encoding') as encoding, rolsuper
          from pg_roles where rolname = current_user`,
    ),
  ).toEqual([{ db: 'pontis', encoding: 'UTF8', rolsuper: false }]);
  await ask(first.url, `create table t as select '积分' as word`);
  await first.stop();
  expect(existsSync(join(dataDir, 'postgres.json'))).toBe(false);
  const second = await start();
  expect(await ask(second.url, 'select word from t')).toEqual([{ word: '积分' }]);
});

test('nobody gets in without the password, and its file is for the owner only', async () => {
  const server = await start();
  const stranger = new URL(server.url);
  stranger.password = 'guess';
  await expect(ask(stranger.href, 'select 1')).rejects.toThrow('password authentication failed');
  stranger.username = 'postgres';
  await expect(ask(stranger.href, 'select 1')).rejects.toThrow('password authentication failed');
  for (const name of ['postgres.password', 'postgres.json', 'lock'])
    expect(statSync(join(dataDir, name)).mode & 0o077).toBe(0);
});

test('a second start on the same folder is refused while the first lives', async () => {
  const server = await start();
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toThrow(DataFolderInUse);
  expect(await ask(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a postmaster that is killed under load comes back on the same port with every committed row', async () => {
  const server = await start();
  await ask(server.url, 'create table t as select 7 as x');
  await startBusyBackend(server.url);
  const pid = server.pid;
  process.kill(pid, 'SIGKILL');
  expect(await askWhenBack(server.url, 'select x from t')).toEqual([{ x: 7 }]);
  expect(server.pid).not.toBe(pid);
});

test('the server ends with a program that is killed, and the next start needs no help', async () => {
  const script = `
    import { startEmbeddedPostgres }
      from ${JSON.stringify(join(import.meta.dirname, 'embedded-postgres.ts'))};
    import { createLog } from ${JSON.stringify(join(import.meta.dirname, 'log.ts'))};
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)},
      log: createLog('silent') });
    console.log(server.url);
    process.kill(process.pid, 'SIGKILL');`;
  let url = '';
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  } catch (error) {
    url = (error as { stdout: string }).stdout.trim();
  }
  expect(url).toMatch(/^postgres:/);
  expect(existsSync(join(dataDir, 'lock.pid'))).toBe(true);
  const next = await start();
  expect(await ask(next.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test.skipIf(process.platform !== 'linux')(
  'busy backends that lost both program and postmaster are ended by the next start',
  async () => {
    const script = `
    import { startEmbeddedPostgres }
      from ${JSON.stringify(join(import.meta.dirname, 'embedded-postgres.ts'))};
    import { connect } from ${JSON.stringify(join(import.meta.dirname, 'database.ts'))};
    import { createLog } from ${JSON.stringify(join(import.meta.dirname, 'log.ts'))};
    const log = createLog('silent');
    const server = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, log });
    const client = await connect({ url: server.url, log, applicationName: 'busy',
      statementTimeoutMs: 0 });
    await client.query('create table t as select 9 as x');
    client.query('select count(*) from generate_series(1, 1e12)').catch(() => undefined);
    await new Promise((done) => setTimeout(done, 50));
    process.kill(server.pid, 'SIGKILL');
    process.kill(process.pid, 'SIGKILL');`;
    expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', script])).toThrow();
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(true);
    const next = await start();
    expect(await ask(next.url, 'select x from t')).toEqual([{ x: 9 }]);
    expect(
      await ask(
        next.url,
        `select count(*)::int as n from pg_stat_activity where application_name = 'busy'`,
      ),
    ).toEqual([{ n: 0 }]);
  },
);

test('a stale pid file that names a living foreign process is no obstacle', async () => {
  await (await start()).stop();
  const lines = [process.pid, join(dataDir, 'postgres'), 1, 5432, '', '127.0.0.1', '0 0', 'ready'];
  writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), `${lines.join('\n')}\n`, {
    mode: 0o644,
  });
  writeFileSync(join(dataDir, 'lock.pid'), `${process.pid}\n`);
  const next = await start();
  expect(await ask(next.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('an initialisation that was cut off is started afresh', async () => {
  mkdirSync(join(dataDir, 'postgres.new-1', 'data'), { recursive: true });
  mkdirSync(join(dataDir, 'postgres', 'base'), { recursive: true });
  chmodSync(dataDir, 0o711);
  writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '18\n');
  const server = await start();
  expect(await ask(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  const names = readdirSync(dataDir);
  expect(names).not.toContain('postgres.new-1');
  // Never deleted: it is kept for inspection.
  expect(names.some((name) => name.startsWith('postgres.incomplete-'))).toBe(true);
});

test('a lost password file is replaced without touching the data', async () => {
  const first = await start();
  await ask(first.url, 'create table t as select 5 as x');
  await first.stop();
  rmSync(join(dataDir, 'postgres.password'));
  const second = await start();
  expect(second.url).not.toBe(first.url);
  expect(await ask(second.url, 'select x from t')).toEqual([{ x: 5 }]);
});

test('when the port of last time is taken, another is used', async () => {
  const first = await start();
  await first.stop();
  const other = createServer();
  await new Promise<void>((done) => void other.listen(0, '127.0.0.1', done));
  const taken = (other.address() as AddressInfo).port;
  writeFileSync(join(dataDir, 'postgres.json'), JSON.stringify({ pid: 1, port: taken }));
  const second = await start();
  expect(second.port).not.toBe(taken);
  expect(JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8'))).toMatchObject({
    port: second.port,
  });
  await new Promise((done) => void other.close(done));
});

test.runIf(asRoot)(
  'under a folder that only root may enter, root still gets its database, and back again',
  async () => {
    chmodSync(parent, 0o700);
    const closed = await start();
    await ask(closed.url, 'create table t as select 3 as x');
    await closed.stop();
    chmodSync(parent, 0o711);
    chmodSync(dataDir, 0o711);
    const open = await start();
    expect(await ask(open.url, 'select x from t')).toEqual([{ x: 3 }]);
    await open.stop();
    chmodSync(parent, 0o700);
    const closedAgain = await start();
    expect(await ask(closedAgain.url, 'select x from t')).toEqual([{ x: 3 }]);
  },
);

test('a folder that is a file is refused in a sentence', async () => {
  writeFileSync(dataDir, '');
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toThrow(
    /data folder .* cannot be created|is not a folder/,
  );
});
