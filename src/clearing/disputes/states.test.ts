// The states of a dispute, model-checked: every sequence of what sides, operator, clock and ledger
// can do, up to a length that passes every state.

import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  DISPUTE_STATES,
  FINAL_STATES,
  fits,
  transitions,
  whenCarriedOut,
  whenDue,
  type DisputeState,
  type TransitionFrom,
  type TransitionName,
} from './states.ts';

const NAMES = Object.keys(transitions) as TransitionName[];
const LENGTH = 8;

interface Path {
  readonly steps: readonly TransitionName[];
  readonly states: readonly DisputeState[];
}

/** All paths from `opening` up to this number of steps. */
function* paths(length: number, path: Path = { steps: [], states: ['opening'] }): Generator<Path> {
  yield path;
  if (path.steps.length === length) return;
  const state = path.states.at(-1) as DisputeState;
  for (const name of NAMES)
    if (fits(name, state))
      yield* paths(length, {
        steps: [...path.steps, name],
        states: [...path.states, transitions[name].to],
      });
}

const isFinal = (state: DisputeState | undefined): boolean =>
  (FINAL_STATES as readonly (DisputeState | undefined)[]).includes(state);
const all = [...paths(LENGTH)];
const decisions = new Set<TransitionName>(
  NAMES.filter((name) => 'outcome' in transitions[name] && name !== 'redirect'),
);

describe('every sequence of steps', () => {
  it('are many, and pass through every state and every step', () => {
    expect(all.length).toBeGreaterThan(80);
    expect(new Set(all.flatMap(({ states }) => states))).toEqual(new Set(DISPUTE_STATES));
    expect(new Set(all.flatMap(({ steps }) => steps))).toEqual(new Set(NAMES));
  });

  it('decides at most once, and settles at most once, after the decision and with its outcome', () => {
    for (const { steps, states } of all) {
      expect(steps.filter((step) => decisions.has(step)).length).toBeLessThanOrEqual(1);
      const settled = steps.findIndex((step) => step.startsWith('settle'));
      if (settled < 0) continue;
      const decided = steps.findIndex((step) => decisions.has(step));
      const decision = steps[decided] === undefined ? undefined : transitions[steps[decided]];
      expect(decided).toBeGreaterThanOrEqual(0);
      expect(decided).toBeLessThan(settled);
      expect(states.at(-1)).toBe(
        decision !== undefined && 'outcome' in decision ? decision.outcome : undefined,
      );
      expect(settled).toBe(steps.length - 1);
    }
  });

  it('freezes before anybody can answer, and hears both sides before an operator decides', () => {
    for (const { steps } of all) {
      if (steps.length > 0)
        expect(['freeze', 'freezeAppeal', 'reverse', 'upholdDifference']).toContain(steps[0]);
      const operator = steps.findIndex((step) => transitions[step].by === 'operator');
      // A redirection follows an upheld decision. The target's own statement needs no hearing.
      if (steps[0] === 'upholdDifference') continue;
      // In an appeal both sides were heard in the first dispute.
      if (operator >= 0 && steps[operator] !== 'redirect' && steps[0] !== 'freezeAppeal')
        expect(steps.slice(0, operator)).toEqual(expect.arrayContaining(['contest', 'rebut']));
    }
  });

  it('answers each side once, in turn', () => {
    for (const { steps } of all) {
      const answers = steps.filter((step) => ['accept', 'contest', 'rebut'].includes(step));
      expect([[], ['accept'], ['contest'], ['contest', 'rebut']]).toContainEqual(answers);
    }
  });

  it('gives only the claimant a way to withdraw, and none after a decision', () => {
    for (const { steps } of all) {
      const withdrawn = steps.indexOf('withdraw');
      if (withdrawn >= 0)
        expect(steps.slice(0, withdrawn).some((step) => decisions.has(step))).toBe(false);
    }
    expect(transitions.withdraw.by).toBe('claimant');
  });
});

describe('every state', () => {
  it('takes these steps, and no other', () => {
    expect(
      Object.fromEntries(
        DISPUTE_STATES.map((state) => [
          state,
          NAMES.filter((name) => fits(name, state)).map(
            (name) => `${transitions[name].by}: ${name} → ${transitions[name].to}`,
          ),
        ]),
      ),
    ).toEqual({
      opening: [
        'ledger: freeze → opened',
        'ledger: freezeAppeal → under_review',
        'operator: upholdDifference → upholding',
        'ledger: reverse → reversing',
      ],
      opened: [
        'respondent: accept → upholding',
        'respondent: contest → contested',
        'clock: respondentSilent → upholding',
        'claimant: withdraw → withdrawing',
        'ledger: reverse → reversing',
      ],
      contested: [
        'claimant: rebut → under_review',
        'clock: claimantSilent → rejecting',
        'claimant: withdraw → withdrawing',
        'ledger: reverse → reversing',
      ],
      under_review: [
        'claimant: withdraw → withdrawing',
        'operator: uphold → upholding',
        'operator: reject → rejecting',
        'clock: remind → under_review',
        'clock: undecided → rejecting',
        'ledger: reverse → reversing',
      ],
      upholding: ['operator: redirect → upholding', 'ledger: settleUpheld → upheld'],
      rejecting: ['ledger: settleRejected → rejected'],
      withdrawing: ['ledger: settleWithdrawn → withdrawn'],
      reversing: ['ledger: settleReversed → reversed'],
      upheld: [],
      rejected: [],
      withdrawn: [],
      reversed: [],
    });
  });

  it.each(DISPUTE_STATES.filter((state) => !isFinal(state)))(
    '%s leads on without anybody in person, or to the operator',
    (state) => {
      const ways = NAMES.filter((name) => fits(name, state) && transitions[name].to !== state).map(
        (name) => transitions[name].by,
      );
      expect(ways.some((by) => by === 'clock' || by === 'ledger' || by === 'operator')).toBe(true);
    },
  );
  it.each(FINAL_STATES)('%s is the end', (state) => {
    expect(NAMES.filter((name) => fits(name, state))).toEqual([]);
  });
  it('that has a due date is acted on by the clock, and each that is carried out by the ledger', () => {
    for (const [state, name] of Object.entries(whenDue))
      expect([fits(name, state as DisputeState), transitions[name].by]).toEqual([true, 'clock']);
    for (const [state, name] of Object.entries(whenCarriedOut))
      expect([fits(name, state as DisputeState), transitions[name].by]).toEqual([true, 'ledger']);
  });
});

it('a step that does not fit its state does not compile', () => {
  expectTypeOf<'accept'>().toExtend<TransitionFrom<'opened'>>();
  expectTypeOf<'rebut'>().not.toExtend<TransitionFrom<'opened'>>();
  expectTypeOf<TransitionFrom<'upheld'>>().toEqualTypeOf<never>();
  expectTypeOf<TransitionFrom<'opened' | 'contested'>>().toEqualTypeOf<'withdraw' | 'reverse'>();
  // @ts-expect-error What is over takes no step.
  const step: TransitionFrom<'withdrawn'> = 'withdraw';
  expect(fits(step, 'withdrawn')).toBe(false);
});
