// `pontis member`: two operators make users of several platforms one person, one pair
// or a file of them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deriveMemberId, type PlatformId } from '../../src/kernel/ids.ts';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase } from '../fixtures/database.ts';
it('one operator asks for links, another approves, and both are kept with each', async () => {
  await using database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'pontis-members-'));
  const pontis = (...args: string[]): ReturnType<typeof runInProcess> =>
    runInProcess(args, { DATABASE_URL: database.url, PONTIS_DATA: folder });
  const told = async (...args: string[]): Promise<Record<string, string>> => {
    const { code, stdout, stderr } = await pontis(...args, '--json');
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, string>;
  };
  try {
    for (const platform of ['platform_a', 'platform_b'])
      await told('platform', 'add', platform, '--name', platform);
    const { token: olga = '' } = await told('operator', 'add', 'olga');
    const { token: omar = '' } = await told('operator', 'add', 'omar');
    const file = join(folder, 'earnings.csv');
    writeFileSync(file, 'user_id,amount,reference\nann,10,r1\nbob,10,r2\ncid,10,r3\n');
    await pontis(
      'import',
      'earnings',
      file,
      '--platform',
      'platform_a',
      '--map',
      'user=user_id,amount=amount,reference=reference',
    );
    const members = Object.fromEntries(
      ['ann', 'bob', 'cid'].map((user) => [user, deriveMemberId('platform_a' as PlatformId, user)]),
    );

    expect(
      await pontis(
        'member',
        'link',
        'platform_b',
        'ann-b',
        members['ann'] ?? '',
        '--reason',
        'cards',
      ),
    ).toMatchObject({ code: 64 });
    const one = await told(
      'member',
      'link',
      'platform_b',
      'ann-b',
      members['ann'] ?? '',
      '--reason',
      'cards',
      '--as-token',
      olga,
    );
    expect(
      await pontis('requests', 'approve', one['request_id'] ?? '', '--as-token', olga),
    ).toMatchObject({ code: 65 });
    expect(
      await pontis('requests', 'approve', one['request_id'] ?? '', '--as-token', omar),
    ).toMatchObject({ code: 0 });
    expect((await pontis('member', 'find', 'platform_b', 'ann-b')).stdout).toMatch(
      new RegExp(
        `^member ${members['ann']}\n.*\nplatform_a +ann .* - .*\nplatform_b +ann-b .* olga ` +
          `+omar +cards\n$`,
      ),
    );

    const links = join(folder, 'links.csv');
    writeFileSync(
      links,
      `member_id,platform_user_id,platform_id\n${members['bob']},"bob, ` +
        `b",platform_b\n${members['cid']},cid-b,platform_b\n`,
    );
    const many = await told(
      'member',
      'link',
      '--file',
      links,
      '--reason',
      'survey',
      '--as-token',
      omar,
    );
    expect(
      await pontis('requests', 'approve', many['request_id'] ?? '', '--as-token', olga),
    ).toMatchObject({ code: 0 });
    expect(await told('member', 'find', 'platform_b', 'bob, b')).toMatchObject({
      member_id: members['bob'],
    });
    expect(await told('member', 'show', members['cid'] ?? '')).toMatchObject({
      links: [
        { platform_user_id: 'cid' },
        { platform_user_id: 'cid-b', made_by: 'omar', approved_by: 'olga', reason: 'survey' },
      ],
    });

    expect(
      await pontis(
        'member',
        'link',
        'platform_b',
        'cid-b',
        members['ann'] ?? '',
        '--reason',
        'x',
        '--as-token',
        olga,
      ),
    ).toMatchObject({ code: 65, stderr: expect.stringContaining('already linked') });
    writeFileSync(links, `platform_id,platform_user_id,member_id\nplatform_b,x,not-a-uuid\n`);
    expect(
      await pontis('member', 'link', '--file', links, '--reason', 'x', '--as-token', olga),
    ).toMatchObject({ code: 65, stderr: expect.stringContaining('Line 2') });
    expect(
      await pontis(
        'member',
        'link',
        '--file',
        join(folder, 'none'),
        '--reason',
        'x',
        '--as-token',
        olga,
      ),
    ).toMatchObject({ code: 66 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
