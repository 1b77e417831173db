// The operator's commands on a real database: what they do, print and exit with. Those whose point
// is the process are run as one.

import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, MIGRATIONS_DIR } from '../../src/runtime/migrate.ts';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { runProgram } from '../fixtures/program.ts';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'pontis-commands-'));
  for (const platform of ['platform_a', 'shop'])
    expect(await pontis('platform', 'add', platform)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database?.drop();
});

function environment(): Record<string, string> {
  return { DATABASE_URL: database.url, PONTIS_DATA: join(folder, 'data') };
}

function pontis(...args: string[]): ReturnType<typeof runInProcess> {
  return runInProcess(args, environment());
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function importing(path: string, ...more: string[]): string[] {
  return [
    'import',
    'earnings',
    path,
    '--platform',
    'shop',
    '--map',
    'user=u,amount=a,reference=r',
    ...more,
  ];
}

/** What the members of a platform hold, from the accounts. */
async function heldOf(platform: string): Promise<bigint> {
  const { rows } = await database.pool.query<{ sum: string }>(
    `select coalesce(sum(credits_posted - debits_posted), 0)::text as sum from ledger.account
        join ledger.asset using (asset_id)
      where code = $1 and purpose in ('lot', 'debt')`,
    [platform],
  );
  return BigInt(rows[0]?.sum ?? 0);
}

describe('help', () => {
  it('lists the commands', async () => {
    const { code, stdout } = await runProgram(['help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^  transfers /m);
  });

  it.each([
    [['auditt']],
    [['import', 'earnings']],
    [['audit', '--nonsense']],
    [['export', 'journal', '--format', 'xml']],
    [['export', 'journal', '--json']],
    [['backtest']],
    [['backtest', 'no-such-proposal']],
    [['backtest', 'x.json', '--days', '0']],
  ])('%j exits 64', async (args) => {
    expect(await runProgram(args, environment())).toMatchObject({ code: 64 });
  });
});

describe('pontis platform', () => {
  it('adds a platform, lists it, issues tokens and rotates its secret', async () => {
    const added = await pontis(
      'platform',
      'add',
      'airline',
      '--name',
      'Air Line',
      '--reserve-cap',
      '1000.5',
      '--json',
    );
    const { platform_id, secret, token } = JSON.parse(added.stdout);
    expect([platform_id, secret.slice(0, 3), token.split('.').length]).toEqual([
      'airline',
      'sk_',
      3,
    ]);
    const { platforms } = JSON.parse((await pontis('platform', 'list', '--json')).stdout);
    expect(
      platforms.find((row: { platform_id: string }) => row.platform_id === 'airline'),
    ).toMatchObject({
      name: 'Air Line',
      custody: 'hosted',
      state: 'active',
      clawback: 'debt',
      reserve_cap: '0.0000',
      reserve_used: '0.0000',
    });
    expect((await pontis('platform', 'list')).stdout).toContain('airline');
    const rotated = JSON.parse(
      (await pontis('platform', 'rotate-secret', 'airline', '--json')).stdout,
    );
    expect(rotated.secret).not.toBe(secret);
    expect(await pontis('platform', 'signing', 'airline', 'rfc9421')).toMatchObject({
      code: 0,
      stdout: 'airline signs with: rfc9421\n',
    });
    expect(JSON.parse((await pontis('platform', 'list', '--json')).stdout)).toMatchObject({
      platforms: expect.arrayContaining([
        expect.objectContaining({ platform_id: 'airline', signing: 'rfc9421' }),
      ]),
    });
    const reissued = await pontis('platform', 'token', 'airline', '--days', '1', '--revoke');
    expect(reissued.stdout.trim().split('.')).toHaveLength(3);
  });

  it.each([
    [['add', 'shop'], 65],
    [['add', 'No!'], 65],
    [['token', 'nobody'], 65],
    [['rotate-secret', 'nobody'], 65],
    [['signing', 'nobody', 'any'], 65],
    [['signing', 'shop', 'rot13'], 64],
    [['add', 'x_y', '--multiplier', '0'], 64],
    [['add', 'x_y', '--reserve-cap', '1.23456'], 64],
    [['token', 'shop', '--days', '0'], 64],
  ])('%j exits %i', async (args, code) => {
    const result = await pontis('platform', ...args);
    expect(result.code).toBe(code);
    expect(result.stderr).not.toContain('defect');
  });
});

describe('pontis operator', () => {
  it('adds an operator, lists it, replaces its token, suspends and resumes it', async () => {
    const added = JSON.parse((await pontis('operator', 'add', 'maker', '--json')).stdout);
    expect(added).toEqual({ operator_id: 'maker', token: expect.stringMatching(/^op_[\w-]{43}$/) });
    expect((await pontis('operator', 'add', 'checker')).stdout).toMatch(
      /^operator_id {2}checker\ntoken {8}op_[\w-]{43}\n$/,
    );
    // Once there are two, both say so.
    expect(await pontis('operator', 'token', 'maker')).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('A second person is needed'),
    });
    const checker = (
      await pontis('operator', 'recover', 'checker', '--reason', 'both tokens are lost')
    ).stdout.trim();
    expect(checker).toMatch(/^op_[\w-]{43}$/);
    const byTwo = async (...args: readonly string[]): Promise<string> => {
      const { request_id: id } = JSON.parse(
        (await pontis(...args, '--as-token', added.token, '--json')).stdout,
      ) as { request_id: string };
      return (await pontis('requests', 'approve', id, '--as-token', checker, '--json')).stdout;
    };
    expect(JSON.parse(await byTwo('operator', 'token', 'checker'))).toMatchObject({
      state: 'done',
      secrets: { token: expect.stringMatching(/^op_/) },
    });
    const audited = (await pontis('audit')).stdout;
    expect(audited).toMatch(
      /\noperator {5}checker \(active\)\n {2}added at \S+ by nobody, as one of the first\n {2}recovered at \S+ by the owner of the machine: both tokens are lost\n {2}token at \S+ by maker and checker\n/,
    );
    expect(await pontis('operator', 'suspend', 'maker')).toMatchObject({
      code: 0,
      stdout: 'maker is suspended.\n',
    });
    const listed = JSON.parse((await pontis('operator', 'list', '--json')).stdout);
    expect(listed).toEqual({
      operators: [
        ['checker', 'active'],
        ['maker', 'suspended'],
      ].map(([operator_id, state]) => expect.objectContaining({ operator_id, state })),
    });
    expect(await pontis('operator', 'resume', 'maker')).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('A second person is needed'),
    });
    expect((await pontis('operator', 'list')).stdout).toMatch(
      /^operator_id {2}state +created_at +added_by +token_by\nchecker +active +\S+ +nobody: it was among the first +maker, checker\n/,
    );
  });

  it.each([
    [['add', 'shop-keeper', 'x'], 64],
    [['add', 'No!'], 65],
    [['token', 'nobody'], 65],
    [['suspend', 'nobody'], 65],
    [['resume', 'nobody'], 65],
    [['recover', 'nobody', '--reason', 'x'], 65],
    [['add'], 64],
  ])('%j exits %i', async (args, code) => {
    const result = await pontis('operator', ...args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).not.toContain('defect');
  });
});

