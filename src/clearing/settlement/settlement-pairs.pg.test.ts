// Movements of positions besides plain conversions: transfers that were authorised first, and
// corrections that another platform pays for.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomUUID } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../../../test/fixtures/ledger.ts';
import {
  createTestSettlement,
  readNets,
  type TestSettlement,
} from '../../../test/fixtures/settlement.ts';
import { formatId, type MemberId, type PlatformId, type TransactionId } from '../../kernel/ids.ts';
import type { Outcome } from '../../ledger/ledger.ts';
import { describeStatement, describeTransactions } from '../../views/statement.ts';

let database: TestDatabase;
let test: TestLedger;
let windows: TestSettlement;
let ann: MemberId;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database);
  windows = createTestSettlement(test, database);
  await test.ledger.registerAsset({
    code: 'away',
    kind: 'points',
    platformId: 'away' as PlatformId,
    custody: 'connected',
  });
  await test.amend((document) => ({
    ...document,
    platforms: { ...document.platforms, away: { multiplier: '1.0' } },
  }));
  ann = test.member();
  for (const platform of ['platform_a', 'platform_c', 'platform_d'])
    await test.earn(platform, ann, 100_000n);
});
afterAll(async () => {
  await test?.ledger.close();
  await database?.drop();
});

function posted(outcome: Outcome): TransactionId {
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.transaction.transactionId;
}

it('a transfer over a connected platform counts when it is posted, not when it is authorised, and is left out by the id that its dispute names', async () => {
  const transfer = {
    kind: 'transfer' as const,
    amount: 3_000n,
    targetPlatformId: 'away' as PlatformId,
    toMemberId: ann,
  };
  const authorised = posted(await test.submit('platform_a', ann, transfer));
  const first = await windows.close();
  expect(await readNets(database.pool, first)).toEqual({});
  await test.submit('platform_a', ann, { ...transfer, authorisedId: authorised }, randomUUID());
  windows.frozen.set(authorised, 1_000n);
  const second = await windows.close();
  const found = await windows.settlement.find(second);
  if (!found.ok) throw new Error(found.problem.detail);
  expect(found.value.window.mismatch).toBeNull();
  expect(found.value.pairs).toMatchObject([
    {
      source: 'platform_a',
      target: 'away',
      kind: 'conversion',
      transactions: 1n,
      amount: 3_000n,
      credited: 3_000n,
      owed: 3_000n,
      due: 3_000n,
    },
  ]);
  expect(found.value.carveOuts).toMatchObject([
    {
      transactionId: authorised,
      direction: 'out',
      amount: 1_000n,
      sourceEffect: -1_000n,
      targetEffect: 1_000n,
    },
  ]);
  expect(await readNets(database.pool, second)).toEqual({ away: 3_000n, platform_a: -3_000n });
  expect(await windows.settle(second)).toBe('settled');
  windows.frozen.clear();
  const listed = await windows.settlement.listTransactions(
    second,
    'away' as PlatformId,
    undefined,
    10,
  );
  expect(listed.transactions).toMatchObject([
    {
      kind: 'conversion',
      direction: 'received',
      counterpart: 'platform_a',
      ownPoints: 3_000n,
      money: 3_000n,
      relatedId: authorised,
    },
  ]);
});

it('a correction that another platform pays for is an item of its own between the two', async () => {
  await windows.close();
  const adjusted = posted(
    await test.submit('platform_c', ann, {
      kind: 'adjust',
      amount: 500n,
      reason: 'after a dispute',
      compensation: { paidBy: 'platform_d' as PlatformId, value: 400n },
    }),
  );
  const windowId = await windows.close();
  const made = await windows.settlement.statement(windowId, 'platform_d' as PlatformId);
  if (!made.ok) throw new Error(made.problem.detail);
  expect(describeStatement(made.value)).toMatchObject({
    net: -0.04,
    lines: [
      {
        counterpart: 'platform_c',
        direction: 'sent',
        kind: 'adjust',
        transactions: 1,
        points: 0,
        money: -0.04,
      },
    ],
  });
  const rows = await windows.settlement.listTransactions(
    windowId,
    'platform_d' as PlatformId,
    undefined,
    10,
  );
  expect(describeTransactions(made.value, rows.transactions)).toMatchObject([
    {
      transaction_id: formatId('txn', adjusted),
      kind: 'adjust',
      direction: 'sent',
      counterpart: 'platform_c',
      money: -0.04,
    },
  ]);
  const theirs = await windows.settlement.statement(windowId, 'platform_c' as PlatformId);
  expect(theirs).toMatchObject({
    ok: true,
    value: {
      net: 400n,
      lines: [
        {
          counterpart: 'platform_d',
          direction: 'received',
          kind: 'adjust',
          ownPoints: 500n,
          money: 400n,
        },
      ],
    },
  });
});
