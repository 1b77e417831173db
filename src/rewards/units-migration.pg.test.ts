// Redemptions of older versions become units: a unit of which a part of the points came back can no
// longer be used.

import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createTestDatabase } from '../../test/fixtures/database.ts';
import type { Pool } from '../runtime/database.ts';
import { migrate, MIGRATIONS_DIR } from '../runtime/migrate.ts';

const files = readdirSync(MIGRATIONS_DIR)
  .filter((name) => name.endsWith('.sql'))
  .sort();
const COUNTED = files.findIndex((name) => name.endsWith('-rewards-units.sql'));

/**
 * One redemption each: units and points, what older versions gave back and put into stock, its
 * state; then the expected result.
 */
const cases = `
  quantity  amount  back  restocked  state      usable  fulfilled  returned  part_returned  now
         2    2000     0          0  issued          2          0         0              0  issued
         2    2000   500          0  issued          1          0         0              1  issued
         2    2000  1500          1  issued          0          0         1              1  cancelled
         2    2000  1000          1  issued          1          0         1              0  issued
         1    1000   999          0  issued          0          0         0              1  cancelled
         2    2000  2000          2  cancelled       0          0         2              0  cancelled
         2    2000     0          0  fulfilled       0          2         0              0  fulfilled
         2    2000   500          0  fulfilled       0          2         0              0  fulfilled
         5      50    40          4  fulfilled       0          1         4              0  fulfilled
         3      30    11          1  expired         1          0         1              1  expired
       200   20000  5050         50  issued        149          0        50              1  issued`;
const [names = [], ...rows] = cases
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/));

it('units of old redemptions are what the journal says, and none is both given back and usable', async () => {
  await using database = await createTestDatabase({ migrated: false });
  const folder = mkdtempSync(join(tmpdir(), 'pontis-units-'));
  const copy = (from: readonly string[]): void =>
    from.forEach((name) => copyFileSync(join(MIGRATIONS_DIR, name), join(folder, name)));
  try {
    copy(files.slice(0, COUNTED));
    await migrate(database.pool, database.log, folder);
    for (const [index, row] of rows.entries())
      await leave(
        database.pool,
        index,
        Object.fromEntries(names.map((name, at) => [name, row[at] ?? ''])),
      );
    copy(files);
    await migrate(database.pool, database.log, folder);
    const { rows: found } = await database.pool.query<Record<string, unknown>>(
      `select r.quantity, r.amount, r.given_back as back, r.state as now,
          sum(v.usable)::bigint as usable, sum(v.fulfilled)::bigint as fulfilled,
              sum(v.returned)::bigint as returned, sum(v.part_returned)::bigint as part_returned
         from rewards.redemption r join rewards.voucher v using (redemption_id)
           group by r.redemption_id order by r.redemption_id`,
    );
    expect(
      found.map((one) => names.filter((name) => name in one).map((name) => String(one[name]))),
    ).toEqual(
      rows.map((row) => names.flatMap((name, at) => (name in (found[0] ?? {}) ? [row[at]] : []))),
    );
    const { rowCount } = await database.pool.query(
      `select from rewards.fulfilment f join rewards.redemption r using (redemption_id)
          where f.key = 'old' and r.state = 'fulfilled'`,
    );
    expect(rowCount).toBe(rows.filter((row) => row.includes('fulfilled')).length);
    const { rows: twice } = await database.pool.query('select units from rewards.former_delivery');
    expect(twice).toEqual([{ units: 4n }]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** As an earlier version wrote it. */
async function leave(
  pool: Pool,
  index: number,
  { quantity, amount, back, restocked, state }: Readonly<Record<string, string>>,
): Promise<void> {
  const id = (kind: string): string =>
    `0000${kind}${String(index).padStart(3, '0')}-0000-8000-8000-000000000000`;
  await pool.query(
    `insert into rewards.redemption (redemption_id, platform_id, member_id, reward_id, quantity,
        amount, state, issued_at, changed_at, fulfilled_key)
     values ($1, 'platform_a', gen_random_uuid(), 'cup', $2, $3, $4, now(), now(), case
       when $4 = 'fulfilled' then 'old' end)`,
    [id('a'), quantity, amount, state],
  );
  const many = Number(quantity) > 100;
  await pool.query(
    `insert into rewards.voucher (code, redemption_id, unit)
        select $1 || '-' || unit, $1::uuid, unit
        from generate_series($2::integer, $3::integer) as unit`,
    [id('a'), many ? 0 : 1, many ? 0 : quantity],
  );
  if (back === '0') return;
  await pool.query(
    `insert into ledger.transaction (bucket, asset_id, sequence, posted_at, amount, credited,
        fingerprint, leg, transaction_id, member_id, related_id, kind, account_ids, amounts,
        balances)
     values (0, 1, $1, now(), $2, nullif($3::bigint, 0), 0, 0, $4, gen_random_uuid(), $5, 'reverse',
       '{}', '{}', '{}')`,
    [index + 1, back, restocked, id('b'), id('a')],
  );
  await pool.query(
    `insert into ledger.reversal (bucket, transaction_id, reversal_id, amount)
        values (0, $1, $2, $3)`,
    [id('a'), id('b'), back],
  );
}
