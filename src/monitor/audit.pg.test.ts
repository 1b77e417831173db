// The audit finds nothing in a ledger with every kind of transaction, and reports each invariant
// that a test breaks by hand.

import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTestDatabase,
  dropDatabase,
  withDatabase,
  type TestDatabase,
} from '../../test/fixtures/database.ts';
import { liveThrough } from '../../test/fixtures/eventful-ledger.ts';
import { liveThroughRedemptions } from '../../test/fixtures/eventful-redemptions.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import {
  CHECKER,
  createTestSettlement,
  MAKER,
  type TestSettlement,
} from '../../test/fixtures/settlement.ts';
import { platformOwnerId, type MemberId } from '../kernel/ids.ts';
import type { Outcome } from '../ledger/ledger.ts';
import { liveThroughSagas } from '../../test/fixtures/eventful-sagas.ts';
import { createAlongside } from '../clearing/saga/saga.ts';
import { createReserve } from '../clearing/reserve/reserve.ts';
import { systemClock } from '../kernel/time.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { connect, createPool, type Pool } from '../runtime/database.ts';
import { audit, auditChecks, type AuditReport } from './monitor.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  const test = await createTestLedger(database, {
    bucketCount: 4,
    alongside: createAlongside({ clock: systemClock }),
  });
  await liveThrough(test);
  await settleWindows(test);
  await liveThroughSagas(test);
  await liveThroughRedemptions(test, database);
  await test.ledger.close();
  // A database can be copied only while nothing is connected to it.
  await database.pool.end();
});
afterAll(() => dropDatabase(database.url, database.log, new URL(database.url).pathname.slice(1)));

/**
 * Three windows: one settled with a dispute in it, one that is being settled, and one that was
 * closed after the disputed amount had returned; and rows that are in no window yet.
 */
async function settleWindows(test: TestLedger): Promise<void> {
  const windows = createTestSettlement(test, database);
  const ann = test.member();
  const convert = (platform: string, amount: bigint, to: string): Promise<Outcome> =>
    test.transfer(platform, ann, amount, to, ann);
  for (const platform of ['platform_b', 'platform_c']) await test.earn(platform, ann, 10_000n);
  await windows.close();
  const disputed = await convert('platform_b', 3_001n, 'platform_c');
  if (!disputed.ok) throw new Error(disputed.problem.detail);
  await convert('platform_c', 700n, 'platform_b');
  windows.frozen.set(disputed.transaction.transactionId, 1_000n);
  const second = await windows.close();
  expect([await windows.settle(1), await windows.settle(second)]).toEqual(['settled', 'settled']);
  await convert('platform_b', 50n, 'platform_c');
  expect(await windows.settle(await windows.close(), 'prefund')).toBe('settling');
  windows.frozen.clear();
  await convert('platform_c', 500n, 'platform_b');
  await windows.close();
  await convert('platform_c', 500n, 'platform_b');
  await leaveOut(test, windows);
}

/**
 * A window in which one of two payers is short: the money that came in was paid out pro rata,
 * twice, and then the payer was left out; and a withdrawal that its debt permits.
 */
async function leaveOut(test: TestLedger, windows: TestSettlement): Promise<void> {
  const ann = test.member();
  const money = (
    platform: string,
    kind: 'deposit' | 'withdraw',
    amount: bigint,
  ): Promise<Outcome> =>
    test.submit(platform, platformOwnerId(test.id(platform)) as MemberId, { kind, amount });
  for (const [from, amount, to] of [
    ['platform_d', 3_001n, 'platform_b'],
    ['platform_d', 500n, 'platform_c'],
    ['platform_b', 100n, 'platform_c'],
  ] as const) {
    await test.earn(from, ann, amount);
    await test.transfer(from, ann, amount, to, ann);
  }
  await money('platform_d', 'deposit', 701n);
  const windowId = await windows.close();
  expect(await windows.settle(windowId, 'prefund')).toBe('settling');
  await money('platform_d', 'deposit', 400n);
  test.clock.advance(31_000);
  await windows.settlement.follow();
  const act = await windows.settlement.proposeAct({
    windowId,
    kind: 'leave_out',
    participants: [test.id('platform_d')],
    reason: 'short',
    operatorId: MAKER,
  });
  if (!act.ok) throw new Error(act.problem.detail);
  expect(
    await windows.settlement.approveAct({ windowId, actId: act.value.actId, operatorId: CHECKER }),
  ).toMatchObject({ ok: true });
  expect(await windows.settlement.find(windowId)).toMatchObject({
    ok: true,
    value: { window: { state: 'settled' } },
  });
  await windows.close();
  await money('platform_b', 'deposit', 5_000n);
  const { requests } = createReserve({
    ...database,
    clock: test.clock,
    ledger: test.ledger,
    metrics: createMetrics({ processMetrics: false }),
  });
  const asked = await requests.make({
    platformId: test.id('platform_b'),
    operatorId: MAKER,
    reason: 'test',
    wanted: { kind: 'withdrawal', amount: 1n, bankReference: 'B-1' },
  });
  expect(
    asked.ok && (await requests.approve({ requestId: asked.value.requestId, operatorId: CHECKER })),
  ).toMatchObject({ ok: true });
}