const minorUnits = (text: string): bigint => BigInt(text.replace('.', ''));

describe('pontis backtest and report', () => {
  beforeAll(
    async () =>
      void expect(
        await pontis(...importing(file('report.csv', 'u,a,r\nreported,10,report-1\n'))),
      ).toMatchObject({ code: 0 }),
  );

  it('shows what a rulebook in a file would have changed', async () => {
    const {
      rows: [row],
    } = await database.pool.query<{ document: Record<string, object> }>(
      'select document from valuation.rulebook order by version desc limit 1',
    );
    const path = file(
      'next.json',
      JSON.stringify({
        ...row?.document,
        rules: { no_earn: { kind: 'deny', operations: ['earn'], reason: 'no' } },
      }),
    );
    const json = JSON.parse((await pontis('backtest', path, '--days', '2', '--json')).stdout);
    expect(json.complete).toBe(true);
    const shop = json.platforms.find((row: { platform_id: string }) => row.platform_id === 'shop');
    expect(shop.denied['rules/no_earn']).toBeGreaterThan(0);
    const text = await pontis('backtest', path);
    expect(text).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+ of \d+ transactions from .* would have changed\.\n/),
    });
    expect(text.stdout).toMatch(/^shop {2,}denied {2,}rules\/no_earn {2,}\d+$/m);
    expect(text.stdout).toContain('- Users have the tags that they have now.');
    expect(await pontis('backtest', '00000000-0000-4000-8000-000000000000')).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('Proposal not found'),
    });
    expect(await pontis('backtest', file('bad.json', '{"rules": {}}'))).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('is not a valid rulebook'),
    });
    expect(await pontis('backtest', join(folder, 'nowhere.json'))).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('cannot be read'),
    });
  });

  it('adds up what a platform owes its users', async () => {
    const json = JSON.parse(
      (await pontis('report', 'liability', '--platform', 'shop', '--json')).stdout,
    );
    const [{ outstanding, debt, ...row }] = json.platforms;
    expect(row.platform_id).toBe('shop');
    expect(minorUnits(outstanding) - minorUnits(debt)).toBe(await heldOf('shop'));
    const text = await pontis('report', 'liability');
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/^ .* platform_a +shop$/m);
    expect(text.stdout).toMatch(/^Breakage: estimate = /m);
    expect(await pontis('report', 'liability', '--platform', 'nobody')).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('Platform not found'),
    });
  });
});

