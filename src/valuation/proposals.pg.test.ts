// Change control on a real database: two operators for each change, one order of versions, and the
// same version in every process.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/fixtures/database.ts';
import { createTestLedger, type TestLedger } from '../../test/fixtures/ledger.ts';
import { activateDue } from '../network/activation.ts';
import type { Result } from '../kernel/problem.ts';
import { systemClock } from '../kernel/time.ts';
import { startLoop } from '../runtime/loop.ts';
import type { NewProposal, Proposal } from './proposals.ts';
import { createValuation, type RulebookPatch, type Valuation } from './valuation.ts';

const HOUR_MS = 3_600_000;

let database: TestDatabase;
let one: TestLedger;
let valuation: Valuation;
/** The version that the network starts with here. */
let first: number;

beforeEach(async () => {
  database = await createTestDatabase();
  one = await createTestLedger(database);
  valuation = one.valuation;
  first = valuation.rulebook().version;
});
afterEach(async () => {
  await one?.ledger.close();
  await database?.drop();
});

async function made(patch: RulebookPatch, more: Partial<NewProposal> = {}): Promise<string> {
  const result = await valuation.proposals.make({
    operatorId: 'maker',
    reason: 'test',
    change: { patch },
    ...more,
  });
  if (!result.ok) throw new Error(result.problem.detail);
  return result.value.proposalId;
}
const approve = (proposalId: string, operatorId = 'checker'): Promise<Result<Proposal>> =>
  valuation.proposals.approve({ proposalId, operatorId });
const seconds = (count: number): RulebookPatch => ({ settings: { quote_seconds: count } });
const activate = (): Promise<number> =>
  activateDue({ ledger: one.ledger, valuation, log: database.log });

it('a proposal is decided by another operator than its maker, and taken back by nobody else', async () => {
  const id = await made(seconds(61));
  expect(await approve(id, 'maker')).toMatchObject({
    ok: false,
    problem: { code: 'same_operator' },
  });
  expect(await valuation.proposals.reject({ proposalId: id, operatorId: 'maker' })).toMatchObject({
    ok: false,
    problem: { code: 'same_operator' },
  });
  expect(
    await valuation.proposals.withdraw({ proposalId: id, operatorId: 'checker' }),
  ).toMatchObject({ ok: false, problem: { code: 'not_the_maker' } });
  expect(await approve(id)).toMatchObject({
    ok: true,
    value: { state: 'approved', decidedBy: 'checker', version: first + 1 },
  });
  for (const again of [
    approve(id),
    valuation.proposals.reject({ proposalId: id, operatorId: 'checker' }),
    valuation.proposals.withdraw({ proposalId: id, operatorId: 'maker' }),
  ]) {
    expect(await again).toMatchObject({ ok: false, problem: { code: 'proposal_decided' } });
  }
});

it('of many approvals at once one wins, and there is one version', async () => {
  const id = await made(seconds(61));
  const results = await Promise.all(['b', 'c', 'd', 'e'].map((operator) => approve(id, operator)));
  expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  for (const result of results)
    if (!result.ok) expect(result.problem.code).toBe('proposal_decided');
  expect((await valuation.proposals.latest()).version).toBe(first + 1);
});

it('proposals that touch different items both become versions, also when they are approved at once', async () => {
  const ids = [
    await made(seconds(61)),
    await made({ platforms: { platform_b: { multiplier: '1.3' } } }),
    await made({ rules: { deny_all: { kind: 'deny', reason: 'No.' } } }),
  ];
  const results = await Promise.all(ids.map((id) => approve(id)));
  expect(results.map((result) => result.ok && result.value.version).sort()).toEqual([
    first + 1,
    first + 2,
    first + 3,
  ]);
  await activate();
  expect(valuation.rulebook()).toMatchObject({
    version: first + 3,
    document: {
      settings: { quote_seconds: 61 },
      platforms: { platform_b: { multiplier: '1.3' } },
      rules: { deny_all: { kind: 'deny' } },
    },
  });
});