async function administer(statement: string): Promise<void> {
  const client = await connect({
    url: withDatabase(database.url, 'postgres'),
    log: database.log,
    applicationName: 'audit test',
  });
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Runs the SQL on a copy of the database, then the audit. */
async function auditAfter(...statements: readonly string[]): Promise<AuditReport> {
  const name = `copy_${Math.random().toString(36).slice(2)}`;
  let pool: Pool | undefined;
  await administer(`create database ${name} template ${new URL(database.url).pathname.slice(1)}`);
  try {
    pool = createPool({
      url: withDatabase(database.url, name),
      log: database.log,
      applicationName: 'audit test',
      max: 1,
    });
    for (const statement of statements) {
      const { rowCount } = await pool.query(statement);
      if (/^(update|delete|insert)/.test(statement) && rowCount === 0)
        throw new Error(`changed nothing: ${statement}`);
    }
    return await audit(pool);
  } finally {
    await pool?.end();
    await dropDatabase(database.url, database.log, name);
  }
}

function broken(report: AuditReport): string[] {
  return report.checks.filter((check) => !check.ok).map((check) => check.name);
}

const dropBounds = [
  'alter table ledger.account drop constraint account_not_below_floor, drop constraint ' +
    'account_debt_not_positive, drop constraint account_counters_not_negative',
];
const someEarn = `(select min(sequence) from ledger.transaction where bucket = 1 and kind = 'earn')`;
/** A row of this kind, in any bucket. */
const one = (where: string): string =>
  `(bucket, sequence) = (select bucket, sequence from ledger.transaction where ${where}
      order by 1, 2 limit 1)`;
const oneAccount = (where: string): string =>
  `(bucket, account_id) = (select bucket, account_id from ledger.account where ${where}
      order by 1, 2 limit 1)`;
const oneHold = (state: string): string =>
  `hold_id = (select hold_id from ledger.hold where state = '${state}' order by 1 limit 1)`;
const oneSaga = (where: string): string =>
  `(bucket, saga_id) = (select bucket, saga_id from clearing.saga where ${where} order by 1, 2
      limit 1)`;
const oneVoucher = (where: string): string =>
  `(redemption_id, unit) = (select redemption_id, unit from rewards.voucher where ${where}
      order by 1, 2 limit 1)`;
const lastRow = `(bucket, sequence) = (select bucket, max(sequence) from ledger.transaction
    where bucket = 2 group by bucket)`;

/** The change of the data, and the checks that must report it. */
const corruptions: readonly (readonly [
  title: string,
  statements: readonly string[],
  names: readonly string[],
])[] = [
  [
    'an amount in an entry',
    [`update ledger.transaction set amounts[1] = amounts[1] + 1 where ${one(`kind = 'earn'`)}`],
    ['entries_sum_to_zero', 'stated_amount', 'counters_equal_entries', 'balance_after_chain'],
  ],
  [
    'an entry moved to another account',
    [
      `update ledger.transaction t set account_ids[2] = (select min(account_id)
          from ledger.account a where a.bucket = t.bucket and purpose = 'lot'
          and account_id <> t.account_ids[2]) where bucket = 1 and sequence = ${someEarn}`,
    ],
    ['counters_equal_entries', 'balance_after_chain'],
  ],
  [
    'an array cut short',
    [`update ledger.transaction set balances = balances[1:1] where ${one(`kind = 'earn'`)}`],
    ['entry_arrays'],
  ],
  [
    'layers that are too few',
    [`update ledger.transaction set layers = 'd' where ${one(`kind = 'hold'`)}`],
    ['entry_arrays'],
  ],
  [
    'layers of no meaning',
    [`update ledger.transaction set layers = 'xy' where ${one(`kind = 'hold'`)}`],
    ['entry_arrays'],
  ],
  [
    'the stated amount',
    [`update ledger.transaction set amount = amount + 1 where ${one(`kind = 'redeem'`)}`],
    ['stated_amount'],
  ],
  [
    'the stated amount of a conversion',
    [
      `update ledger.transaction set credited = credited + 1
          where ${one(`kind = 'conversion' and counterparty_id is null`)}`,
    ],
    ['stated_amount'],
  ],
  [
    'points from nowhere, on both sides of the books',
    [
      `update ledger.account set credits_posted = credits_posted + 5
          where ${oneAccount(`purpose = 'lot'`)}`,
    ],
    ['asset_sums_to_zero', 'counters_equal_entries'],
  ],
  [
    'a balance moved from one member to another',
    [
      `update ledger.account set debits_posted = debits_posted + 5
          where (bucket, account_id) = (select bucket, min(account_id) from ledger.account
          where bucket = 1 and purpose = 'lot' group by 1)`,
      `update ledger.account set credits_posted = credits_posted + 5
          where (bucket, account_id) = (select bucket, max(account_id) from ledger.account
          where bucket = 1 and purpose = 'issued' group by 1)`,
    ],
    ['counters_equal_entries'],
  ],
  [
    'an unknown asset',
    [`update ledger.account set asset_id = 9999 where ${oneAccount(`purpose = 'lot'`)}`],
    ['known_assets'],
  ],
  [
    'a limit counted in points',
    [
      `update ledger.account set asset_id = (select max(asset_id) from ledger.asset
          where kind = 'points') where ${oneAccount(`purpose = 'used'`)}`,
    ],
    ['limits_in_own_assets'],
  ],
  [
    'a purpose',
    [`update ledger.account set purpose = 'gift' where ${oneAccount(`purpose = 'issued'`)}`],
    ['known_words'],
  ],
  [
    'a kind',
    [`update ledger.transaction set kind = 'gift' where ${one(`kind = 'adjust'`)}`],
    ['known_words'],
  ],
  [
    'an account deleted',
    [`delete from ledger.account where ${oneAccount(`purpose = 'lot'`)}`],
    ['entries_have_accounts', 'account_numbers', 'asset_sums_to_zero'],
  ],
  [
    'a pending sum',
    [
      `update ledger.account set debits_pending = debits_pending + 1
          where ${oneAccount(`purpose = 'lot' and debits_pending > 0`)}`,
    ],
    ['asset_sums_to_zero', 'counters_equal_entries', 'holds_equal_pending'],
  ],
  [
    'a last_sequence',
    [
      `update ledger.account set last_sequence = last_sequence + 1
          where ${oneAccount(`purpose = 'lot'`)}`,
    ],
    ['counters_equal_entries'],
  ],
  [
    'a balance after an entry',
    [
      `update ledger.transaction set balances[1] = balances[1] - 1
          where ${one(`kind = 'transfer'`)}`,
    ],
    ['balance_after_chain'],
  ],
  [
    'the numbering of accounts',
    [`update ledger.bucket set account_count = account_count - 1 where bucket = 0`],
    ['account_numbers'],
  ],
  [
    'an account twice',
    [
      'alter table ledger.account drop constraint account_natural_key, drop constraint account_pkey',
      `insert into ledger.account select * from ledger.account
          where ${oneAccount(`purpose = 'issued'`)}`,
    ],
    ['account_numbers', 'asset_sums_to_zero'],
  ],
  [
    'a lot overdrawn',
    [
      ...dropBounds,
      `update ledger.account set debits_posted = credits_posted + 1
          where ${oneAccount(`purpose = 'lot'`)}`,
    ],
    ['not_below_floor', 'counters_equal_entries'],
  ],
  [
    "a debt in the member's favour",
    [
      ...dropBounds,
      `update ledger.account set credits_posted = debits_posted + 1
          where ${oneAccount(`purpose = 'debt'`)}`,
    ],
    ['not_below_floor'],
  ],
  [
    'a lot without floor',
    [`update ledger.account set floor = null where ${oneAccount(`purpose = 'lot'`)}`],
    ['not_below_floor', 'floor_has_allotment'],
  ],
  [
    'a position below its floor',
    [
      ...dropBounds,
      `update ledger.account set debits_posted = debits_posted + 9000000
          where ${oneAccount(`purpose = 'position' and floor is not null`)}`,
    ],
    ['not_below_floor', 'cap_equals_floors'],
  ],
  [
    'a lot that was overdrawn in between',
    [`update ledger.transaction set balances[2] = -1 where ${one(`kind = 'earn'`)}`],
    ['never_was_below_zero', 'balance_after_chain'],
  ],
  [
    'a floor lowered',
    [
      `update ledger.account set floor = floor - 1
          where ${oneAccount(`purpose = 'position' and floor is not null`)}`,
    ],
    ['floor_has_allotment', 'cap_equals_floors'],
  ],
  [
    'an allotment rewritten',
    [
      `update ledger.transaction set details = details || '{"floor_after": "junk"}'
          where ${one(`kind = 'allot'`)}`,
    ],
    ['floor_has_allotment'],
  ],
  [
    'a cap changed',
    [`update ledger.cap set amount = amount + 1 where purpose = 'position'`],
    ['cap_equals_floors'],
  ],
  [
    'a cap deleted',
    [`delete from ledger.cap where purpose = 'stock'`],
    ['cap_equals_floors', 'delivered_within_stock'],
  ],
  [
    'a key used twice',
    [
      'alter table ledger.transaction drop constraint transaction_once',
      `insert into ledger.transaction
          select (jsonb_populate_record(t, jsonb_build_object('sequence', (select max(sequence) + 1
          from ledger.transaction where bucket = 1)))).* from ledger.transaction t
          where bucket = 1 and sequence = ${someEarn}`,
      `update ledger.bucket set sequence = sequence + 1 where bucket = 1`,
    ],
    ['transaction_once'],
  ],
  [
    'a row in a foreign bucket',
    [
      `update ledger.transaction set member_id = '00000003-0000-4000-8000-000000000000'
          where bucket = 1 and sequence = ${someEarn}`,
    ],
    ['row_in_home_bucket'],
  ],
  [
    'the second leg missing',
    [`delete from ledger.transaction where ${one(`leg = 1`)}`],
    ['legs_belong_together', 'sequence_gap'],
  ],
  [
    'the second leg of somebody else',
    [`update ledger.transaction set counterparty_id = gen_random_uuid() where ${one(`leg = 1`)}`],
    ['legs_belong_together'],
  ],
  [
    'more arriving than left',
    [
      `update ledger.transaction set amounts = array(select a + sign(a)::bigint
          from unnest(amounts) with ordinality u (a, n) order by n)
          where ${one(`kind = 'transfer' and leg = 1`)}`,
    ],
    ['transit_of_legs', 'stated_amount'],
  ],
  [
    'a row deleted',
    [`delete from ledger.transaction where ${one(`kind = 'earn'`)}`],
    ['sequence_gap', 'counters_equal_entries'],
  ],
  [
    'the last row deleted',
    [`delete from ledger.transaction where ${lastRow}`],
    ['bucket_sequence'],
  ],
  [
    'a bucket set back',
    ['update ledger.bucket set sequence = sequence - 1 where bucket = 3'],
    ['bucket_sequence'],
  ],
  [
    'a bucket deleted',
    ['delete from ledger.bucket where bucket = 3'],
    ['buckets_of_network', 'bucket_sequence'],
  ],
  [
    'a row in no bucket',
    [`insert into ledger.bucket (bucket) values (77)`],
    ['buckets_of_network'],
  ],
  [
    'a hold of another size',
    [`update ledger.hold set amounts[1] = amounts[1] + 1 where ${oneHold('held')}`],
    ['holds_equal_pending', 'hold_has_transaction'],
  ],
  [
    'an open hold deleted',
    [`delete from ledger.hold where ${oneHold('held')}`],
    ['holds_equal_pending', 'hold_has_transaction'],
  ],
  [
    'a hold reopened',
    [`update ledger.hold set state = 'held', resolved_by = null where ${oneHold('released')}`],
    ['holds_equal_pending', 'hold_resolved_once'],
  ],
  [
    'a hold resolved by nobody',
    [
      `update ledger.hold set state = 'released', resolved_by = gen_random_uuid()
          where ${oneHold('held')}`,
    ],
    ['holds_equal_pending', 'hold_resolved_once'],
  ],
  [
    'a capture of another amount',
    [`update ledger.hold set captured = captured - 1 where ${oneHold('captured')}`],
    ['hold_resolved_once'],
  ],
  [
    'a hold forgotten by the timer',
    [`update ledger.hold set expires_at = now() - interval '1 hour' where ${oneHold('held')}`],
    ['hold_overdue'],
  ],
  [
    'points frozen for no dispute',
    [`update ledger.hold set expires_at = '9999-12-31 00:00:00+00' where ${oneHold('held')}`],
    ['freeze_has_dispute'],
  ],
  [
    'more reversed than there was',
    [`update ledger.reversal set amount = 1000000 where amount = 300`],
    ['reversal_within_original', 'reversal_has_transaction'],
  ],
  [
    'an adjustment that settled two disputes',
    [
      `
    insert into clearing.dispute (bucket, dispute_id, transaction_id, fingerprint, opened_by,
      opener_id,
                                  claimant_side, source_platform, target_platform, source_member,
                                  target_member, reason_code, description, amount, credited, state,
                                  outcome, resolution, resolution_amount, borne_by, resolution_id,
                                  opened_at, changed_at)
    select t.bucket, gen_random_uuid(), t.transaction_id, '', 'platform', 'platform_a', 'source',
           'platform_a', 'platform_a', t.member_id, t.member_id, 'other', '', 1, 1, 'upheld',
           'upheld', 'adjustment', 1, 'source', t.transaction_id, now(), now()
      from ledger.transaction t cross join generate_series(1, 2)
     where ${one(`kind = 'adjust' and amount > 0`)}`,
    ],
    ['settled_within_original'],
  ],
  [
    'a share that stays with the receiver',
    [
      `update ledger.transaction set credited = credited - 1
          where ${one(`kind = 'reverse' and amount = 333`)}`,
    ],
    ['reversal_shares'],
  ],
  [
    'what the receiver of a part gives back',
    [
      `update ledger.transaction set credited = credited + 1
          where ${one(`kind = 'reverse' and amount = 333 and leg = 1`)}`,
    ],
    ['stated_amount'],
  ],
  [
    'a fee that stays with its platform',
    [
      `update ledger.transaction set fee = fee - 1
          where ${one(`kind = 'reverse' and amount = 333`)}`,
    ],
    ['reversal_shares'],
  ],
  [
    'a reversal that says less of what had lapsed',
    [
      `update ledger.transaction
          set details = jsonb_build_object('from_expired',
          replace(details ->> 'from_expired', ':60', ':59'))
          where ${one(`details ? 'from_expired'`)}`,
    ],
    ['lapsed_taken_once'],
  ],
  [
    'less lapsed than was taken out of it',
    [
      `update ledger.transaction set kind = 'adjust'
          where ${one(`kind = 'expire' and member_id = (select member_id from ledger.transaction where details ? 'from_expired')`)}`,
    ],
    ['lapsed_taken_once'],
  ],
  [
    'a reversal that leaves what had lapsed',
    [`update ledger.transaction set amount = amount + 1 where ${one(`details ? 'from_expired'`)}`],
    ['lapsed_not_taken_again', 'reversal_has_transaction'],
  ],
  [
    'a reversal forgotten',
    [`delete from ledger.reversal where amount = 300`],
    ['reversal_has_transaction'],
  ],
  [
    'a reversal of nothing',
    [`update ledger.reversal set transaction_id = gen_random_uuid() where amount = 300`],
    ['reversal_within_original', 'reversal_has_transaction'],
  ],
  [
    'a quote used by nothing',
    [`update ledger.quote_use set transaction_id = gen_random_uuid()`],
    ['quote_has_transaction'],
  ],
  [
    'a version that never was',
    [`update ledger.transaction set rulebook_version = 99 where ${one(`kind = 'conversion'`)}`],
    ['rulebook_in_force'],
  ],
  [
    'an allowance in favour of the member',
    [
      ...dropBounds,
      `update ledger.account set credits_posted = debits_posted + 1
          where ${oneAccount(`purpose = 'allowance'`)}`,
    ],
    ['not_below_floor', 'counters_equal_entries'],
  ],
  [
    'an allowance shared beyond its quota',
    [
      ...dropBounds,
      `update ledger.account set debits_posted = debits_posted + 9000000
          where ${oneAccount(`purpose = 'shared_allowance'`)}`,
    ],
    ['not_below_floor'],
  ],
  [
    'a reviewed hold forgotten',
    [
      `update ledger.hold set state = 'held', resolved_by = null, captured = 0
          where hold_id = (select h.hold_id from ledger.transaction t
          join ledger.hold h on h.hold_id = t.related_id where t.kind = 'authorise' order by 1
          limit 1)`,
    ],
    ['hold_resolved_once'],
  ],
  [
    'the amount of a deposit',
    [`update ledger.transaction set amount = amount + 1 where ${one(`kind = 'deposit'`)}`],
    ['stated_amount'],
  ],
  [
    'the amount of a withdrawal',
    [`update ledger.transaction set amount = amount - 1 where ${one(`kind = 'withdraw'`)}`],
    ['stated_amount'],
  ],
  [
    'where a settlement was paid from',
    [
      `update ledger.transaction set details = '{"from": "outside"}'
          where ${one(`kind = 'settle' and details ->> 'from' = 'prefund'`)}`,
    ],
    ['stated_amount'],
  ],
  [
    'a settlement of another platform',
    [
      `update ledger.account set owner_id = gen_random_uuid()
          where ${oneAccount(`purpose = 'prefund'`)}`,
    ],
    ['stated_amount'],
  ],
  [
    'a prefund overdrawn',
    [
      ...dropBounds,
      `update ledger.account set debits_posted = credits_posted + 1
          where ${oneAccount(`purpose = 'prefund'`)}`,
    ],
    ['not_below_floor', 'counters_equal_entries', 'asset_sums_to_zero'],
  ],
  [
    'a prefund without floor',
    [`update ledger.account set floor = null where ${oneAccount(`purpose = 'prefund'`)}`],
    ['not_below_floor', 'floor_has_allotment'],
  ],
  [
    'what is pending on a position',
    [
      `update ledger.account set debits_pending = debits_pending + 1
          where ${oneAccount(`purpose = 'position' and debits_pending > 0`)}`,
    ],
    ['authorised_equal_pending', 'counters_equal_entries'],
  ],
  [
    'what a platform is to be given',
    [
      `update ledger.account set credits_pending = credits_pending - 1
          where ${oneAccount(`purpose = 'position' and credits_pending > 0`)}`,
    ],
    ['authorised_equal_pending', 'counters_equal_entries'],
  ],
  [
    'a saga deleted',
    [
      `delete from clearing.saga
          where ${oneSaga(`purpose = 'transfer' and state not in ('completed', 'failed')`)}`,
    ],
    ['authorisation_has_saga'],
  ],
  [
    'a saga of nothing',
    [
      `insert into clearing.saga
          select (jsonb_populate_record(s, jsonb_build_object('saga_id', gen_random_uuid()))).*
          from clearing.saga s where ${oneSaga(`purpose = 'transfer'`)}`,
    ],
    ['authorisation_has_saga'],
  ],
  [
    'the amount of a saga',
    [
      `update clearing.saga set amount = amount + 1
          where ${oneSaga(`purpose = 'transfer' and state = 'failed'`)}`,
    ],
    ['authorisation_has_saga'],
  ],
  [
    'a saga of somebody else',
    [
      `update clearing.saga set target_member = gen_random_uuid()
          where ${oneSaga(`purpose = 'transfer' and state = 'completed'`)}`,
    ],
    ['authorisation_has_saga'],
  ],
  [
    'a saga that ended another way than its transfer',
    [
      `update clearing.saga set state = 'completed'
          where ${oneSaga(`purpose = 'transfer' and state = 'failed'`)}`,
    ],
    ['authorisation_has_saga', 'external_equals_sagas'],
  ],
  [
    'a reversal that no platform hears of',
    [`delete from clearing.saga where ${oneSaga(`purpose = 'reversal'`)}`],
    ['reversal_has_saga', 'external_equals_sagas'],
  ],
  [
    'a reversal that undoes another transfer',
    [`update clearing.saga set transaction_id = saga_id where ${oneSaga(`purpose = 'reversal'`)}`],
    ['reversal_has_saga'],
  ],
  [
    'a saga that nobody goes on with',
    [
      `update clearing.saga set deadline_at = now() - interval '1 hour'
          where ${oneSaga(`state not in ('completed', 'failed')`)}`,
    ],
    ['saga_overdue'],
  ],
  [
    'points that came out of a connected platform',
    [
      `update ledger.account set debits_posted = debits_posted + 7
          where ${oneAccount(`purpose = 'external' and asset_id = (select asset_id from ledger.asset where code = 'platform_x')`)}`,
    ],
    ['external_equals_sagas', 'counters_equal_entries', 'asset_sums_to_zero'],
  ],
  [
    'points that a connected platform got',
    [
      `update clearing.saga set credited = credited + 1
          where ${oneSaga(`purpose = 'transfer' and state = 'completed' and target_connected`)}`,
    ],
    ['external_equals_sagas', 'authorisation_has_saga'],
  ],
  [
    'a deposit that was carried out and is not there',
    [
      `insert into clearing.reserve_request (request_id, platform_id, kind, amount, bank_reference,
          reason, state, made_by, made_at, decided_by, decided_at, carried_out_at, transaction_id)
    values (gen_random_uuid(), 'platform_a', 'deposit', 9000, 'B-1', 'x', 'approved', 'maker',
      now(), 'checker', now(), now(), gen_random_uuid())`,
    ],
    ['reserve_request_has_transaction'],
  ],
  [
    'a withdrawal that nobody asked for',
    [
      `update ledger.transaction set details = '{"request_id": "none"}'
          where ${one(`kind = 'withdraw'`)}`,
    ],
    ['reserve_request_has_transaction'],
  ],
  [
    'a window that is missing',
    [`update clearing.settlement_window set window_id = 9 where state = 'open'`],
    ['window_numbers'],
  ],
  [
    'a window that begins too late',
    [
      `update clearing.window_cut
          set from_sequence = from_sequence + 1, counted_through = to_sequence
          where window_id = 2 and bucket = (select bucket from clearing.window_cut
          where window_id = 2 and to_sequence > from_sequence limit 1)`,
    ],
    ['window_cuts_follow'],
  ],
  [
    'a bucket that a window leaves out',
    [`delete from clearing.window_cut where window_id = 2 and bucket = 1`],
    ['window_cuts_follow'],
  ],
  [
    'a net',
    [
      `update clearing.window_net set net = net + 1, closing = closing + 1
          where window_id = 2 and participant = 'platform_b'`,
    ],
    ['window_nets_equal_rows', 'window_pairs_equal_nets', 'obligations_follow_nets'],
  ],
  [
    'a net moved from one platform to another',
    [
      `update clearing.window_net set net = net + case participant when 'platform_b' then 1
          else -1 end, closing = closing + case participant when 'platform_b' then 1 else -1 end
          where window_id = 1 and participant in ('platform_b', 'platform_c')`,
    ],
    ['window_nets_equal_rows'],
  ],
  [
    'a participant that a window leaves out',
    [`delete from clearing.window_net where window_id = 2 and participant = 'platform_c'`],
    ['window_nets_equal_rows'],
  ],
  [
    'a pair',
    [
      `update clearing.window_pair set due = due + 1
          where window_id = 2 and source_platform = 'platform_b'`,
    ],
    ['window_pairs_equal_nets'],
  ],
  [
    'more come back than was left out',
    [`update clearing.window_carve_out set amount = amount + 1 where direction = 'in'`],
    ['carve_outs_return'],
  ],
  [
    'the money of what came back',
    [
      `update clearing.window_carve_out set source_effect = source_effect + 1
          where direction = 'in'`,
    ],
    ['carve_outs_return'],
  ],
  [
    'a dispute forgotten',
    [`delete from clearing.window_carve_out where direction = 'out'`],
    ['obligations_follow_nets', 'carve_outs_return'],
  ],
  [
    'a settled window with an obligation unpaid',
    [
      `update clearing.obligation set state = 'approved', transaction_id = null
          where window_id = 2 and participant = 'platform_b'`,
    ],
    ['obligations_follow_nets'],
  ],
  [
    'an obligation paid by nothing',
    [
      `update clearing.obligation set transaction_id = gen_random_uuid()
          where window_id = 2 and participant = 'platform_b'`,
    ],
    ['obligation_paid_once'],
  ],
  [
    'an obligation deleted',
    [`delete from clearing.obligation where window_id = 2 and participant = 'platform_b'`],
    ['obligation_paid_once', 'obligations_follow_nets'],
  ],
  [
    'an obligation paid with another amount',
    [
      `update ledger.transaction set amount = amount + 1
          where ${one(`kind = 'settle' and details ->> 'window_id' = '2'`)}`,
    ],
    ['obligation_paid_once', 'stated_amount'],
  ],
  [
    'a unit that came back and can be used',
    [
      `update rewards.voucher set usable = 1, returned = 0
          where ${oneVoucher(`unit > 0 and returned > 0 and redemption_id in (select redemption_id from rewards.redemption where state = 'issued') and redemption_id not in (select redemption_id from rewards.voucher where fulfilled > 0)`)}`,
    ],
    ['redemption_units', 'redemption_within_paid', 'reward_units'],
  ],
  [
    'a unit that nobody redeemed',
    [
      'alter table rewards.voucher drop constraint voucher_units_add_up',
      `update rewards.voucher set units = units + 1, usable = usable + 1
          where ${oneVoucher('unit = 0')}`,
    ],
    ['redemption_units', 'reward_units', 'voucher_counts'],
  ],
  [
    'a redemption that is not written',
    [`update rewards.cursor set sequence = 1000000000`],
    ['redemption_units'],
  ],
  [
    'a redemption of nothing',
    [`update rewards.redemption set amount = amount + 100 where state = 'fulfilled'`],
    ['redemption_units'],
  ],
  [
    'a return of other units',
    [`update rewards.unit_return set units = units + 1`],
    ['redemption_units'],
  ],
  [
    'units delivered that no voucher counts',
    [
      `update ledger.account set credits_posted = credits_posted + 1
          where ${oneAccount(`purpose = 'delivered' and asset_id = (select asset_id from ledger.asset where code = 'reward:platform_a/cup')`)}`,
    ],
    ['reward_units', 'counters_equal_entries'],
  ],
  ['a fulfilment forgotten', [`delete from rewards.fulfilment`], ['voucher_counts']],
  [
    'a redemption that can be used and is called cancelled',
    [`update rewards.redemption set state = 'cancelled' where state = 'fulfilled'`],
    ['voucher_counts'],
  ],
  [
    'a voucher code in clear',
    [`update rewards.voucher set code = 'ABCD', code_hash = null where ${oneVoucher('unit = 0')}`],
    ['voucher_codes_sealed'],
  ],
  [
    'an obligation that is gone and not given back',
    [`delete from clearing.obligation where window_id = 2 and participant = 'platform_c'`],
    ['obligation_paid_once', 'obligations_follow_nets'],
  ],
  [
    'a part payment forgotten',
    [`delete from clearing.part_payment where window_id = 2 and participant = 'platform_c'`],
    ['obligation_paid_once'],
  ],
  [
    'a unit paid to another claim',
    [
      `update clearing.part_payment set amount = amount + case participant when 'platform_b' then 1
          else -1 end where participant in ('platform_b', 'platform_c') and round = 1
          and window_id = (select max(window_id) from clearing.part_payment where round = 2)`,
    ],
    ['obligation_paid_once', 'paid_out_pro_rata'],
  ],
  [
    'a share taken from one claim for another',
    [
      `update clearing.part_payment set claim = claim + 700
          where (window_id, participant, number) = (select window_id, participant, number
          from clearing.part_payment where round = 1 order by window_id desc, 2 limit 1)`,
    ],
    ['paid_out_pro_rata'],
  ],
  [
    'what was paid before a distribution',
    [
      `update clearing.part_payment set paid_before = paid_before - 1
          where (window_id, participant, number) = (select window_id, participant, number
          from clearing.part_payment where round = 2 and paid_before > 0 order by 1, 2 limit 1)`,
    ],
    ['paid_out_pro_rata'],
  ],
  [
    'more paid out than came in',
    [
      `update ledger.transaction set amount = amount + 900
          where ${one(`kind = 'settle' and amount < 0 and details ->> 'window_id' = '2'`)}`,
    ],
    ['paid_out_of_paid_in', 'stated_amount', 'obligation_paid_once'],
  ],
  [
    'a debt that went over twice',
    [
      `insert into clearing.carried_over select act_id, window_id, left_out, participant, 'twice',
          amount, to_window_id, carried_at from clearing.carried_over where participant = left_out`,
    ],
    ['carried_over_once', 'obligations_follow_nets'],
  ],
  [
    'a debt that did not go over',
    [`delete from clearing.carried_over where participant = left_out`],
    ['carried_over_once', 'obligations_follow_nets'],
  ],
  [
    'a debt that went over to another window',
    [
      `update clearing.carried_over set to_window_id = to_window_id + 1
          where participant = left_out`,
    ],
    ['carried_over_once'],
  ],
  [
    'a platform left out by nobody',
    [`update clearing.settlement_act set kind = 'abort'`],
    ['carried_over_once'],
  ],
  [
    'a withdrawal out of what closed windows are owed',
    [
      `update clearing.window_net set net = net - 9000000, closing = closing - 9000000
          where window_id = (select max(window_id) from clearing.window_net)
          and participant = 'platform_b'`,
    ],
    ['prefund_covers_closed_windows', 'window_nets_equal_rows'],
  ],
  [
    'more delivered than in stock',
    [
      `update ledger.account set credits_posted = credits_posted + 1000
          where ${oneAccount(`purpose = 'delivered'`)}`,
    ],
    ['delivered_within_stock', 'asset_sums_to_zero'],
  ],
];

/**
 * A part of a transaction between two platforms that is left out of the last window at that time.
 */
function carved(at: string): string {
  return `
    insert into clearing.window_carve_out
    select max(window_id), 0, gen_random_uuid(), gen_random_uuid(), 'out', 'platform_a',
      'platform_b', 1,
           -900000000, 900000000, ${at} from clearing.window_net`;
}

describe('audit', () => {
  it('finds nothing in a ledger that did everything', async () => {
    const report = await auditAfter();
    expect(report.checks.filter((check) => !check.ok)).toEqual([]);
    expect(report).toMatchObject({ ok: true, buckets: 4 });
    expect(Number(report.transactions)).toBeGreaterThan(80);
  });

  it.each(corruptions)('names %s', async (_title, statements, names) => {
    const report = await auditAfter(...statements);
    expect(report.ok).toBe(false);
    expect(broken(report)).toEqual(expect.arrayContaining([...names]));
    for (const check of report.checks) expect(check.first.length > 0).toBe(!check.ok);
  });

  it('blames no withdrawal for what was carved out of its window later', async () => {
    const check = 'prefund_covers_closed_windows';
    expect(broken(await auditAfter(carved(`now() - interval '1 hour'`)))).toContain(check);
    expect(broken(await auditAfter(carved(`now() + interval '1 hour'`)))).not.toContain(check);
  });

  it('is right while the program posts', async () => {
    await using busy = await createTestDatabase();
    const test = await createTestLedger(busy, { bucketCount: 4 });
    const members = Array.from({ length: 20 }, () => test.member());
    const stop = new AbortController();
    const callers = members.map(async (member, index) => {
      await test.earn('platform_a', member, 1_000_000n);
      while (!stop.signal.aborted) {
        const other = members[(index + 7) % members.length] ?? member;
        await test.transfer(
          'platform_a',
          member,
          3n,
          index % 2 === 0 ? 'platform_a' : 'platform_b',
          other,
        );
        // The audit reads all of it eight times. At full speed the size of the ledger would decide
        // how long the test takes.
        await pause(2);
      }
    });
    const seen = new Set<bigint>();
    for (let round = 0; round < 8; round += 1) {
      const report = await audit(busy.pool);
      expect(broken(report)).toEqual([]);
      seen.add(report.transactions);
    }
    stop.abort();
    await Promise.all(callers);
    await test.ledger.close();
    expect(seen.size).toBeGreaterThan(4);
  });

  it('has a corruption for every check', () => {
    const named = new Set(corruptions.flatMap(([, , names]) => names));
    expect(auditChecks.map((check) => check.name).filter((name) => !named.has(name))).toEqual([]);
    expect(new Set(auditChecks.map((check) => check.name)).size).toBe(auditChecks.length);
  });

  it('counts all offending rows and shows the first with their bucket', async () => {
    const report = await auditAfter(
      `update ledger.account set last_sequence = last_sequence + 1 where purpose = 'lot'`,
    );
    const check = report.checks.find(({ name }) => name === 'counters_equal_entries');
    expect(check?.offending).toBeGreaterThan(5);
    expect(check?.first).toHaveLength(5);
    expect(check?.first[0]).toHaveProperty('bucket');
  });
});
