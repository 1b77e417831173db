// The states of a recall, model-checked: every sequence of what both sides, the clock and the
// ledger can do.

import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  FINAL_STATES,
  fits,
  RECALL_STATES,
  transitions,
  type RecallState,
  type TransitionFrom,
  type TransitionName,
} from './states.ts';

const NAMES = Object.keys(transitions) as TransitionName[];

function* paths(
  steps: readonly TransitionName[] = [],
  state: RecallState = 'asked',
): Generator<{ readonly steps: readonly TransitionName[]; readonly state: RecallState }> {
  yield { steps, state };
  for (const name of NAMES)
    if (fits(name, state)) yield* paths([...steps, name], transitions[name].to);
}
const all = [...paths()];

describe('every sequence of steps', () => {
  it('ends, and together they pass through every state and every step', () => {
    expect(Math.max(...all.map(({ steps }) => steps.length))).toBe(2);
    expect(new Set(all.map(({ state }) => state))).toEqual(new Set(RECALL_STATES));
    expect(new Set(all.flatMap(({ steps }) => steps))).toEqual(new Set(NAMES));
  });

  it('takes points only after the target has agreed, and silence does not agree', () => {
    for (const { steps, state } of all)
      if (state === 'taken' || state === 'failed') expect(steps[0]).toBe('accept');
    expect(transitions.accept.by).toBe('target');
    expect(transitions.targetSilent.to).toBe('refused');
  });

  it.each(FINAL_STATES)('%s is the end', (state) => {
    expect(NAMES.filter((name) => fits(name, state))).toEqual([]);
  });

  it('each state takes these steps, and no other', () => {
    expect(
      Object.fromEntries(
        RECALL_STATES.map((state) => [
          state,
          NAMES.filter((name) => fits(name, state)).map(
            (name) => `${transitions[name].by}: ${name} → ${transitions[name].to}`,
          ),
        ]),
      ),
    ).toEqual({
      asked: [
        'target: accept → taking',
        'target: refuse → refused',
        'clock: targetSilent → refused',
        'source: withdraw → withdrawn',
      ],
      taking: ['ledger: take → taken', 'ledger: fail → failed'],
      taken: [],
      refused: [],
      withdrawn: [],
      failed: [],
    });
  });
});

it('a step that does not fit its state does not compile', () => {
  expectTypeOf<'accept'>().toExtend<TransitionFrom<'asked'>>();
  expectTypeOf<'take'>().not.toExtend<TransitionFrom<'asked'>>();
  expectTypeOf<TransitionFrom<'taken'>>().toEqualTypeOf<never>();
});