it('a proposal whose item has changed since conflicts, names it, and stays open; one that is fulfilled already does not', async () => {
  const [winner, loser, same] = [
    await made(seconds(61)),
    await made(seconds(62)),
    await made({ ...seconds(61), values: { base_value: '0.02' } }),
  ];
  await approve(winner);
  expect(await approve(loser)).toMatchObject({
    ok: false,
    problem: { code: 'proposal_conflict', extra: { items: ['settings'] } },
  });
  expect(await valuation.proposals.find(loser)).toMatchObject({
    ok: true,
    value: { state: 'open' },
  });
  expect(await approve(same)).toMatchObject({ ok: true });
});

it('proposals that gain only together are refused at the second approval', async () => {
  // A rate above the value model is sound with a fee; rates of the value model are sound without a
  // fee.
  await one.amend((document) => ({
    ...document,
    settings: { ...document.settings, detour_tolerance: '1' },
    rules: { fees: { kind: 'fee', fee: { rate: '0.06', on: 'source' }, when: 'source != target' } },
  }));
  const [there, back] = [
    await made({
      rules: {
        there: {
          kind: 'rate',
          factor: '1.05',
          when: 'source == "platform_a" && target == "platform_b"',
        },
      },
    }),
    await made({ rules: { fees: null } }),
  ];
  expect(await approve(there)).toMatchObject({ ok: true });
  expect(await approve(back)).toMatchObject({
    ok: false,
    problem: { code: 'arbitrage', extra: { path: ['platform_a', 'platform_b', 'platform_a'] } },
  });
});

it('a change takes effect when its notice is over, an urgent one at once', async () => {
  await approve(await made({ settings: { notice_hours: 24 } }));
  await activate();
  await approve(await made(seconds(61)));
  expect(await activate()).toBe(0);
  one.clock.advance(24 * HOUR_MS - 1_000);
  expect(await activate()).toBe(0);
  one.clock.advance(1_000);
  expect(await activate()).toBe(1);
  expect(valuation.rulebook().document.settings.quote_seconds).toBe(61);

  await approve(await made(seconds(62), { urgent: true }));
  expect(await activate()).toBe(1);
  expect(valuation.rulebook().document.settings.quote_seconds).toBe(62);
  expect(await valuation.proposals.list('approved', 1)).toMatchObject([{ urgent: true }]);
});

it('a named time is kept when it is later than the notice, and put off when it is earlier', async () => {
  await approve(await made({ settings: { notice_hours: 24 } }));
  await activate();
  const soon = one.clock.now() + HOUR_MS;
  const early = await approve(await made(seconds(61), { effectiveAtMs: soon }));
  if (!early.ok) throw new Error(early.problem.detail);
  const { effectiveAt } = await valuation.proposals.latest();
  expect(effectiveAt.getTime()).toBeGreaterThanOrEqual(soon + 22 * HOUR_MS);
  const late = effectiveAt.getTime() + 48 * HOUR_MS;
  await approve(await made(seconds(62), { effectiveAtMs: late }));
  expect((await valuation.proposals.latest()).effectiveAt.getTime()).toBe(late);
  // Versions take effect in order.
  expect(await approve(await made(seconds(63), { effectiveAtMs: late - 1 }))).toMatchObject({
    ok: false,
    problem: { code: 'effective_too_early' },
  });
});

it('scheduled versions take effect in order, none is passed over, and transactions record theirs', async () => {
  const member = one.member();
  await one.earn('platform_a', member, 1_000_00n);
  for (const [hours, multiplier] of [
    [1, '1.25'],
    [2, '1.6'],
    [3, '2.0'],
  ] as const) {
    expect(
      await approve(
        await made(
          { platforms: { platform_b: { multiplier } } },
          { effectiveAtMs: one.clock.now() + hours * HOUR_MS },
        ),
      ),
    ).toMatchObject({ ok: true });
  }
  const move = async (): Promise<void> =>
    void expect(
      await one.transfer('platform_a', member, 100_00n, 'platform_b', one.member()),
    ).toMatchObject({ ok: true });
  await move();
  for (let hour = 1; hour <= 3; hour += 1) {
    one.clock.advance(HOUR_MS + 1_000);
    expect(await activate()).toBe(1);
    await move();
  }
  const { rows } = await database.pool.query<{ version: number; credited: bigint }>(
    `select rulebook_version as version, max(credited) as credited from ledger.transaction
        where kind = 'conversion' group by transaction_id, rulebook_version order by 1`,
  );
  expect(rows.map(({ version, credited }) => [version, Number(credited)])).toEqual([
    [first, 83_33],
    [first + 1, 80_00],
    [first + 2, 62_50],
    [first + 3, 50_00],
  ]);
});

