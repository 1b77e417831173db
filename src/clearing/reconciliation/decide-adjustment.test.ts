// Which differences the network corrects, and that parts never add up to more than the whole.

import { expect, it } from 'vitest';
import { decideAdjustment } from './decide-adjustment.ts';
import { decideBreak } from './decide-break.ts';
import type { Break, BreakCategory } from './types.ts';

const found = (
  category: BreakCategory,
  ours: bigint | null,
  theirs: bigint | null,
): Pick<Break, 'state' | 'category' | 'ours' | 'theirs'> => ({
  state: 'open',
  category,
  ours,
  theirs,
});
const seen = (ours: bigint | null, theirs: bigint | null): Parameters<typeof decideBreak>[1] => ({
  category: 'missing_there',
  subject: 's',
  transactionId: null,
  ours,
  theirs,
});
const detailOf = (category: BreakCategory): string | undefined => {
  const decided = decideAdjustment(found(category, 100n, 0n), { amount: 100n, credited: 100n });
  return decided.ok ? undefined : decided.problem.detail;
};

it('puts right what was lost, and says of everything else what to do', () => {
  expect(detailOf('missing_there')).toBeUndefined();
  expect(detailOf('amount')).toBeUndefined();
  expect(detailOf('late')).toContain('wait');
  expect(detailOf('duplicate')).toContain('take the second one back');
  expect(detailOf('unknown_reference')).toContain('correct its own');
  expect(detailOf('missing_here')).toContain('undo it');
  expect(detailOf('total')).toContain('accept');
  expect(
    decideAdjustment({ ...found('amount', 9n, 0n), state: 'accepted' }, undefined),
  ).toMatchObject({ ok: false, problem: { code: 'break_closed' } });
});

it('gives nothing for less than a minor unit of the source', () => {
  const decided = decideAdjustment(found('amount', 1_000n, 999n), {
    amount: 10n,
    credited: 1_000n,
  });
  expect(decided).toMatchObject({
    ok: false,
    problem: { code: 'break_not_adjustable', detail: expect.stringContaining('accept it') },
  });
});

it('in parts comes to the whole exactly when all is lost, and never to more than was lost', () => {
  for (const [whole, credited] of [
    [100n, 83n],
    [3n, 1_000n],
    [999n, 7n],
    [1n, 1n],
    [12_345n, 67_891n],
  ] as const) {
    for (const steps of [[0n], [credited / 2n, 0n], [credited - 1n, credited / 3n, 0n]]) {
      let expected: bigint = credited;
      let given = 0n;
      for (const theirs of steps) {
        if (theirs >= expected) continue;
        const decided = decideAdjustment(
          found(theirs === 0n ? 'missing_there' : 'amount', expected, theirs),
          { amount: whole, credited },
        );
        given += decided.ok ? decided.value.amount : 0n;
        expect(given * credited).toBeLessThanOrEqual(whole * (credited - theirs));
        if (decided.ok) expected = theirs;
      }
      expect(given).toBe(whole);
    }
  }
});

it('stays closed for a run that began before it was adjusted; other figures open it', () => {
  const now = new Date(1_000);
  const known: Break = {
    ...found('missing_there', 100n, null),
    breakId: 'b',
    platformId: 'platform_x' as Break['platformId'],
    subject: 's',
    transactionId: null,
    state: 'resolved',
    resolution: 'adjusted',
    firstSeenAt: now,
    openedAt: now,
    lastSeenAt: now,
    timesOpened: 1,
    closedAt: now,
  };
  expect(decideBreak(known, seen(100n, null), known, now)).toMatchObject({
    opened: false,
    alarm: false,
    next: { state: 'resolved' },
  });
  expect(decideBreak(known, seen(0n, 100n), known, now)).toMatchObject({
    opened: true,
    next: { state: 'open', timesOpened: 2 },
  });
});
