// The migrator applies each file once, and refuses to guess when files and database disagree.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { migrate, readMigrations } from './migrate.ts';

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
