// `pontis import earnings`: a record of purchases comes into the ledger once, to the last minor unit,
// also when rows are wrong and when the import is interrupted.

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../src/monitor/monitor.ts';
import { runInProcess } from '../fixtures/command.ts';
import { createTestDatabase, type TestDatabase } from '../fixtures/database.ts';
import { spawnProgram } from '../fixtures/program.ts';

const REAL_FILE = join(
  import.meta.dirname,
  '..',
  '..',
  'examples',
  'data',
  'online-retail-invoices.csv.gz',
);
const REAL_MAP = 'user=customer_id,amount=amount_gbp,reference=invoice_no,occurred_at=invoice_date';

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

async function rowsOf(platform: string): Promise<number> {
  const { rows } = await database.pool.query<{ rows: bigint }>(
    `select count(*) as rows from ledger.transaction join ledger.asset using (asset_id)
        where code = $1`,
    [platform],
  );
  return Number(rows[0]?.rows);
}

describe('pontis import earnings', () => {
  it('brings a real year in, to the last minor unit, and once', async () => {
    const amounts = gunzipSync(readFileSync(REAL_FILE))
      .toString()
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',').at(-1) ?? '');
    const expected = amounts.reduce(
      (sum, text) => sum + BigInt(Math.round(Number(text) * 100)),
      0n,
    );
    expect(expected).toBe(830_006_581n);
    const args = ['import', 'earnings', REAL_FILE, '--platform', 'platform_a', '--map', REAL_MAP];
    const first = await pontis(...args, '--json');
    expect(JSON.parse(first.stdout)).toMatchObject({
      net: '8300065.81',
      earned: { rows: 18_532, amount: '8911407.90' },
      taken_back: { rows: 3_654, amount: '-611342.09' },
      zero: 4,
      replayed: 0,
      malformed: 0,
      refused: 0,
    });
    expect(first.code).toBe(0);
    expect(await heldOf('platform_a')).toBe(expected);
    expect(await rowsOf('platform_a')).toBe(22_186);
    const again = await pontis(...args);
    expect(again).toMatchObject({ code: 0, stderr: expect.not.stringContaining('line') });
    expect(again.stdout).toContain('Nothing changed: all 22,186 rows had been imported before.');
    expect(await rowsOf('platform_a')).toBe(22_186);
    expect((await pontis('audit')).code).toBe(0);
  });

  it('goes on after it was killed or interrupted', async () => {
    const rows = Array.from(
      { length: 12_000 },
      (_, index) =>
        `k${index % 700},${index % 5 === 4 ? '-' : ''}${1 + (index % 9)}.25,killed-${index}`,
    );
    const path = file('killed.csv', `u,a,r\n${rows.join('\n')}\n`);
    const before = await rowsOf('shop');
    let seen = 0;
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const program = spawnProgram(importing(path, '--concurrency', '64'), environment());
      for (let posted = seen; posted - seen < 400; posted = (await rowsOf('shop')) - before)
        await sleep(10);
      const { code } = await program.stop(signal);
      if (signal === 'SIGINT') {
        expect(code).toBe(130);
        expect(program.stdout).toContain('Interrupted.');
      }
      seen = (await rowsOf('shop')) - before;
      expect(seen).toBeLessThan(12_000);
    }
    const resumed = JSON.parse((await pontis(...importing(path, '--json'))).stdout);
    expect(resumed.replayed).toBe(seen);
    expect(resumed.earned.rows + resumed.taken_back.rows).toBe(12_000);
    expect((await rowsOf('shop')) - before).toBe(12_000);
    expect((await audit(database.pool)).ok).toBe(true);
  });

  it("keeps the order of a member's rows, into debt and out of it", async () => {
    const amounts = Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? -20 : 15));
    const rows = amounts.flatMap((amount, index) => [
      `order1,${amount},o-${index}`,
      `order2,${-amount},p-${index}`,
    ]);
    expect((await pontis(...importing(file('order.csv', `u,a,r\n${rows.join('\n')}`)))).code).toBe(
      0,
    );
    const { rows: posted } = await database.pool.query<{ reference: string }>(
      `select t.reference from ledger.transaction t join identity.link l using (member_id)
          where l.platform_user_id = 'order1' order by sequence`,
    );
    expect(posted.map((row) => row.reference)).toEqual(
      amounts.map((_amount, index) => `o-${index}`),
    );
    const { rows: sums } = await database.pool.query<{ sum: string }>(
      `select sum(credits_posted - debits_posted)::text as sum from ledger.account a
          join identity.link l on l.member_id = a.owner_id where l.platform_user_id = 'order1'`,
    );
    expect(BigInt(sums[0]?.sum ?? 0)).toBe(
      BigInt(amounts.reduce((sum, amount) => sum + amount * 100, 0)),
    );
  });

  it('tells bad rows with their line and stops for none', async () => {
    const before = await heldOf('shop');
    const path = file(
      'bad.csv',
      [
        'u,a,r',
        'ann,1.50,b-1',
        'ann,abc,b-2',
        'ann,2',
        ',3,b-4',
        'ann,"4,b-5',
        'ann,9,b-1',
        'ann,1.50,b-1',
        'ann,0.001,b-7',
        'ann,2.999,b-8',
      ].join('\n'),
    );
    const result = await pontis(...importing(path, '--json'));
    expect(result.code).toBe(1);
    expect(JSON.parse(result.stdout)).toMatchObject({
      malformed: 4,
      refused: 1,
      zero: 1,
      replayed: 1,
      earned: { rows: 3 },
    });
    expect(result.stderr).toMatch(/^line 3 has the amount "abc"/m);
    expect(result.stderr).toMatch(/^line 4 has 2 fields where the header has 3$/m);
    expect(result.stderr).toMatch(/^line 5 has no user$/m);
    expect(result.stderr).toMatch(/^line 6 has a misplaced quote$/m);
    expect(result.stderr).toMatch(/^line 7 was refused: .*`amount` differs/m);
    expect((await heldOf('shop')) - before).toBe(150n + 299n);
  });

  it('knows users by the ids that the API knows, and links none that the API would not', async () => {
    const before = await heldOf('shop');
    const long = '😀'.repeat(128);
    await database.pool.query(
      `with old as (insert into identity.member values (gen_random_uuid()) returning member_id)
       insert into identity.link (platform_id, platform_user_id, member_id)
         select 'shop', $1, member_id from old`,
      [' old\u202E'],
    );
    const path = file(
      'ids.csv',
      [
        'u,a,r',
        `${long},1,i-1`,
        ' old\u202E,1,i-2',
        ' new,1,i-3',
        '\u3164,1,i-4',
        'a\u2066b,1,i-5',
        `${long}x,1,i-6`,
      ].join('\n'),
    );
    const result = await pontis(...importing(path, '--json'));
    expect(JSON.parse(result.stdout)).toMatchObject({
      malformed: 4,
      refused: 0,
      earned: { rows: 2 },
    });
    expect(result.stderr).toMatch(
      /^line 4 has the user " new", which begins or ends with a space$/m,
    );
    expect(result.stderr).toMatch(
      /^line 5 has the user "\{U\+3164\}", which has no visible character$/m,
    );
    expect(result.stderr).toMatch(
      /^line 6 has the user "a\{U\+2066\}b", which has characters that change the direction of text$/m,
    );
    expect(result.stderr).toMatch(/^line 7 has a user of more than 128 characters/m);
    expect((await heldOf('shop')) - before).toBe(200n);
    expect((await pontis(...importing(path, '--strict'))).stderr).toMatch(
      /^4 rows are malformed|line 4 has the user/m,
    );
  });

  it('imports nothing of a bad file when strict', async () => {
    const before = await rowsOf('shop');
    const result = await pontis(
      ...importing(file('strict.csv', 'u,a,r\nann,1,s-1\nann,x,s-2\n'), '--strict'),
    );
    expect(result).toMatchObject({ code: 65, stdout: '' });
    expect(result.stderr).toContain('line 3 has the amount "x"');
    expect(result.stderr).toContain('nothing was imported');
    expect(await rowsOf('shop')).toBe(before);
    expect(
      (await pontis(...importing(file('strict.csv', 'u,a,r\nann,1,s-1\n'), '--strict'))).code,
    ).toBe(0);
  });

  it('imports what a damaged file still holds, and says where it ends', async () => {
    const rows = Array.from(
      { length: 5_000 },
      (_, index) => `d${index},1,${createHash('sha256').update(String(index)).digest('hex')}`,
    );
    const whole = gzipSync(`u,a,r\n${rows.join('\n')}\n`);
    const result = await pontis(
      ...importing(file('cut.csv.gz', whole.subarray(0, whole.length / 2))),
    );
    expect(result).toMatchObject({
      code: 65,
      stderr: expect.stringMatching(/is damaged after line \d+: unexpected end of file/),
    });
  });

  it.each<[string, () => string[], number, string]>([
    ['a missing file', () => importing('/nowhere.csv'), 66, 'cannot be read'],
    ['a folder', () => importing(folder), 65, 'is not a file'],
    ['an empty file', () => importing(file('empty.csv', '')), 65, 'is empty'],
    ['other columns', () => importing(file('other.csv', 'x,y\n1,2\n')), 65, 'no column "u"'],
    [
      'something that is no CSV',
      () => importing(file('x.bin', Buffer.from([0, 255, 10, 7, 10]))),
      65,
      'no column',
    ],
    [
      'an unknown platform',
      () => importing(file('ok.csv', 'u,a,r\n'), '--platform', 'nobody'),
      65,
      'no platform "nobody"',
    ],
    [
      'a map of no meaning',
      () => importing(file('ok.csv', 'u,a,r\n'), '--map', 'user=u'),
      64,
      '--map:',
    ],
    [
      'no concurrency',
      () => importing(file('ok.csv', 'u,a,r\n'), '--concurrency', '0'),
      64,
      '1 to 10000',
    ],
  ])('refuses %s', async (_title, args, code, words) => {
    const result = await pontis(...args());
    expect(result).toMatchObject({ code, stderr: expect.stringContaining(words) });
    expect(result.stderr).not.toContain('defect');
  });
});
