// `pontis reserve`: the worked example of docs/reserve.md is typed as it stands there,
// and answers as it says there.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase } from '../fixtures/database.ts';
import { createTestLedger } from '../fixtures/ledger.ts';
const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'reserve.md');
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

interface Step {
  readonly command: string;
  readonly answer: string;
}

/** Lines that are typed (after `$`) or happen (after `#`), each with what follows it. */
function readSteps(): Step[] {
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/```console\n(.*?)```/gs)].map(
    ([, block]) => block ?? '',
  );
  return blocks
    .flatMap((block) => block.split(/^(?=[$#] )/m))
    .map((step) => {
      const [command = '', ...answer] = step.trimEnd().split('\n');
      return { command, answer: answer.map((line) => line.trimEnd()).join('\n') };
    });
}

function wordsOf(command: string, variables: Readonly<Record<string, string>>): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) =>
    (quoted ?? plain ?? '').replace(/\$(\w+)/g, (_whole, name: string) => variables[name] ?? ''),
  );
}

it('the worked example works', async () => {
  await using database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'pontis-reserve-'));
  const pontis = (...args: string[]): ReturnType<typeof runInProcess> =>
    runInProcess(args, { DATABASE_URL: database.url, PONTIS_DATA: folder });
  const test = await createTestLedger(database);
  try {
    const tokenOf = async (operator: string): Promise<string> =>
      (
        JSON.parse((await pontis('operator', 'add', operator, '--json')).stdout) as {
          token: string;
        }
      ).token;
    const variables = { MAKER: await tokenOf('maker'), CHECKER: await tokenOf('checker') };
    /** Ids of the page, and those that this run has. */
    const ids = new Map<string, string>();
    const ours = (text: string): string => text.replace(UUID, (id) => ids.get(id) ?? id);
    const steps = readSteps();
    expect(steps.length).toBeGreaterThan(10);
    for (const { command, answer } of steps) {
      if (command === '# platform_a sends 75000 points to platform_b') {
        const ann = test.member();
        await test.earn('platform_a', ann, 7_500_000n);
        expect(await test.transfer('platform_a', ann, 7_500_000n, 'platform_b', ann)).toMatchObject(
          { ok: true },
        );
        continue;
      }
      const [, name, ...args] = wordsOf(ours(command), variables);
      expect(name).toBe('pontis');
      const { stdout, stderr } = await pontis(...args);
      // Without log lines: PostgreSQL of the tests is set up to lose commits in a crash, which is
      // warned of.
      const said = (stdout + stderr)
        .trimEnd()
        .split('\n')
        .filter((line) => !line.startsWith('{"level"'))
        .map((line) => line.trimEnd())
        .join('\n');
      const fresh = said.match(UUID) ?? [];
      for (const [index, id] of (answer.match(UUID) ?? []).entries())
        if (!ids.has(id)) ids.set(id, fresh[index] ?? '');
      expect(`${command}\n${said}`).toBe(`${command}\n${ours(answer)}`);
    }
    const shown = await pontis('reserve', 'show', 'platform_a');
    expect(shown.stdout).toMatch(
      /^platform_id.*\nplatform_a +receive_only +375\.0000 +-750\.0000 .* 750\.0000 +200 +750\.0000 +0\.0000 +100\nrequest_id.*\n.*withdrawal +125\.2500 .*approved/,
    );
    expect(
      JSON.parse((await pontis('reserve', 'show', 'platform_a', '--json')).stdout),
    ).toMatchObject({
      prefund: 375,
      mode_changes: [{ mode: 'receive_only', changed_by: 'maker' }],
      requests: [{}, {}, {}, {}],
    });
    expect(await pontis('reserve', 'show', 'platform_x')).toMatchObject({ code: 65 });
    expect(
      await pontis(
        'reserve',
        'deposit',
        'platform_a',
        '-1',
        '--bank-reference',
        'x',
        '--reason',
        'x',
        '--as-token',
        variables.MAKER,
      ),
    ).toMatchObject({ code: 64 });
    expect(await pontis('reserve', 'cap', 'platform_a', '1', '--reason', 'x')).toMatchObject({
      code: 64,
    });
    expect(
      await pontis(
        'reserve',
        'mode',
        'platform_a',
        'asleep',
        '--reason',
        'x',
        '--as-token',
        variables.MAKER,
      ),
    ).toMatchObject({ code: 64 });
  } finally {
    await test.ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
