// Modes of platforms, and the thresholds at which operators hear of a reserve.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../../../test/fixtures/ledger.ts';
import { patience } from '../../../test/fixtures/patience.ts';
import { platformOwnerId, type MemberId } from '../../kernel/ids.ts';
import type { Result } from '../../kernel/problem.ts';
import type { ClearingMode, Outcome } from '../../ledger/ledger.ts';
import { selectEvents } from '../../events/events.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createReserve, type Reserve } from './create-reserve.ts';
import type { ReserveFigures, ReserveRequest, Wanted } from './types.ts';

let database: TestDatabase;
let test: TestLedger;
let reserve: Reserve;

beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestLedger(database, { bucketCount: 4 });
  reserve = createReserve({
    ...database,
    clock: test.clock,
    ledger: test.ledger,
    metrics: createMetrics({ processMetrics: false }),
  });
});
afterAll(async () => {
  await test?.ledger.close();
  await database?.drop();
});

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.problem.code}: ${result.problem.detail}`);
  return result.value;
}
const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.problem.code);
const outcomeOf = (outcome: Outcome): string =>
  outcome.ok ? outcome.transaction.kind : outcome.problem.code;
const setMode = (platform: string, mode: ClearingMode): Promise<void> =>
  reserve.setMode({ platformId: test.id(platform), mode, reason: 'test', operatorId: 'maker' });
const make = async (platform: string, wanted: Wanted): Promise<ReserveRequest> =>
  value(
    await reserve.requests.make({
      platformId: test.id(platform),
      operatorId: 'maker',
      reason: 'agreed',
      wanted,
    }),
  );
/** Makes and approves a request; returns its result. */
const decided = async (platform: string, wanted: Wanted): Promise<string> =>
  codeOf(
    await reserve.requests.approve({
      requestId: (await make(platform, wanted)).requestId,
      operatorId: 'checker',
    }),
  );
const figures = async (platform: string): Promise<ReserveFigures> =>
  (await reserve.find(test.id(platform))) ?? expect.fail('no such platform');
/** Uses this much of a platform's cap; negative amounts are settled. */
const use = async (platform: string, amount: bigint): Promise<string> =>
  outcomeOf(
    await test.submit(platform, platformOwnerId(test.id(platform)) as MemberId, {
      kind: 'settle',
      amount,
      from: 'outside',
    }),
  );
const eventsOf = async (platform: string): Promise<string[]> =>
  (await selectEvents(database.pool, 0n, 1_000, { platformId: platform }))
    .filter(({ type, platformId }) => platformId !== null && type.startsWith('reserve.'))
    .map(
      ({ type, data }) =>
        `${type.slice('reserve.'.length)} ` +
        `${data['percent'] ?? data['mode'] ?? data['amount'] ?? data['cap']}`,
    );

describe('modes', () => {
  it('let conversions through as each side permits, and nothing else is touched', async () => {
    const [ann, bob] = [test.member(), test.member()];
    await test.earn('platform_a', ann, 100_000n);
    const convert = (): Promise<Outcome> =>
      test.transfer('platform_a', ann, 100n, 'platform_c', ann);
    const before = await convert();
    const rows: Record<string, string> = {};
    for (const source of ['both', 'send_only', 'receive_only', 'suspended'] as const) {
      for (const target of ['both', 'send_only', 'receive_only', 'suspended'] as const) {
        await setMode('platform_a', source);
        await setMode('platform_c', target);
        rows[`${source} > ${target}`] = outcomeOf(await convert());
      }
    }
    expect(rows).toEqual({
      'both > both': 'conversion',
      'both > send_only': 'platform_not_receiving',
      'both > receive_only': 'conversion',
      'both > suspended': 'platform_not_receiving',
      'send_only > both': 'conversion',
      'send_only > send_only': 'platform_not_receiving',
      'send_only > receive_only': 'conversion',
      'send_only > suspended': 'platform_not_receiving',
      'receive_only > both': 'platform_not_sending',
      'receive_only > send_only': 'platform_not_sending',
      'receive_only > receive_only': 'platform_not_sending',
      'receive_only > suspended': 'platform_not_sending',
      'suspended > both': 'platform_not_sending',
      'suspended > send_only': 'platform_not_sending',
      'suspended > receive_only': 'platform_not_sending',
      'suspended > suspended': 'platform_not_sending',
    });
    const transactionId = before.ok ? before.transaction.transactionId : expect.fail('was posted');
    expect([
      outcomeOf(
        await test.submit('platform_a', ann, {
          kind: 'reverse',
          agreed: true,
          transactionId,
          reason: 'test',
        }),
      ),
      outcomeOf(await test.transfer('platform_a', ann, 5n, 'platform_a', bob)),
      outcomeOf(await test.earn('platform_a', ann, 5n)),
    ]).toEqual(['reverse', 'transfer', 'earn']);
  });

  it('give what was posted before again, and are recorded with their reasons', async () => {
    const ann = test.member();
    await test.earn('platform_d', ann, 100n);
    await reserve.setMode({
      platformId: test.id('platform_c'),
      mode: 'both',
      reason: 'settled',
      operatorId: 'checker',
    });
    expect(outcomeOf(await test.transfer('platform_d', ann, 10n, 'platform_c', ann, 'once'))).toBe(
      'conversion',
    );
    await setMode('platform_d', 'suspended');
    expect(await test.transfer('platform_d', ann, 10n, 'platform_c', ann, 'once')).toMatchObject({
      ok: true,
      replayed: true,
    });
    expect(outcomeOf(await test.transfer('platform_d', ann, 10n, 'platform_c', ann, 'twice'))).toBe(
      'platform_not_sending',
    );
    expect((await reserve.listModeChanges(test.id('platform_c'), 1))[0]).toMatchObject({
      modeBefore: 'suspended',
      mode: 'both',
      reason: 'settled',
      changedBy: 'checker',
    });
    expect(await eventsOf('platform_d')).toContain('mode_changed suspended');
    await setMode('platform_d', 'both');
  });

  it('set by another process are in force when its book has been read again', async () => {
    const other = await createTestLedger(database);
    const ann = other.member();
    await other.earn('platform_a', ann, 1_000n);
    await setMode('platform_a', 'receive_only');
    await expect
      .poll(async () => outcomeOf(await other.transfer('platform_a', ann, 1n, 'platform_b', ann)), {
        timeout: patience(10_000),
        interval: 100,
      })
      .toBe('platform_not_sending');
    await setMode('platform_a', 'both');
    await other.ledger.close();
  });
});

describe('thresholds', () => {
  it('are told once each time they are reached, and the one that is to makes the platform receive_only', async () => {
    const metrics = createMetrics({ processMetrics: false });
    const watching = createReserve({
      ...database,
      clock: test.clock,
      ledger: test.ledger,
      metrics,
      watch: { thresholds: [50, 90], receiveOnlyAt: 90 },
    });
    const told = async (): Promise<string[]> => {
      await Promise.all([watching.follow(), watching.follow()]);
      return (await eventsOf('platform_c')).filter((event) => /threshold|receive_only/.test(event));
    };
    const earlier = (await told()).length;
    const fresh = async (): Promise<string[]> => (await told()).slice(earlier);
    await decided('platform_c', { kind: 'cap', amount: 1_000n });
    const { used } = await figures('platform_c');
    await use('platform_c', 499n - used);
    expect(await fresh()).toEqual([]);
    await use('platform_c', 1n);
    expect(await fresh()).toEqual(['threshold 50']);
    await use('platform_c', 399n);
    expect(await fresh()).toEqual(['threshold 50']);
    await use('platform_c', 1n);
    expect(await fresh()).toEqual(['threshold 50', 'mode_changed receive_only', 'threshold 90']);
    expect(await figures('platform_c')).toMatchObject({
      mode: 'receive_only',
      reached: [50, 90],
      used: 900n,
    });
    // An operator's decision holds until use has fallen and climbs again.
    await reserve.setMode({
      platformId: test.id('platform_c'),
      mode: 'both',
      reason: 'on its way to pay',
      operatorId: 'maker',
    });
    expect((await figures('platform_c')).mode).toBe('both');
    await told();
    expect((await figures('platform_c')).mode).toBe('both');
    await use('platform_c', -401n);
    expect((await fresh()).slice(3)).toEqual([]);
    expect((await figures('platform_c')).reached).toEqual([]);
    await use('platform_c', 1n);
    expect((await fresh()).slice(3)).toEqual(['threshold 50']);
    expect(await metrics.render()).toContain(
      'pontis_reserve_cap_used_ratio{platform_id="platform_c"} 0.5',
    );
  });
});
