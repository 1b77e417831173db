// The schema and the statements of the hot path can still be distributed by bucket.

import { afterAll, beforeAll, expect, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../test/fixtures/database.ts';
import {
  findSchemaOffences,
  findStatementOffences,
  listHotTables,
  readFunctionStatements,
  readStatements,
} from './distribution.ts';
import { isTest, readSources } from './source-tree.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

function judge(text: string): number {
  return findStatementOffences([{ where: 'x', text }], ['account', 'transaction']).length;
}

test('the hot tables are found', async () => {
  expect(await listHotTables(database.pool)).toEqual(
    expect.arrayContaining(['account', 'bucket', 'hold', 'transaction']),
  );
});

test('keys, indexes and foreign keys of hot tables begin with bucket; no triggers, no sequences', async () => {
  expect(await findSchemaOffences(database.pool)).toEqual([]);
});

test('every statement on a hot table names one bucket', async () => {
  const hot = await listHotTables(database.pool);
  const ledger = readSources('src/ledger').filter((file) => !isTest(file.path));
  const statements = [...readStatements(ledger), ...(await readFunctionStatements(database.pool))];
  expect(statements.some(({ text }) => text.includes('ledger.account'))).toBe(true);
  expect(findStatementOffences(statements, hot)).toEqual([]);
});

test('and these rules catch what they forbid', async () => {
  expect(judge('select * from ledger.account where account_id = $1')).toBe(1);
  expect(judge('select * from ledger.account where bucket in ($1, $2)')).toBe(1);
  expect(judge('select * from ledger.account where bucket = any($1)')).toBe(1);
  expect(
    judge('select * from ledger.account a join ledger.transaction t on true where a.bucket = $1'),
  ).toBe(1);
  expect(
    judge(
      `select * from ledger.account a join ledger.transaction t on t.bucket = a.bucket
          where a.bucket = $1`,
    ),
  ).toBe(0);
  expect(judge('select sum(x) from ledger.account -- all buckets: a report')).toBe(0);
  expect(judge('insert into ledger.account select * from unnest($1)')).toBe(0);
  await database.pool.query(`
    create table ledger.bad (bucket bigint, id serial, primary key (id));
    create index bad_index on ledger.bad (id, bucket);
    alter table ledger.bad add foreign key (id) references ledger.asset (asset_id)`);
  expect(await findSchemaOffences(database.pool)).toHaveLength(5);
});
