// `pontis platform add`: a new platform's cap is 0 where the network is no demo, and
// the command says which command raises it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase } from '../fixtures/database.ts';
it('asks for the cap of a new platform, which another operator lets rise; in a demo network it is in force at once', async () => {
  await using database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'pontis-platform-'));
  const pontis = (...args: string[]): ReturnType<typeof runInProcess> =>
    runInProcess(args, { DATABASE_URL: database.url, PONTIS_DATA: folder });
  const capOf = async (platform: string): Promise<unknown> => {
    const { platforms } = JSON.parse((await pontis('platform', 'list', '--json')).stdout) as {
      platforms: { platform_id: string; reserve_cap: string | null }[];
    };
    return platforms.find(({ platform_id: id }) => id === platform)?.reserve_cap;
  };
  try {
    expect((await pontis('platform', 'add', 'harbour')).stdout).toMatch(
      /\nreserve cap {2}0\.0000: .*pontis reserve cap harbour <amount> --reason <text>/,
    );
    const tokenOf = async (operator: string): Promise<string> =>
      (
        JSON.parse((await pontis('operator', 'add', operator, '--json')).stdout) as {
          token: string;
        }
      ).token;
    const [maker, checker] = [await tokenOf('maker'), await tokenOf('checker')];
    // A request without a name could be approved by the very person who made it.
    const nameless = await pontis('platform', 'add', 'lost', '--reserve-cap', '5');
    expect(nameless).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringContaining('--as-token'),
    });
    expect(
      (
        await database.pool.query(`select 1 from ledger.asset where code = 'lost'
      union all select 1 from identity.platform where platform_id = 'lost' union all select 1
        from clearing.reserve_request`)
      ).rows,
    ).toEqual([]);
    expect(await pontis('platform', 'add', 'lost', '--reserve-cap', '0')).toMatchObject({
      code: 0,
    });
    const added = JSON.parse(
      (
        await pontis(
          'platform',
          'add',
          'airline',
          '--reserve-cap',
          '1000.5',
          '--as-token',
          maker,
          '--json',
        )
      ).stdout,
    ) as Record<string, string>;
    expect(added).toMatchObject({
      reserve_cap: '0.0000',
      raise_cap_with: `pontis reserve approve ${added['reserve_request_id']}`,
    });
    expect([await capOf('airline'), await capOf('harbour')]).toEqual(['0.0000', '0.0000']);
    const raise = (added['raise_cap_with'] ?? '').split(' ').slice(1);
    expect(await pontis(...raise, '--as-token', maker)).toMatchObject({
      code: 65,
      stderr: expect.stringContaining('Maker and checker are the same'),
    });
    expect(await pontis(...raise, '--as-token', checker)).toMatchObject({ code: 0 });
    expect(await capOf('airline')).toBe('1000.5000');

    // Nobody alone comes to know how to sign as a platform; to stop one, a person alone is enough.
    for (const what of ['token', 'rotate-secret']) {
      expect(await pontis('platform', what, 'airline')).toMatchObject({
        code: 65,
        stderr: expect.stringContaining('A second person is needed'),
      });
    }
    const byTwo = async (
      ...args: readonly string[]
    ): Promise<Record<string, Record<string, string>>> => {
      const asked = JSON.parse(
        (await pontis('platform', ...args, '--as-token', maker, '--json')).stdout,
      ) as Record<string, string>;
      expect(JSON.stringify(asked)).not.toContain('sk_');
      const id = asked['request_id'] ?? '';
      expect(await pontis('requests', 'approve', id, '--as-token', maker)).toMatchObject({
        code: 65,
        stdout: '',
      });
      return JSON.parse(
        (await pontis('requests', 'approve', id, '--as-token', checker, '--json')).stdout,
      ) as Record<string, Record<string, string>>;
    };
    expect(await byTwo('rotate-secret', 'airline', '--overlap-hours', '2')).toMatchObject({
      state: 'done',
      outcome: { platform_id: 'airline', old_secret_ends_at: expect.stringMatching(/Z$/) },
      secrets: { secret: expect.stringMatching(/^sk_/) },
    });
    const generationOf = async (): Promise<unknown> =>
      (
        await database.pool.query(
          `select token_version from identity.platform where platform_id = 'airline'`,
        )
      ).rows[0];
    expect(await byTwo('token', 'airline', '--revoke')).toMatchObject({
      state: 'done',
      secrets: { token: expect.stringMatching(/\..*\./) },
    });
    expect(await generationOf()).toEqual({ token_version: 2 });
    expect(await pontis('platform', 'revoke', 'airline')).toMatchObject({ code: 0 });
    expect(await generationOf()).toEqual({ token_version: 3 });

    // As the demo leaves its mark.
    await database.pool.query(
      `update valuation.rulebook set author = 'demo'
          where version = (select max(version) from valuation.rulebook)`,
    );
    expect((await pontis('platform', 'add', 'free')).stdout).not.toContain('reserve cap');
    await pontis('platform', 'add', 'bound', '--reserve-cap', '7');
    expect([await capOf('free'), await capOf('bound')]).toEqual([null, '7.0000']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
