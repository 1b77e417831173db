// The repair of networks whose limits were counted in asset 0: rows of a real one, as the program
// of that time has left them.

import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { audit } from '../monitor/monitor.ts';
import { migrate } from '../runtime/migrate.ts';

const MIGRATIONS = join(import.meta.dirname, '../../db/migrations');
/** The last migration that the network had. */
const BEFORE = '0014';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pontis-migrations-'));
  for (const name of readdirSync(MIGRATIONS))
    if (name.slice(0, 4) <= BEFORE) copyFileSync(join(MIGRATIONS, name), join(folder, name));
  database = await createTestDatabase({ migrated: false });
  await migrate(database.pool, database.log, folder);
  await database.pool.query('delete from valuation.rulebook');
  const tables = JSON.parse(
    gunzipSync(
      readFileSync(join(import.meta.dirname, '../../test/fixtures/limits-in-asset-0.json.gz')),
    ).toString(),
  ) as Record<string, object[]>;
  for (const [table, rows] of Object.entries(tables)) {
    await database.pool.query(
      `insert into ${table} select * from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
      [JSON.stringify(rows)],
    );
  }
  // The rows are as old as the file: what was held then is still held when it is read.
  await database.pool.query(
    `update ledger.hold set expires_at = now() + interval '1 day' where state = 'held'`,
  );
});
afterAll(async () => {
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * What is used of each limit of a platform, in minor units, by what is drawn and by what stands
 * against it.
 */
async function used(platform: string): Promise<Record<string, number[]>> {
  const { rows } = await database.pool.query<{ code: string; drawn: bigint; used: bigint }>(
    `select x.code, -coalesce(sum(credits_posted - debits_posted) filter (where purpose <> 'used'),
        0)::bigint as drawn,
            coalesce(sum(credits_posted - debits_posted) filter (where purpose = 'used'),
              0)::bigint as used
       from ledger.account a join ledger.asset x using (asset_id)
         where x.kind = 'allowance' and x.code like '%@' || $1 group by x.code order by x.code`,
    [platform],
  );
  return Object.fromEntries(
    rows.map((row) => [
      row.code.slice('limit:'.length, -platform.length - 1),
      [Number(row.drawn), Number(row.used)],
    ]),
  );
}

it('counts each draw in its own limit again, also where later draws were counted right, and the books are clean', async () => {
  const unknown = async (): Promise<number> =>
    Number(
      (
        await database.pool.query<{ count: bigint }>(
          'select count(*) as count from ledger.account where asset_id = 0',
        )
      ).rows[0]?.count,
    );
  expect(await unknown()).toBeGreaterThan(20);
  await migrate(database.pool, database.log);
  expect(await unknown()).toBe(0);
  // Held 50 and 30, of which 20 came back; moved 20, of which 5 were taken back; converted 30, 30,
  // and 30, of which 10 came back; then 5, 7 and 9 more.
  expect(await used('broken_a')).toMatchObject({
    hold_max: [6_500, 6_500],
    move_max: [2_200, 2_200],
    conv_month: [8_900, 8_900],
    conv_platform: [8_900, 8_900],
    conv_pair: [8_900, 8_900],
  });
  expect(await used('broken_b')).toMatchObject({
    hold_max: [6_000, 6_000],
    move_max: [1_500, 1_500],
    conv_month: [8_000, 8_000],
    conv_platform: [8_000, 8_000],
    conv_pair: [8_000, 8_000],
  });
  const report = await audit(database.pool);
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  const { rows } = await database.pool.query<{ changed: bigint }>(
    'select count(*) as changed from ledger.limit_row_before',
  );
  expect(Number(rows[0]?.changed)).toBeGreaterThan(10);
});
