// `pontis connector test` as an operator runs it: what it prints, and what it exits with.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startBrokenConnector } from '../fixtures/broken-connector.ts';
import { runInProcess } from '../fixtures/command.ts';
import { SANDBOX, startSandbox, type RunningSandbox } from '../fixtures/sandbox.ts';

let folder: string;
let sandbox: RunningSandbox;
const environment = {
  PONTIS_CONNECTOR_TOKEN: SANDBOX.token,
  PONTIS_CONNECTOR_SECRET: SANDBOX.secret,
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pontis-connector-'));
  sandbox = await startSandbox(folder, { ann: '5' });
});
afterAll(async () => {
  await sandbox?.program.stop();
  rmSync(folder, { recursive: true, force: true });
});

function connectorTest(...args: string[]): ReturnType<typeof runInProcess> {
  return runInProcess(['connector', 'test', ...args], environment);
}

describe('pontis connector test', () => {
  it('passes on the sandbox with exit code 0', async () => {
    const { code, stdout, stderr } = await connectorTest(
      sandbox.target.url,
      '--platform',
      'platform_c',
      '--user',
      'ann',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ok {7}user_known\n/);
    expect(stdout).toMatch(/\nAll \d\d checks pass\.\n$/);
  });

  it('names what fails and why, with exit code 1', async () => {
    const broken = await startBrokenConnector(sandbox.target, 'no_tombstone');
    const { code, stdout } = await connectorTest(
      broken.target.url,
      '--platform',
      'platform_c',
      '--user',
      'ann',
    );
    const json = await connectorTest(
      broken.target.url,
      '--platform',
      'platform_c',
      '--user',
      'ann',
      '--json',
    );
    await broken.close();
    expect(code).toBe(1);
    expect(stdout).toContain(
      '\nFAILS    reverse_before_add\n  Expected: A reverse of a transaction not seen ' +
        'yet is answered with 200 and remembered: its add, arriving late, is refused.\n    The ' +
        'add arriving late was answered with 200 instead of',
    );
    expect(stdout).toMatch(
      /3 of \d\d checks FAIL: reverse_before_deduct, reverse_before_add, lookup_reversed\.\n$/,
    );
    expect(json.code).toBe(1);
    const report = JSON.parse(json.stdout) as {
      ok: boolean;
      checks: { name: string; state: string }[];
    };
    expect([
      report.ok,
      report.checks.find(({ name }) => name === 'reverse_before_add')?.state,
    ]).toEqual([false, 'failed']);
  });

  it('with another token, or with nobody there, fails', async () => {
    const wrong = await connectorTest(
      sandbox.target.url,
      '--platform',
      'platform_c',
      '--user',
      'ann',
      '--token',
      'other',
    );
    expect(wrong).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('FAILS    user_known'),
    });
    expect(await connectorTest('http://127.0.0.1:45999', '--platform', 'platform_c')).toMatchObject(
      { code: 1, stdout: expect.stringContaining('cannot be reached') },
    );
  });

  it.each([
    [['x', '--platform', 'platform_c']],
    [['ftp://x', '--platform', 'platform_c']],
    [['http://x']],
    [['http://x', '--platform', 'No!']],
    [['http://x', '--platform', 'platform_c', '--timeout', '0']],
    [['http://x', '--platform', 'platform_c', '--token', '']],
  ])('%j exits 64', async (args) => {
    expect(await connectorTest(...args)).toMatchObject({ code: 64 });
  });

  it('explains itself', async () => {
    const { code, stdout } = await connectorTest('--help');
    expect([code, stdout.includes('--json'), stdout.includes('Exit codes:')]).toEqual([
      0,
      true,
      true,
    ]);
  });
});