it('a scheduled version is called off by any operator, from the last one on; then nothing stands in the way of what is urgent', async () => {
  const withdraw = (proposalId: string) =>
    valuation.proposals.withdraw({ proposalId, operatorId: 'third', reason: 'stop' });
  const far = await made(seconds(61), { effectiveAtMs: one.clock.now() + 9_000 * HOUR_MS });
  await approve(far);
  const farther = await made(seconds(62), { effectiveAtMs: one.clock.now() + 9_500 * HOUR_MS });
  await approve(farther);
  const waiting = await made(seconds(63));
  expect(await withdraw(waiting)).toMatchObject({ ok: false, problem: { code: 'not_the_maker' } });
  expect(await withdraw(far)).toMatchObject({ ok: false, problem: { code: 'proposal_decided' } });
  const both = await Promise.all([withdraw(farther), withdraw(farther)]);
  expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
  expect(await withdraw(far)).toMatchObject({
    ok: true,
    value: { state: 'withdrawn', version: null, decidedBy: 'third' },
  });
  const urgent = await made({ categories: { toys: { multiplier: '3' } } }, { urgent: true });
  expect(await approve(urgent)).toMatchObject({ ok: true, value: { version: first + 1 } });
  expect(await activate()).toBe(1);
  expect(valuation.rulebook().document).toMatchObject({
    categories: { toys: { multiplier: '3' } },
  });
  expect(await withdraw(urgent)).toMatchObject({
    ok: false,
    problem: { code: 'proposal_decided' },
  });
  const { rows } = await database.pool.query<{ count: string }>(
    `select count(*) from feed.event where type = 'rulebook.called_off'`,
  );
  expect(Number(rows[0]?.count)).toBe(2);
});

it('several versions that are due at once come in one after the other', async () => {
  for (const count of [61, 62, 63]) await approve(await made(seconds(count)));
  expect(await activate()).toBe(3);
  const { rows } = await database.pool.query<{ version: number }>(
    `select version from valuation.rulebook where activated_at is not null
        order by activated_at, version`,
  );
  expect(rows.map(({ version }) => version)).toEqual(
    Array.from({ length: first + 3 }, (_, index) => index + 1),
  );
});

it('another process has what is in force here within a second or so, and several may activate at once', async () => {
  const other = await createValuation(database.pool, systemClock);
  const loop = startLoop({
    name: 'rulebook',
    log: database.log,
    everyMs: 400,
    run: async () => {
      await other.refresh();
      return false;
    },
  });
  try {
    await approve(await made(seconds(61)));
    await Promise.all([activate(), activate(), activate()]);
    expect(valuation.rulebook().version).toBe(first + 1);
    for (let turn = 0; turn < 100 && other.rulebook().version <= first; turn += 1) await sleep(50);
    expect(other.rulebook()).toMatchObject({
      version: first + 1,
      document: { settings: { quote_seconds: 61 } },
    });
    const { rows } = await database.pool.query(
      "select 1 from feed.event where type = $1 and (data ->> 'version')::int = $2",
      ['rulebook.effective', first + 1],
    );
    expect(rows).toHaveLength(1);
  } finally {
    await loop.stop();
  }
});

it('an id that is none names no proposal', async () => {
  expect(await valuation.proposals.find('none')).toMatchObject({
    ok: false,
    problem: { code: 'proposal_not_found' },
  });
  expect(await approve('none')).toMatchObject({
    ok: false,
    problem: { code: 'proposal_not_found' },
  });
});
