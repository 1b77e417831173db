// `pontis rules` and `pontis rates` on a real database: a change from the file to its
// effect, by two operators.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { startProgram } from '../fixtures/program.ts';

let database: TestDatabase;
let folder: string;
let maker: string;
let checker: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'pontis-rules-'));
  for (const [platform, multiplier] of [
    ['platform_a', '1.0'],
    ['platform_b', '1.2'],
  ] as const)
    expect(await pontis('platform', 'add', platform, '--multiplier', multiplier)).toMatchObject({
      code: 0,
    });
  [maker, checker] = [await operator('maker'), await operator('checker')];
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database?.drop();
});

function pontis(...args: string[]): ReturnType<typeof runInProcess> {
  return runInProcess(args, { DATABASE_URL: database.url, PONTIS_DATA: join(folder, 'data') });
}

async function operator(name: string): Promise<string> {
  return (JSON.parse((await pontis('operator', 'add', name, '--json')).stdout) as { token: string })
    .token;
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const PATCH = `rules:
  night_fee:
    kind: fee
    when: hour < 6
    fee: {rate: 0.015, on: source}
`;

it('a change goes from a file to its effect', async () => {
  const path = file('night.yaml', PATCH);
  expect(await pontis('rules', 'validate', path)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /as a patch.*\n {2}\+ rules\/night_fee \{kind: fee, when: "hour < 6", fee: \{rate: 0.015, on: source\}\}\nIt is valid/,
    ),
  });
  const made = await pontis(
    'rules',
    'propose',
    path,
    '--reason',
    'nights are dear',
    '--as-token',
    maker,
    '--json',
  );
  const { proposal_id: id } = JSON.parse(made.stdout) as { proposal_id: string };

  expect((await pontis('rules', 'proposals', '--state', 'open')).stdout).toContain(
    `${id}  open   maker`,
  );
  expect((await pontis('rules', 'proposal', id)).stdout).toMatch(
    /reason {7}nights are dear\n(.*\n)* {2}\+ rules\/night_fee/,
  );
  expect(await pontis('rules', 'approve', id, '--as-token', maker)).toMatchObject({
    code: 65,
    stderr: expect.stringContaining('Maker and checker are the same'),
  });
  expect(
    await pontis('rules', 'approve', id, '--as-token', checker, '--reason', 'fine'),
  ).toMatchObject({ code: 0, stdout: `${id} is approved. It is in force as version 4.\n` });

  const shown = await pontis('rules', 'show');
  expect(shown.stdout).toMatch(/^# version 4 \(in_force\), .* by maker\nsettings:\n/);
  expect(shown.stdout).toContain('  night_fee:\n    kind: fee\n    when: hour < 6\n');
  // What is shown can be edited and given back: a whole rulebook.
  expect(await pontis('rules', 'diff', file('whole.yaml', shown.stdout))).toMatchObject({
    code: 0,
    stdout: 'Nothing changes.\n',
  });
  expect(
    (await pontis('rules', 'diff', file('whole.yaml', shown.stdout.replace('0.015', '0.02'))))
      .stdout,
  ).toBe('  rules/night_fee fee.rate: 0.015 → 0.02\n');
  expect((await pontis('rules', 'show', '--version', '3', '--json')).stdout).not.toContain(
    'night_fee',
  );
  expect((await pontis('rules', 'history')).stdout).toMatch(
    /^version {2}state .*\n4 +in_force .* maker .*\n3 +past .* onboarding/,
  );
});

it('an approval says in force once every running process has it in force', async () => {
  const propose = async (rate: string): Promise<string> => {
    const path = file('night.yaml', PATCH.replace('0.015', rate));
    const { stdout } = await pontis(
      'rules',
      'propose',
      path,
      '--reason',
      'x',
      '--as-token',
      maker,
      '--json',
    );
    return (JSON.parse(stdout) as { proposal_id: string }).proposal_id;
  };
  const approve = async (id: string): Promise<unknown> =>
    JSON.parse((await pontis('rules', 'approve', id, '--as-token', checker, '--json')).stdout);
  const processes = async (): Promise<unknown[]> =>
    (await database.pool.query('select version from valuation.process')).rows;
  const environment = {
    DATABASE_URL: database.url,
    PONTIS_DATA: join(folder, 'data'),
    PONTIS_METRICS_PORT: '0',
  };
  const program = await startProgram(['--role', 'api', '--no-demo'], environment);
  try {
    expect(await processes()).toEqual([{ version: 4 }]);
    expect(await approve(await propose('0.016'))).toMatchObject({ version: 5, in_force: true });
    expect(await processes()).toEqual([{ version: 5 }]);
  } finally {
    await program.stop();
  }
  expect(await processes()).toEqual([]);

  // One that runs and does not come to have it.
  await database.pool.query(
    `insert into valuation.process values (gen_random_uuid(), 5, now() + interval '1 hour')`,
  );
  expect(await approve(await propose('0.017'))).toMatchObject({ version: 6, in_force: false });
  const late = await pontis('rules', 'approve', await propose('0.018'), '--as-token', checker);
  expect(late.stdout).toMatch(
    / is approved\. It takes effect as version 7 now, in running processes within about a second\.\n$/,
  );
  await database.pool.query('delete from valuation.process');
});

