// The migrator applies each file once, and reports an error when files and database disagree.

import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { FUNCTIONS_DIR, migrate, MIGRATIONS_DIR, readMigrations } from './migrate.ts';

let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pontis-migrate-'));
  database = await createTestDatabase({ migrated: false });
  writeFileSync(join(folder, '0001-a.sql'), 'create table a (x int);');
  writeFileSync(join(folder, '0002-b.sql'), 'create table b (x int);');
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

test('two programs that migrate at once apply each file once', async () => {
  const results = await Promise.all(
    [1, 2, 3].map(() => migrate(database.pool, database.log, folder)),
  );
  expect(results.flatMap((result) => result.applied).sort()).toEqual(['0001-a.sql', '0002-b.sql']);
  expect(results.every((result) => result.version === 2)).toBe(true);
});

test('a second run changes nothing', async () => {
  expect(await migrate(database.pool, database.log, folder)).toEqual({ applied: [], version: 2 });
});

test('other line ends are no change', async () => {
  writeFileSync(join(folder, '0002-b.sql'), 'create table b\n(x int);\n');
  await using fresh = await createTestDatabase({ migrated: false });
  await migrate(fresh.pool, fresh.log, folder);
  writeFileSync(join(folder, '0002-b.sql'), 'create table b\r\n(x int);\r\n');
  expect((await migrate(fresh.pool, fresh.log, folder)).applied).toEqual([]);
  writeFileSync(join(folder, '0002-b.sql'), 'create table b (x int);');
});

test('a file that fails is rolled back whole and named with its line', async () => {
  writeFileSync(
    join(folder, '0003-c.sql'),
    'create table c (x int);\ninsert into nowhere values (1);',
  );
  await expect(migrate(database.pool, database.log, folder)).rejects.toThrow(
    /0003-c\.sql failed and was rolled back: .*nowhere.* \(line 2\)/,
  );
  const { rows } = await database.pool.query(`select to_regclass('c') as c`);
  expect(rows).toEqual([{ c: null }]);
  rmSync(join(folder, '0003-c.sql'));
});

test('an applied file that was changed is refused by name', async () => {
  writeFileSync(join(folder, '0001-a.sql'), 'create table a (x bigint);');
  await expect(migrate(database.pool, database.log, folder)).rejects.toThrow(
    'Migration 0001-a.sql was changed after it had been applied',
  );
  writeFileSync(join(folder, '0001-a.sql'), 'create table a (x int);');
});

test('a database newer than the program is refused', async () => {
  rmSync(join(folder, '0002-b.sql'));
  await expect(migrate(database.pool, database.log, folder)).rejects.toThrow(
    'The database is newer than this program',
  );
});

test('a gap in the numbers is refused', () => {
  writeFileSync(join(folder, '0004-d.sql'), '');
  expect(() => readMigrations(folder)).toThrow('0004-d.sql breaks the order');
});

/** Migrations and functions of a program, in folders of their own. */
function program(): {
  readonly write: (number: number, text: string) => void;
  readonly migrations: string;
  readonly functions: string;
} {
  const root = mkdtempSync(join(folder, 'program-'));
  const [migrations, functions] = [join(root, 'migrations'), join(root, 'functions')];
  for (const path of [migrations, functions]) mkdirSync(path);
  return {
    migrations,
    functions,
    write: (number, text) => {
      const sql = `create or replace function one() returns text language sql as $$ select '${text}' $$;\n`;
      writeFileSync(join(functions, 'one.sql'), sql);
      const line = `-- apply: one.sql ${hash('sha256', sql)}\n`;
      const count = `create table if not exists ran (number int);\ninsert into ran values (${number});\n`;
      writeFileSync(join(migrations, `000${number}-one.sql`), `${count}${line}`);
    },
  };
}

const one = async (on: TestDatabase): Promise<unknown> =>
  (await on.pool.query('select one(), (select count(*)::int from ran) as ran')).rows[0];
const run = (on: TestDatabase, { migrations, functions }: ReturnType<typeof program>) =>
  migrate(on.pool, on.log, migrations, functions);

describe('a function in force', () => {
  test('of this program is what its file says, each of which a migration applies', async () => {
    await using fresh = await createTestDatabase();
    const files = readdirSync(FUNCTIONS_DIR).sort();
    const applied = readMigrations(MIGRATIONS_DIR).flatMap(({ functions }) => functions);
    expect(applied.map(({ name }) => name).sort()).toEqual(files);
    const defined = async (): Promise<unknown[]> =>
      (
        await fresh.pool.query(
          `select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as text
             from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname in ('ledger', 'clearing') order by 1`,
        )
      ).rows;
    const before = await defined();
    expect(before).not.toEqual([]);
    for (const name of files)
      await fresh.pool.query(readFileSync(join(FUNCTIONS_DIR, name), 'utf8'));
    expect(await defined()).toEqual(before);
  });

  test('is applied once when its file has changed, also by several programs at once', async () => {
    await using fresh = await createTestDatabase({ migrated: false });
    const ours = program();
    ours.write(1, 'first');
    await run(fresh, ours);
    expect(await one(fresh)).toEqual({ one: 'first', ran: 1 });
    ours.write(2, 'second');
    const results = await Promise.all([1, 2, 3].map(() => run(fresh, ours)));
    expect(results.flatMap(({ applied }) => applied)).toEqual(['0002-one.sql']);
    expect(await one(fresh)).toEqual({ one: 'second', ran: 2 });
    expect((await run(fresh, ours)).applied).toEqual([]);
  });

  test('comes to an empty database by the newest migration that names it', async () => {
    await using fresh = await createTestDatabase({ migrated: false });
    const ours = program();
    ours.write(1, 'first');
    ours.write(2, 'second');
    const [first, second] = readMigrations(ours.migrations, ours.functions);
    expect(first?.functions).toEqual([]);
    expect(second?.functions).toMatchObject([{ name: 'one.sql' }]);
    await run(fresh, ours);
    expect(await one(fresh)).toEqual({ one: 'second', ran: 2 });
  });

  test('is never put back by an older program, which does not start', async () => {
    await using fresh = await createTestDatabase({ migrated: false });
    const [older, newer] = [program(), program()];
    older.write(1, 'first');
    newer.write(1, 'first');
    newer.write(2, 'second');
    await run(fresh, older);
    await run(fresh, newer);
    await expect(run(fresh, older)).rejects.toThrow('The database is newer than this program');
    expect(await one(fresh)).toEqual({ one: 'second', ran: 2 });
  });

  test('that was changed without a migration is refused, with the line that it needs', async () => {
    const ours = program();
    ours.write(1, 'first');
    writeFileSync(join(ours.functions, 'one.sql'), 'select 1;');
    expect(() => readMigrations(ours.migrations, ours.functions)).toThrow(
      `-- apply: one.sql ${hash('sha256', 'select 1;')}`,
    );
  });
});
