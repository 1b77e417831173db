// Connecting a platform from the command line, on a real database with a real
// platform.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { SANDBOX, startSandbox, type RunningSandbox } from '../fixtures/sandbox.ts';

// Each story runs several programs.

let database: TestDatabase;
let folder: string;
let sandbox: RunningSandbox | undefined;
let maker: string;
let checker: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'pontis-connections-'));
  expect(await pontis(['platform', 'add', 'shop'])).toMatchObject({ code: 0 });
  maker = (
    JSON.parse((await pontis(['operator', 'add', 'maker', '--json'])).stdout) as { token: string }
  ).token;
  checker = (
    JSON.parse((await pontis(['operator', 'add', 'checker', '--json'])).stdout) as { token: string }
  ).token;
});
afterAll(async () => {
  await sandbox?.program.stop('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
  await database?.drop();
});

function pontis(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ReturnType<typeof runInProcess> {
  return runInProcess(args, {
    DATABASE_URL: database.url,
    PONTIS_DATA: join(folder, 'data'),
    PONTIS_ALLOW_PRIVATE_TARGETS: '127.0.0.0/8',
    ...environment,
  });
}

/** Asked by one operator, approved by the other. */
async function byTwo(args: readonly string[]): Promise<string> {
  const asked = await pontis([...args, '--json'], asMaker());
  expect(asked).toMatchObject({ code: 0 });
  const { request_id: id } = JSON.parse(asked.stdout) as { request_id: string };
  const approved = await pontis(['requests', 'approve', id], { PONTIS_OPERATOR_TOKEN: checker });
  expect(approved).toMatchObject({ code: 0 });
  return approved.stdout;
}

const asMaker = (): Record<string, string> => ({
  PONTIS_OPERATOR_TOKEN: maker,
  PONTIS_CONNECTOR_TOKEN: SANDBOX.token,
});

it('a platform comes in connected, is tried as the network calls it, moves and is forgotten', async () => {
  const added = await pontis([
    'platform',
    'add',
    'platform_c',
    '--custody',
    'connected',
    '--connector-url',
    'http://127.0.0.1:45999',
    '--connector-token',
    SANDBOX.token,
    '--json',
  ]);
  expect(added).toMatchObject({ code: 0 });
  const { secret } = JSON.parse(added.stdout) as { secret: string };
  const {
    rows: [asset],
  } = await database.pool.query<{ custody: string; scale: number }>(
    `select custody, scale from ledger.asset where code = 'platform_c'`,
  );
  expect(asset).toEqual({ custody: 'connected', scale: 2 });

  sandbox = await startSandbox(folder, { ann: '5' }, ['--secret', secret]);
  expect(JSON.parse((await pontis(['connector', 'show', '--json'])).stdout)).toMatchObject({
    connections: [
      { platform_id: 'platform_c', url: 'http://127.0.0.1:45999', changed_by: 'onboarding' },
    ],
  });
  expect(await pontis(['connector', 'test', 'platform_c'])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('cannot be reached'),
  });
  const moved = await byTwo(['connector', 'set', 'platform_c', '--url', sandbox.target.url]);
  expect(moved).toBe(
    `done: Call platform_c at ${sandbox.target.url}, with the token that was given, also for ` +
      `transfers under way.\n`,
  );
  expect(await pontis(['connector', 'test', 'platform_c', '--user', 'ann'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\nAll \d\d checks pass\.\n$/),
  });
  const shown = await pontis(['connector', 'show', 'platform_c']);
  expect(shown.stdout).toMatch(
    new RegExp(
      `^platform_id {2}url +changed_by +changed_at\nplatform_c {3}${sandbox.target.url} ` +
        `{2}maker, checker {2}\\S+Z\n$`,
    ),
  );
  expect(shown.stdout).not.toContain(SANDBOX.token);
  expect(await byTwo(['connector', 'remove', 'platform_c'])).toBe(
    'done: Call platform_c no more; its transfers under way wait.\n',
  );
  expect(await pontis(['connector', 'test', 'platform_c'])).toMatchObject({
    code: 65,
    stderr: expect.stringMatching(/^pontis: Connection not found\./m),
  });
  expect(
    JSON.parse((await pontis(['connector', 'show', 'platform_c', '--json'])).stdout),
  ).toMatchObject({ connections: [{ url: null }] });
});

it.each([
  [
    [
      'platform',
      'add',
      'other',
      '--connector-url',
      'http://127.0.0.1:45999',
      '--connector-token',
      'x',
    ],
    65,
    'Platform is hosted',
  ],
  [
    [
      'platform',
      'add',
      'other',
      '--custody',
      'connected',
      '--connector-url',
      'ftp://x',
      '--connector-token',
      'x',
    ],
    65,
    'neither http nor https',
  ],
  [
    ['platform', 'add', 'other', '--custody', 'connected', '--connector-token', 'x'],
    64,
    '--connector-url',
  ],
  [['connector', 'set', 'shop', '--url', 'http://127.0.0.1:45999'], 65, 'Platform is hosted'],
  [['connector', 'set', 'nobody', '--url', 'http://127.0.0.1:45999'], 65, 'Platform not found'],
  [['connector', 'set', 'shop'], 64, '--url'],
  [['connector', 'show', 'shop'], 65, 'Platform is hosted'],
  [['connector', 'test', 'shop'], 65, 'Platform is hosted'],
  [['connector', 'remove', 'shop'], 65, 'Connection not found'],
])('%j exits %i', async (args, code, said) => {
  const result = await pontis(args, asMaker());
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr).toContain(said);
});

it('what is refused leaves no platform behind', async () => {
  const { platforms } = JSON.parse((await pontis(['platform', 'list', '--json'])).stdout) as {
    platforms: { platform_id: string; custody: string }[];
  };
  expect(platforms.map(({ platform_id, custody }) => [platform_id, custody])).toEqual([
    ['platform_c', 'connected'],
    ['shop', 'hosted'],
  ]);
});

it('nobody sets or removes a connection without saying who', async () => {
  for (const args of [
    ['connector', 'set', 'platform_c', '--url', 'http://127.0.0.1:45999', '--token', 'x'],
    ['connector', 'remove', 'platform_c'],
  ]) {
    expect(await pontis(args)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('PONTIS_OPERATOR_TOKEN'),
    });
  }
});

it('an address of a private network is refused unless the configuration allows it', async () => {
  const args = ['connector', 'set', 'platform_c', '--url', 'https://10.1.2.3'];
  expect(await pontis(args, asMaker())).toMatchObject({
    code: 65,
    stderr: expect.stringContaining('url must lead to a public address'),
  });
  expect(
    await pontis(args, { ...asMaker(), PONTIS_ALLOW_PRIVATE_TARGETS: '10.0.0.0/8' }),
  ).toMatchObject({ code: 0 });
});
