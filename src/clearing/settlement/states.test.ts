// The table of states is closed: every state is reached and left as it should be, and a change that
// is not in it does not compile.

import { expect, test } from 'vitest';
import type { Pool } from '../../runtime/database.ts';
import { isIn, obligationTransitions, windowTransitions, WINDOW_STATES } from './states.ts';
import { moveWindow } from './store-windows.ts';
import type { SettlementWindow } from './types.ts';

/** The states that can be reached from one when a change is not made. */
function lead(from: string, without: string): Set<string> {
  const seen = new Set([from]);
  for (const state of seen)
    for (const [name, change] of Object.entries(windowTransitions))
      if (name !== without && (change.from as readonly string[]).includes(state))
        seen.add(change.to);
  return seen;
}

/** Never run: the compiler judges it. */
function check(pool: Pool, open: SettlementWindow<'open'>, any: SettlementWindow): unknown[] {
  return [
    () => moveWindow<'close'>(pool, open, 'close', {}),
    // @ts-expect-error an open window is not proposed
    () => moveWindow<'propose'>(pool, open, 'propose', {}),
    // @ts-expect-error it has to be known that it is proposed
    () => moveWindow<'approve'>(pool, any, 'approve', {}),
    isIn(any, 'proposed') ? () => moveWindow<'approve'>(pool, any, 'approve', {}) : undefined,
  ];
}

test('every state but the first is reached, and every state but the last is left', () => {
  const changes: readonly { readonly from: readonly string[]; readonly to: string }[] =
    Object.values(windowTransitions);
  expect(WINDOW_STATES.filter((state) => !changes.some(({ to }) => to === state))).toEqual([
    'open',
  ]);
  expect(
    WINDOW_STATES.filter((state) => !changes.some(({ from }) => from.includes(state))),
  ).toEqual(['settled']);
  expect(
    Object.entries(obligationTransitions)
      .filter(([, { from }]) => (from as readonly string[]).includes('paid'))
      .map(([name]) => name),
  ).toEqual(['reopen']);
});

test('no way leads from open to settled without closing, nor from a proposal to settled without another operator', () => {
  expect([...lead('open', 'close')]).toEqual(['open']);
  expect(lead('proposed', 'approve').has('settling')).toBe(false);
  expect(lead('aborting', 'unwind').has('settled')).toBe(false);
});

test('an illegal change does not compile', () => {
  expect(check).toBeTypeOf('function');
});
