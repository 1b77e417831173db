// The types of values from PostgreSQL, the promises of a database transaction, and the meaning of
// each failure.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  createTestDatabase,
  withDatabase,
  type TestDatabase,
} from '../../test/fixtures/database.ts';
import {
  checkServer,
  CommitRolledBack,
  connect,
  dbTransaction,
  isConflict,
  isDatabaseUnavailable,
} from './database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  await database.pool.query('create table t (x int primary key)');
});

afterAll(() => database.drop());

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

async function count(): Promise<bigint> {
  return (
    (await database.pool.query<{ n: bigint }>('select count(*) as n from t')).rows[0]?.n ?? -1n
  );
}

async function check(url: string): Promise<string> {
  try {
    await checkServer({ url, log: database.log, applicationName: 'test' });
    return 'fine';
  } catch (error) {
    return (error as Error).message;
  }
}

test('integers arrive as bigint, numerics and days as text, moments as Date, arrays alike', async () => {
  const { rows } = await database.pool.query(
    `select 9007199254740993::int8 as big, '{1,NULL,-2}'::int8[] as bigs, '{}'::int8[] as none,
        1.10::numeric as number, array[1.10, 2] as numbers,
            date 'infinity' as day, array[date '2026-02-28', 'infinity'] as days,
              timestamptz '2026-01-01 00:00+00' as moment, $1::int8[] as given`,
    [[1n, 10n ** 18n]],
  );
  expect(rows).toEqual([
    {
      big: 9007199254740993n,
      bigs: [1n, null, -2n],
      none: [],
      number: '1.10',
      numbers: ['1.10', '2'],
      day: 'infinity',
      days: ['2026-02-28', 'infinity'],
      moment: new Date('2026-01-01T00:00:00Z'),
      given: [1n, 10n ** 18n],
    },
  ]);
});

describe('a database transaction', () => {
  test('keeps all of its work or none of it', async () => {
    await dbTransaction(database.pool, (client) => client.query('insert into t values (1)'));
    const failure = await failureOf(
      dbTransaction(database.pool, async (client) => {
        await client.query('insert into t values (2)');
        throw new Error('mine');
      }),
    );
    expect(failure).toEqual(new Error('mine'));
    expect(await count()).toBe(1n);
  });

  test('does not take a swallowed error for a commit', async () => {
    const failure = await failureOf(
      dbTransaction(database.pool, async (client) => {
        await client.query('insert into t values (1)').catch(() => undefined);
      }),
    );
    expect(failure).toBeInstanceOf(CommitRolledBack);
  });

  test('whose connection is cut says that the database is unavailable, and the pool goes on', async () => {
    const failure = await failureOf(
      dbTransaction(database.pool, async (client) => {
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
        await client.query('insert into t values (3)');
      }),
    );
    expect(isDatabaseUnavailable(failure)).toBe(true);
    expect(await count()).toBe(1n);
  });
});

test('a lost dedicated connection rejects its queries and does not end the process', async () => {
  const client = await connect({ url: database.url, log: database.log, applicationName: 'test' });
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  const failure = await failureOf(client.query('select pg_sleep(1)'));
  expect(isDatabaseUnavailable(failure)).toBe(true);
  expect(isDatabaseUnavailable(await failureOf(client.query('select 1')))).toBe(true);
});

test('a broken rule is neither an outage nor a conflict', async () => {
  const failure = await failureOf(database.pool.query('insert into t values (1)'));
  expect([isDatabaseUnavailable(failure), isConflict(failure)]).toEqual([false, false]);
});

describe('an unfit server is refused in a sentence', () => {
  test('but a fit one is not', async () => {
    expect(await check(database.url)).toBe('fine');
  });

  test('nobody listens', async () => {
    expect(await check('postgres://a:b@127.0.0.1:1/x')).toMatch(
      /^The PostgreSQL server at 127\.0\.0\.1:1\/x cannot be reached \(.*ECONNREFUSED.*\)\. Check that it runs/,
    );
  });

  test('wrong password, without repeating it', async () => {
    const url = new URL(database.url);
    url.password = 'wrong-one';
    const said = await check(url.href);
    expect(said).toContain('refused the user name or password');
    expect(said).not.toContain('wrong-one');
    url.password = '';
    expect(await check(url.href)).toContain('asks for a password');
  });

  test('no such database', async () => {
    expect(await check(withDatabase(database.url, 'nowhere'))).toContain('has no such database');
  });

  test('another encoding', async () => {
    await using latin = await createTestDatabase({ migrated: false, encoding: 'SQL_ASCII' });
    expect(await check(latin.url)).toContain('stores text as SQL_ASCII; Pontis needs UTF8');
  });
});