it('rates are shown and proposed', async () => {
  expect((await pontis('rates', 'show')).stdout).toMatch(
    /platform_b {3}active {2}1.2 {9}0.012\n[^]*platform_a {2}platform_b {2}0.83333333\n/,
  );
  const { proposal_id: id } = JSON.parse(
    (
      await pontis(
        'rates',
        'set',
        'platform_b',
        '1.25',
        '--reason',
        'new contract',
        '--as-token',
        maker,
        '--json',
      )
    ).stdout,
  ) as { proposal_id: string };
  expect(await pontis('rules', 'withdraw', id, '--as-token', checker)).toMatchObject({
    code: 65,
    stderr: expect.stringContaining('Not yours to withdraw'),
  });
  expect(
    await pontis('rules', 'reject', id, '--as-token', checker, '--reason', 'too much'),
  ).toMatchObject({ code: 0, stdout: `${id} is rejected.\n` });
  expect(
    await pontis('rates', 'set', 'nobody', '1', '--reason', 'x', '--as-token', maker),
  ).toMatchObject({ code: 65 });
  expect(
    await pontis('rates', 'set', 'platform_b', '0', '--reason', 'x', '--as-token', maker),
  ).toMatchObject({ code: 64 });
});

it('faults are shown in their place', async () => {
  const bad = file(
    'bad.yaml',
    'rules:\n  some:\n    kind: deny\n    reason: No.\n    when: category == "旅行" && colour ' +
      '== "red"\n  other: {kind: fee, fee: {rate: 1.5, on: source}}\n',
  );
  const shape = await pontis('rules', 'validate', bad);
  expect(shape).toMatchObject({ code: 65 });
  expect(shape.stderr).toContain('  rules/other/fee/rate: has the wrong form');
  const words = await pontis(
    'rules',
    'validate',
    file(
      'bad.yaml',
      'rules:\n  some:\n    kind: deny\n    reason: No.\n    when: category == "旅行" && colour ' +
        '== "red"\n',
    ),
  );
  expect(words.code).toBe(65);
  expect(words.stderr.split('\n').filter((line) => line.startsWith('  '))).toEqual([
    '  rules/some/when: Unknown variable: colour',
    '    category == "旅行" && colour == "red"',
    `    ${' '.repeat(20 + 2)}^^^^^^`,
  ]);
  expect(
    await pontis('rules', 'validate', file('bad.yaml', 'rules: {a: 1, a: 2}\n')),
  ).toMatchObject({ code: 65, stderr: expect.stringContaining('line 1, column 15') });
  expect(await pontis('rules', 'validate', join(folder, 'nothing.yaml'))).toMatchObject({
    code: 66,
  });
  expect(await pontis('rules', 'validate', file('empty.yaml', ''))).toMatchObject({ code: 65 });
});

it('asks who is acting, and lists the variables', async () => {
  expect(
    await pontis('rules', 'propose', file('night.yaml', PATCH), '--reason', 'x'),
  ).toMatchObject({ code: 64 });
  expect(
    await pontis('rules', 'propose', file('night.yaml', PATCH), '--as-token', maker),
  ).toMatchObject({ code: 64 });
  expect(
    await pontis(
      'rules',
      'propose',
      file('night.yaml', PATCH),
      '--reason',
      'x',
      '--as-token',
      maker,
      '--effective',
      'tomorrow',
    ),
  ).toMatchObject({ code: 64 });
  expect((await pontis('rules', 'variables')).stdout).toMatch(
    /^name {7}type .*\noperation {2}string/,
  );
});
