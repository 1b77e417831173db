// Bounded model check: every interleaving of platforms' answers, lost answers, crashes and an
// operator's undo, on a model of the platforms.

import { describe, expect, it } from 'vitest';
import {
  firstState,
  forcedEnds,
  forwardStates,
  isOpen,
  next,
  steps,
  type OpenState,
  type Purpose,
  type Route,
  type SagaCall,
  type SagaState,
  type Side,
} from './states.ts';

const ROUTES: readonly Route[] = (['transfer', 'reversal'] as const).flatMap((purpose) =>
  [
    [true, false],
    [false, true],
    [true, true],
  ].map(([sourceConnected = false, targetConnected = false]) => ({
    purpose,
    sourceConnected,
    targetConnected,
  })),
);

/** What a platform has done about the transaction. */
type At = 'nothing' | 'applied' | 'refused' | 'reversed';

interface World {
  readonly state: SagaState;
  readonly source: At;
  readonly target: At;
}

/** A platform's part: its reaction to a call, given whether it would rather refuse. */
function act(
  at: At,
  call: SagaCall,
  refuses: boolean,
): { readonly at: At; readonly outcome: 'yes' | 'no' } {
  // A user may come and go between the look-up and the next call.
  if (call === 'look_up') return { at, outcome: refuses ? 'no' : 'yes' };
  if (call === 'reverse') return { at: 'reversed', outcome: 'yes' };
  // The same step again gives the same answer; after its reversal it is refused for ever.
  if (at === 'applied') return { at, outcome: 'yes' };
  if (at === 'refused' || at === 'reversed') return { at, outcome: 'no' };
  return refuses ? { at: 'refused', outcome: 'no' } : { at: 'applied', outcome: 'yes' };
}

/** All worlds that one more event can lead to. */
function successors(world: World, route: Route): World[] {
  if (!isOpen(world.state)) return [];
  const state = world.state;
  const { side, call } = steps[state];
  const worlds: World[] = [];
  for (const refuses of [false, true]) {
    const acted = act(world[side], call, refuses);
    const there: World = { ...world, [side]: acted.at };
    // The platform acted and its answer was lost, or the worker died before it wrote the answer:
    // the state stays.
    worlds.push(there);
    const { to } = next(state, acted.outcome, route);
    if (to !== 'attention') worlds.push({ ...there, state: to });
  }
  if (route.purpose === 'transfer' && forwardStates.has(state)) {
    const { to } = next(state, 'undo', route);
    if (to !== 'attention') worlds.push({ ...world, state: to });
  }
  return worlds;
}

function explore(start: World, route: Route): World[] {
  const seen = new Map<string, World>();
  const queue = [start];
  for (let world = queue.pop(); world !== undefined; world = queue.pop()) {
    const key = `${world.state}/${world.source}/${world.target}`;
    if (seen.has(key)) continue;
    seen.set(key, world);
    queue.push(...successors(world, route));
  }
  return [...seen.values()];
}

function startOf(route: Route): World {
  const began = (connected: boolean): At =>
    route.purpose === 'reversal' && connected ? 'applied' : 'nothing';
  return {
    state: firstState(route),
    source: began(route.sourceConnected),
    target: began(route.targetConnected),
  };
}

describe.each(ROUTES)(
  'a $purpose, source connected: $sourceConnected, target connected: $targetConnected',
  (route) => {
    const worlds = explore(startOf(route), route);
    const connected = (side: Side): boolean =>
      side === 'source' ? route.sourceConnected : route.targetConnected;

    it('ends wholly done or wholly undone at every platform, whatever the order of events', () => {
      const ends = worlds.filter(({ state }) => !isOpen(state));
      expect(ends.length).toBeGreaterThan(0);
      for (const { state, source, target } of ends) {
        for (const [side, at] of [
          ['source', source],
          ['target', target],
        ] as const) {
          if (!connected(side)) expect(at).toBe('nothing');
          else if (route.purpose === 'transfer' && state === 'completed')
            expect(at).toBe('applied');
          else expect(at).not.toBe('applied');
        }
      }
    });

    it('can reach its end from every state', () => {
      for (const world of worlds)
        expect(explore(world, route).some(({ state }) => !isOpen(state))).toBe(true);
    });

    it('calls only connected platforms', () => {
      for (const { state } of worlds)
        if (isOpen(state)) expect(connected(steps[state].side)).toBe(true);
    });

    it('undoes in reverse order: the source has its points back only when the target has none', () => {
      for (const { state, target } of worlds)
        if (state === 'undoing_deduct' && connected('target')) expect(target).not.toBe('applied');
    });

    it('never adds before the deduction is certain', () => {
      if (route.purpose === 'reversal') return;
      for (const { state, source, target } of worlds) {
        if (
          target === 'applied' &&
          connected('source') &&
          isOpen(state) &&
          (state === 'deducting' || state === 'adding')
        )
          expect(source).toBe('applied');
        if (state === 'deducting') expect(target).toBe('nothing');
        if (state.startsWith('looking_up'))
          expect([source, target]).toEqual(['nothing', 'nothing']);
      }
    });
  },
);

describe('the table', () => {
  it('has no end for a reversal but completed, and none for an undo under way but failed', () => {
    for (const [purpose, states] of Object.entries(forcedEnds) as [
      Purpose,
      Record<OpenState, readonly string[]>,
    ][]) {
      for (const [state, ends] of Object.entries(states)) {
        if (purpose === 'reversal') expect(ends).not.toContain('failed');
        else if (state.startsWith('undoing')) expect(ends).toEqual(['failed']);
      }
    }
  });

  it('refuses a saga in which nobody has to be called', () => {
    expect(() =>
      firstState({ purpose: 'transfer', sourceConnected: false, targetConnected: false }),
    ).toThrow(RangeError);
  });

  it('does not compile what is not in it', () => {
    // @ts-expect-error an end has no step
    expect(steps.completed).toBeUndefined();
    // @ts-expect-error there is no such event
    expect(() => next('adding', 'maybe', ROUTES[0] as Route)).toThrow(TypeError);
  });
});
