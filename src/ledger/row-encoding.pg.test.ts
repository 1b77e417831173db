// What is written in the binary form of rows is read back unchanged from a real database, at the
// bounds of every type.

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import type { Bucket, MemberId, OwnerId, TransactionId } from '../kernel/ids.ts';
import { Account, newWallet } from './account.ts';
import { checkColumns, encodeRows } from './row-encoding.ts';
import {
  accountRows,
  readAccount,
  readLeg,
  transactionRows,
  type AccountRow,
  type TransactionRow,
} from './rows.ts';
import { loadRowTypes, type RowTypes } from './store.ts';
import type { Details, Entry, PostedLeg } from './types.ts';

let database: TestDatabase;
let types: RowTypes;

beforeAll(async () => {
  database = await createTestDatabase();
  types = await loadRowTypes(database.pool);
});
afterAll(async () => {
  await database?.drop();
});

const MAX = 2n ** 63n - 1n;
const int8 = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, MAX, -MAX - 1n),
  fc.bigInt({ min: -MAX - 1n, max: MAX }),
);
const counter = fc.oneof(fc.constantFrom(0n, MAX), fc.bigInt({ min: 0n, max: MAX }));
const uuid = fc.uuid();
// PostgreSQL has no NUL in text, and UTF-8 no half of a surrogate pair; the API refuses both.
const text = fc.oneof(
  fc.constantFrom(
    '',
    '"',
    '\\',
    "'; drop table ledger.account; --",
    '{}',
    'NULL',
    'null',
    '\u0001',
    '漢字かな',
    '👩‍👩‍👧‍👦',
    'ñ'.repeat(300),
    '\uffff',
    '\t\r\n',
  ),
  fc
    .string({ unit: 'binary', maxLength: 40 })
    .map((any) => any.replaceAll('\0', '').toWellFormed()),
);
const timeMs = fc.oneof(
  fc.constantFrom(0, 946_684_800_000, -62_135_596_800_000, 253_402_300_799_999),
  fc.integer({ min: -1e12, max: 4e12 }),
);
const day = fc.oneof(
  fc.constantFrom('infinity', '0001-01-01', '1999-12-31', '2000-01-01', '2024-02-29', '9999-12-31'),
  fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
);
// Names as the API takes them: JSON.parse of Node 26.10 can read the name "\"" as "\\" after it has
// seen that one.
const details = fc.dictionary(
  fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/),
  fc.oneof(text, fc.boolean(), fc.constant(null), fc.integer(), fc.constantFrom(0.1, 1e15)),
  { maxKeys: 5 },
);
const entry: fc.Arbitrary<Entry> = fc.record({
  accountId: int8,
  amount: int8,
  balanceAfter: int8,
  layer: fc.constantFrom('p', 'd', 'c'),
});
const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(value, { nil: null });

const leg: fc.Arbitrary<PostedLeg> = fc.record({
  bucket: fc.integer({ min: 0, max: 65_535 }).map((value) => value as Bucket),
  sequence: int8,
  transactionId: uuid.map((id) => id as TransactionId),
  leg: fc.integer({ min: -32_768, max: 32_767 }),
  kind: fc.constantFrom('earn', 'conversion', 'allot'),
  postedAtMs: timeMs,
  occurredAtMs: nullable(timeMs),
  memberId: uuid.map((id) => id as MemberId),
  counterpartyId: nullable(uuid.map((id) => id as MemberId)),
  assetId: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  targetAssetId: nullable(fc.integer({ min: 0, max: 2 ** 31 - 1 })),
  amount: int8,
  credited: nullable(int8),
  fee: nullable(int8),
  rate: nullable(text),
  balanceAfter: nullable(int8),
  targetBalanceAfter: nullable(int8),
  relatedId: nullable(uuid.map((id) => id as TransactionId)),
  reference: nullable(text),
  details: nullable(details as fc.Arbitrary<Details>),
  fingerprint: int8,
  rulebookVersion: nullable(fc.integer({ min: 0, max: 2 ** 31 - 1 })),
  entries: fc.array(entry, { maxLength: 12 }),
});

