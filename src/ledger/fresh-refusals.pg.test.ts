// A refusal for lack of quota rests on nothing older than the request: what was credited before it
// counts, wherever it was credited.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import { bucketOf, type MemberId } from '../kernel/ids.ts';

let database: TestDatabase;
let here: TestLedger;
let there: TestLedger;
let ann: MemberId;
/** In another bucket: what he brings in lies in another stripe of the cap. */
let bob: MemberId;

beforeAll(async () => {
  database = await createTestDatabase();
  here = await createTestLedger(database);
  there = await createTestLedger(database);
  ann = here.member();
  await here.earn('platform_a', ann, 10_000_000n);
  const bucketCount = here.ledger.bucketCount();
  do bob = here.member();
  while (bucketOf(bob, bucketCount) === bucketOf(ann, bucketCount));
  await here.earn('platform_b', bob, 10_000_000n);
  await here.cap('platform_a', 100_000n);
});
afterAll(async () => {
  await here?.ledger.close();
  await there?.ledger.close();
  await database?.drop();
});

/** Few of these use the cap up. */
const send = (test: TestLedger = here): ReturnType<TestLedger['transfer']> =>
  test.transfer('platform_a', ann, 600n, 'platform_b', ann);
const dryOut = async (): Promise<number> => {
  for (let sent = 0; ; sent += 1) if (!(await send()).ok) return sent;
};

it.each([
  ['this process', () => here],
  ['another process', () => there],
])('a credit of %s right after a refusal counts at the next request', async (_where, of) => {
  for (let round = 0; round < 5; round += 1) {
    await dryOut();
    expect(await send()).toMatchObject({ ok: false, problem: { code: 'insufficient_reserve' } });
    const credited = await of().transfer('platform_b', bob, 600n, 'platform_a', bob);
    expect(credited).toMatchObject({ ok: true });
    expect(await send()).toMatchObject({ ok: true });
  }
});

it('many who ask of a dry cap at once are all refused, on few readings, and others go on', async () => {
  await dryOut();
  const [refused, others] = await Promise.all([
    Promise.all(Array.from({ length: 300 }, () => send())),
    Promise.all(Array.from({ length: 50 }, () => here.earn('platform_c', here.member(), 100n))),
  ]);
  expect(refused.filter(({ ok }) => ok)).toEqual([]);
  expect(others).toHaveLength(50);
  expect(new Set(refused.map((outcome) => (outcome.ok ? 'ok' : outcome.problem.code)))).toEqual(
    new Set(['insufficient_reserve']),
  );
});
