// The states of a recall as a table: who may do what in which state, the next state, and the event.
// A step that is not in the table does not compile.

export const RECALL_STATES = [
  'asked',
  'taking',
  'taken',
  'refused',
  'withdrawn',
  'failed',
] as const;

/**
 * asked: the target's turn. taking: agreed, and being carried out. taken, refused, withdrawn,
 * failed: ended; failed because the agreed recall could not be carried out.
 */
export type RecallState = (typeof RECALL_STATES)[number];

interface Transition {
  readonly from: readonly RecallState[];
  readonly to: RecallState;
  readonly by: 'source' | 'target' | 'clock' | 'ledger';
  /** The event for both platforms. */
  readonly event:
    | 'recall.accepted'
    | 'recall.refused'
    | 'recall.withdrawn'
    | 'recall.taken'
    | 'recall.failed';
}

export const transitions = {
  accept: { from: ['asked'], to: 'taking', by: 'target', event: 'recall.accepted' },
  refuse: { from: ['asked'], to: 'refused', by: 'target', event: 'recall.refused' },
  targetSilent: { from: ['asked'], to: 'refused', by: 'clock', event: 'recall.refused' },
  withdraw: { from: ['asked'], to: 'withdrawn', by: 'source', event: 'recall.withdrawn' },
  take: { from: ['taking'], to: 'taken', by: 'ledger', event: 'recall.taken' },
  /** A platform has refused, or nothing was left to take. */
  fail: { from: ['taking'], to: 'failed', by: 'ledger', event: 'recall.failed' },
} as const satisfies Readonly<Record<string, Transition>>;

export type TransitionName = keyof typeof transitions;

/** The steps that fit a state; of several states, those that fit each of them. */
export type TransitionFrom<S extends RecallState> = {
  [N in TransitionName]: [S] extends [(typeof transitions)[N]['from'][number]] ? N : never;
}[TransitionName];

/** Nothing happens to it any more. */
export const FINAL_STATES = [
  'taken',
  'refused',
  'withdrawn',
  'failed',
] as const satisfies readonly RecallState[];

export function fits<N extends TransitionName>(
  name: N,
  state: RecallState,
): state is (typeof transitions)[N]['from'][number] {
  return (transitions[name].from as readonly RecallState[]).includes(state);
}