const account: fc.Arbitrary<Account> = fc
  .record({
    owner: uuid,
    expiresOn: day,
    debits: counter,
    credits: counter,
    pendingDebits: counter,
    pendingCredits: counter,
    last: int8,
    accountId: int8,
  })
  .map((shape) =>
    Object.assign(
      new Account(newWallet(3 as Bucket, shape.owner as OwnerId, 7), 'issued', shape.expiresOn),
      {
        accountId: shape.accountId,
        debitsPosted: shape.debits,
        creditsPosted: shape.credits,
        debitsPending: shape.pendingDebits,
        creditsPending: shape.pendingCredits,
        lastSequence: shape.last,
        stored: true,
        floor: null,
      },
    ),
  );

describe('rows', () => {
  it('of transactions come back as they were, whatever is in them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(leg, { maxLength: 8, selector: (row) => `${row.bucket}/${row.sequence}` }),
        async (legs) => {
          await database.pool.query('truncate ledger.transaction');
          await database.pool.query(
            'insert into ledger.transaction select * from unnest($1::ledger.transaction[])',
            [encodeRows(transactionRows, types.transaction, legs)],
          );
          const { rows } = await database.pool.query<TransactionRow>(
            'select * from ledger.transaction',
          );
          expect(rows.map(readLeg).sort(byPlace)).toEqual(legs.toSorted(byPlace));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('of accounts come back as they were, dates and infinity included', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(account, { maxLength: 8, selector: (row) => row.accountId }),
        async (accounts) => {
          await database.pool.query('truncate ledger.account');
          await database.pool.query(
            'insert into ledger.account select * from unnest($1::ledger.account[])',
            [encodeRows(accountRows, types.account, accounts)],
          );
          const { rows } = await database.pool.query<AccountRow>('select * from ledger.account');
          const read = rows.map((row) =>
            readAccount(newWallet(row.bucket, row.owner_id, row.asset_id), row),
          );
          expect(read.sort(byNumber)).toEqual(accounts.toSorted(byNumber));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('by the ten thousand fit into one value', async () => {
    await database.pool.query('truncate ledger.account');
    const many = Array.from({ length: 10_000 }, (_, index) =>
      Object.assign(
        new Account(
          newWallet(1 as Bucket, '00000000-0000-4000-8000-000000000000' as OwnerId, index),
          'lot',
          'infinity',
        ),
        { accountId: BigInt(index) },
      ),
    );
    await database.pool.query(
      'insert into ledger.account select * from unnest($1::ledger.account[])',
      [encodeRows(accountRows, types.account, many)],
    );
    const { rows } = await database.pool.query<{ count: bigint; sum: bigint }>(
      'select count(*), sum(account_id)::bigint as sum from ledger.account',
    );
    expect(rows[0]).toEqual({ count: 10_000n, sum: 49_995_000n });
  });
});

it('a table that has other columns than the program writes stops the program', () => {
  const catalogue = accountRows.columns.map(({ name, type }) => ({ name, type: String(type) }));
  expect(() => checkColumns(accountRows, catalogue)).not.toThrow();
  expect(() => checkColumns(accountRows, catalogue.slice(1))).toThrow(
    'ledger.account has the columns',
  );
  expect(() => checkColumns(accountRows, catalogue.toReversed())).toThrow(
    'ledger.account has the columns',
  );
  expect(() =>
    checkColumns(accountRows, catalogue.with(1, { name: 'account_id', type: 'int4' })),
  ).toThrow('the program writes');
});

function byPlace(a: PostedLeg, b: PostedLeg): number {
  return a.bucket - b.bucket || (a.sequence < b.sequence ? -1 : 1);
}

function byNumber(a: Account, b: Account): number {
  return a.accountId < b.accountId ? -1 : 1;
}
