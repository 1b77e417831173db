// Checks of changes in threads: a few at a time, stopped when their callers leave, and never
// blocking other work.

import { expect, it } from 'vitest';
import { documentWith } from '../../test/fixtures/rule-table.ts';
import type { CheckInput } from './check-change.ts';
import { createChecker } from './checker.ts';
import type { RulebookDocument } from './rulebook-schema.ts';

const NAMES = Array.from(
  { length: 300 },
  (_, index) => `platform_${String(index).padStart(3, '0')}`,
);
const latest = JSON.stringify(documentWith(''));

function feeOf(side: 'source' | 'target', name: string, index: number) {
  return [
    `fee_${side}_${name}`,
    {
      kind: 'fee' as const,
      when: `${side} == "${name}"`,
      fee: { rate: `0.01${(index % 90) + 10}`, on: side },
    },
  ] as const;
}

/**
 * All platforms, each with its own value and fees: a matrix of rates in which all are different.
 */
function largeDocument(count = NAMES.length): RulebookDocument {
  const names = NAMES.slice(0, count);
  return {
    ...documentWith(''),
    settings: { ...documentWith('').settings, fees: 'all' },
    platforms: Object.fromEntries(
      names.map((name, index) => [
        name,
        { multiplier: `1.${String(index * 7 + 1).padStart(6, '0')}` },
      ]),
    ),
    rules: Object.fromEntries(
      names.flatMap((name, index) => [feeOf('source', name, index), feeOf('target', name, index)]),
    ),
  };
}

function inputOf(document: unknown, platformIds: readonly string[] = NAMES): CheckInput {
  return { latest, change: JSON.stringify({ document }), platformIds };
}

/** A condition that must be evaluated for each pair of platforms. */
const costly = (): unknown => ({
  ...largeDocument(),
  rules: Object.fromEntries(
    Array.from({ length: 2_000 }, (_, index) => [
      `rule_${index}`,
      {
        kind: 'fee',
        when: `source + target != "${index}" && (source + target).size() > ${index % 9}`,
        fee: { rate: '0.01', on: 'source' },
      },
    ]),
  ),
});

it('300 platforms are checked in a thread, and others get their turns meanwhile', async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  const result = await createChecker().check(inputOf(largeDocument()));
  clearInterval(timer);
  expect(result).toMatchObject({ ok: true });
  expect(JSON.parse(result.ok ? result.value.document : '')).toEqual(largeDocument());
  // If it were checked in this thread, there would be one.
  expect(turns).toBeGreaterThan(10);
});

it('a thread says what it says here', async () => {
  const arbitrage = { ...largeDocument(3), rules: { generous: { kind: 'rate', factor: '1.1' } } };
  for (const document of [
    largeDocument(3),
    arbitrage,
    { ...largeDocument(3), rules: { bad: { kind: 'deny', reason: 'no', when: 'amount >' } } },
    7,
    null,
  ]) {
    const input = inputOf(document, NAMES.slice(0, 3));
    expect(await createChecker({ smallUpTo: -1 }).check(input)).toEqual(
      await createChecker({ smallUpTo: 1e9 }).check(input),
    );
  }
});

it('platforms that nobody registered are named before anything is worked out; those of the version before may stay', async () => {
  const refused = await createChecker().check(inputOf(costly(), NAMES.slice(0, 298)));
  expect(refused).toMatchObject({
    ok: false,
    problem: { code: 'platforms_not_registered', extra: { platforms: NAMES.slice(298) } },
  });
  expect(
    await createChecker().check({ ...inputOf(documentWith('f1 fee 1% source'), []) }),
  ).toMatchObject({ ok: true });
});

it('a check that takes too long is given up, and so is one that nobody waits for, running or waiting', async () => {
  const checker = createChecker({ atOnce: 1, mostWaiting: 1, limitMs: 300 });
  expect(await checker.check(inputOf(costly()))).toMatchObject({
    ok: false,
    problem: { code: 'rulebook_too_costly' },
  });
  const patient = createChecker({ atOnce: 1, mostWaiting: 1 });
  const [first, second] = [new AbortController(), new AbortController()];
  const running = patient.check(inputOf(costly()), first.signal);
  const waiting = patient.check(inputOf(costly()), second.signal);
  expect(await patient.check(inputOf(costly()))).toMatchObject({
    ok: false,
    problem: { code: 'checks_busy', retryable: true },
  });
  // A small change needs no thread.
  expect(await patient.check(inputOf(largeDocument(3), NAMES.slice(0, 3)))).toMatchObject({
    ok: true,
  });
  second.abort(new Error('left while waiting'));
  await expect(waiting).rejects.toThrow('left while waiting');
  const next = patient.check(inputOf(largeDocument(30)));
  first.abort(new Error('left while running'));
  await expect(running).rejects.toThrow('left while running');
  expect(await next).toMatchObject({ ok: true });
});
