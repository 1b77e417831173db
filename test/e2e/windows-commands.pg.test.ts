// `pontis windows` beside the ledger: a window is closed, proposed by one operator,
// approved by another, and its statement printed.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase } from '../fixtures/database.ts';
it('two operators close and settle a window, and print what a platform is told of it', async () => {
  await using database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'pontis-windows-'));
  const pontis = (...args: string[]): ReturnType<typeof runInProcess> =>
    runInProcess(args, { DATABASE_URL: database.url, PONTIS_DATA: folder });
  try {
    for (const platform of ['airline', 'shop'])
      expect(await pontis('platform', 'add', platform, '--name', platform)).toMatchObject({
        code: 0,
      });
    const tokenOf = async (operator: string): Promise<string> =>
      (
        JSON.parse((await pontis('operator', 'add', operator, '--json')).stdout) as {
          token: string;
        }
      ).token;
    const [olga, mei] = [await tokenOf('olga'), await tokenOf('mei')];

    expect(await pontis('windows', 'close')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--as-token'),
    });
    expect((await pontis('windows', 'close', '1', '--as-token', olga)).stdout).toMatch(
      /^window {6}1, closed\n[^]*Positions \(CNY\)\nparticipant +opening +net +paid +closing\n@network +0.0000/,
    );
    expect(await pontis('windows', 'close', '1', '--as-token', olga)).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('Settlement window not open'),
    });
    expect((await pontis('windows', 'settle', '1', '--as-token', olga)).stdout).toContain(
      '1, settled',
    );
    expect(await pontis('windows', 'approve', '1', '--as-token', mei)).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('It is settled.'),
    });
    expect((await pontis('windows', 'list')).stdout).toMatch(
      /^window_id {2}state .*\n2 +open .*\n1 +settled /,
    );
    expect(
      (await pontis('windows', 'statement', '1', 'airline', '--format', 'csv')).stdout,
    ).toMatch(/^section,item,counterpart,[^]*figures,to_settle,,,,,0\.0000,CNY,,,\r\n/);
    expect(
      (await pontis('windows', 'statement', '1', 'airline', '--format', 'html', '--lang', 'en'))
        .stdout,
    ).toContain('<h1>Settlement statement</h1>');
    expect(
      (
        await pontis(
          'windows',
          'settings',
          '--daily-at',
          '02:00',
          '--gross',
          'airline/shop',
          '--as-token',
          olga,
        )
      ).stdout,
    ).toBe('closed         daily at 02:00\nsettled gross  airline/shop\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