describe('pontis audit and export', () => {
  it('names what is broken and exits 1', async () => {
    await database.pool.query(
      `update ledger.account set credits_posted = credits_posted + 1
          where (bucket, account_id) = (select bucket, account_id from ledger.account
          where purpose = 'lot' order by 1, 2 limit 1)`,
    );
    try {
      const text = await runProgram(['audit'], environment());
      expect(text.code).toBe(1);
      expect(text.stdout).toMatch(
        /invariant 3 {2}BROKEN {2}counters_equal_entries: 1 row\n.*\n {4}bucket=\d+ account_id=\d+ purpose=lot/,
      );
      expect(text.stdout).toMatch(/of \d+ checks are BROKEN/);
      const json = await pontis('audit', '--json');
      expect(JSON.parse(json.stdout)).toMatchObject({ ok: false });
    } finally {
      await database.pool.query(
        `update ledger.account set credits_posted = credits_posted - 1
            where (bucket, account_id) = (select bucket, account_id from ledger.account
            where purpose = 'lot' order by 1, 2 limit 1)`,
      );
    }
    expect(JSON.parse((await pontis('audit', '--json')).stdout)).toMatchObject({ ok: true });
  });

  it('writes the journal whole or not at all', async () => {
    const path = join(folder, 'journal.csv');
    const result = await pontis('export', 'journal', '--format', 'csv', '--output', path, '--json');
    const { entries } = JSON.parse(result.stdout);
    expect(readFileSync(path, 'utf8').split('\r\n')).toHaveLength(entries + 2);
    expect(
      await pontis('export', 'journal', '--output', join(folder, 'no', 'such', 'folder')),
    ).toMatchObject({ code: 73 });
    expect(await pontis('export', 'journal', '--output', folder)).toMatchObject({ code: 73 });
  });

  it('ends quietly when its reader has seen enough', async () => {
    const child = spawn(
      '/bin/sh',
      ['-c', `"${process.execPath}" src/main.ts export journal | head -n 1`],
      {
        cwd: join(import.meta.dirname, '..', '..'),
        env: { ...process.env, ...environment() },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    expect(await new Promise((done) => void child.once('close', done))).toBe(0);
    expect(stdout).toMatch(/^; Journal/);
    expect(stderr).not.toMatch(/EPIPE|defect/);
  });

  it('tells what to do with a database of an older version, and leaves it as it is', async () => {
    await using older = await createTestDatabase({ migrated: false });
    const first = join(folder, 'migrations');
    mkdirSync(first);
    for (const name of readdirSync(MIGRATIONS_DIR).toSorted().slice(0, 14))
      copyFileSync(join(MIGRATIONS_DIR, name), join(first, name));
    await migrate(older.pool, older.log, first);
    for (const command of [['audit'], ['export', 'journal', '--format', 'hledger']]) {
      const told = await runInProcess(command, { DATABASE_URL: older.url });
      expect(told).toMatchObject({
        code: 78,
        stdout: '',
        stderr: expect.stringMatching(
          /^pontis: The database is older than .* 14 of \d+ .*pontis migrate/m,
        ),
      });
    }
    expect(
      (await older.pool.query('select count(*)::integer as n from pontis.migration')).rows,
    ).toEqual([{ n: 14 }]);
    expect(await runInProcess(['migrate'], { DATABASE_URL: older.url })).toMatchObject({ code: 0 });
    expect((await runInProcess(['audit'], { DATABASE_URL: older.url })).stderr).not.toContain(
      'older',
    );
  });

  it('tells when there is no network, or no database', async () => {
    await using empty = await createTestDatabase({ migrated: false });
    expect(await runInProcess(['audit'], { DATABASE_URL: empty.url })).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('no Pontis network'),
    });
    expect(await runInProcess(['audit', '--data', join(folder, 'typo')])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('no Pontis network'),
    });
    expect(
      await runInProcess(['audit'], { DATABASE_URL: 'postgres://x@127.0.0.1:1/x' }),
    ).toMatchObject({ code: 69 });
  });
});
