// hledger accepts the exported journal, its sums agree with the accounts, and texts of callers
// never become syntax.

import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { liveThrough } from '../../test/fixtures/eventful-ledger.ts';
import { haveHledger, runHledger } from '../../test/fixtures/hledger.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import { exportJournal, type JournalFormat } from './monitor.ts';

let database: TestDatabase;
let test: TestLedger;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 4 });
  await liveThrough(test);
});
afterAll(async () => {
  await test?.ledger.close();
  await database?.drop();
});

async function exported(format: JournalFormat): Promise<string> {
  let text = '';
  await exportJournal(database.pool, format, async (chunk) => void (text += chunk));
  return text;
}

describe('as csv', () => {
  it('has a line for each entry', async () => {
    const { rows } = await database.pool.query<{ entries: bigint }>(
      'select count(*) as entries from ledger.entry',
    );
    const lines: Record<string, string>[] = parse(await exported('csv'), {
      columns: true,
      record_delimiter: '\r\n',
    });
    expect(lines).toHaveLength(Number(rows[0]?.entries));
    const sums = new Map<string, number>();
    for (const line of lines)
      sums.set(
        line['commodity'] ?? '',
        (sums.get(line['commodity'] ?? '') ?? 0) + Math.round(Number(line['amount']) * 100),
      );
    expect([...sums.values()].every((sum) => sum === 0)).toBe(true);
    expect(lines.find((line) => line['kind'] === 'hold')?.['account']).toMatch(
      /^member:[0-9a-f-]{36}:platform_a:lot:never$/,
    );
  });
});

describe.skipIf(!haveHledger())('in hledger', () => {
  it('passes the strict check, and its balances are ours', async () => {
    const journal = await exported('hledger');
    expect(runHledger(['check', '--strict'], journal)).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    const { stdout } = runHledger(
      [
        'balance',
        '--real',
        '--output-format',
        'csv',
        '--no-total',
        '^platform:platform_a:position',
      ],
      journal,
    );
    const { rows } = await database.pool.query<{ sum: string }>(
      `select (sum(credits_posted - debits_posted) / power(10::numeric, max(x.scale)))::numeric(20,
          4)::text as sum from ledger.account a join ledger.asset x using (asset_id)
        where purpose = 'position' and x.kind = 'settlement' and owner_id = (select owner_id
          from ledger.cap where purpose = 'position' limit 1)`,
    );
    expect(stdout).toContain(`"platform:platform_a:position","${rows[0]?.sum}`);
  });

  it('notices when an account differs from its entries', async () => {
    const journal = await exported('hledger');
    const wrong = journal.replace(
      /(:issued {2}0\.00 "platform_a" = -?\d+\.)(\d)(\d)/,
      (_all, before: string, tenths: string, cents: string) =>
        `${before}${tenths}${(Number(cents) + 1) % 10}`,
    );
    expect(wrong).not.toBe(journal);
    expect(runHledger(['check'], wrong).stderr).toContain('balance assertion');
  });

  it('takes references of any content', async () => {
    const member = test.member();
    const nasty = [
      'a;b',
      'two\nlines\n2020-01-01 evil\n  a  1\n  b',
      '"quoted" | piped',
      '  spaces  ',
      '(x) [y] {z}',
      '= 5',
      '积分 ⚡',
      '\u2028',
      'tab\tbed',
      '!*',
      '; comment:1',
    ];
    for (const [index, reference] of nasty.entries())
      await test.submit('platform_b', member, {
        kind: 'earn',
        amount: BigInt(index + 1),
        reference,
      });
    const journal = await exported('hledger');
    expect(runHledger(['check', '--strict'], journal)).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(runHledger(['print', 'desc:evil'], journal).stdout).toContain(
      'earn | two lines 2020-01-01 evil a 1 b',
    );
    const csv: Record<string, string>[] = parse(await exported('csv'), {
      columns: true,
      record_delimiter: '\r\n',
    });
    for (const reference of nasty)
      expect(csv.map((line) => line['reference'])).toContain(reference);
  });
});
