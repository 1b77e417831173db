// The states of a dispute as a table: who may do what in which state, the next state, and the
// event. A step that is not in the table does not compile.

export const DISPUTE_STATES = [
  'opening',
  'opened',
  'contested',
  'under_review',
  'upholding',
  'rejecting',
  'withdrawing',
  'reversing',
  'upheld',
  'rejected',
  'withdrawn',
  'reversed',
] as const;

/**
 * opening: recorded, its points not frozen yet. opened: the respondent's turn. contested: the
 * claimant's. under_review: the operator's. upholding, rejecting, withdrawing, reversing: decided,
 * and being carried out in the ledger. upheld, rejected, withdrawn, reversed: ended; reversed
 * because all that was disputed was reversed meanwhile.
 */
export type DisputeState = (typeof DISPUTE_STATES)[number];
export type Outcome = 'upheld' | 'rejected' | 'withdrawn' | 'reversed';
type Actor = 'claimant' | 'respondent' | 'operator' | 'clock' | 'ledger';

interface Transition {
  readonly from: readonly DisputeState[];
  readonly to: DisputeState;
  readonly by: Actor;
  /** The event for both platforms; undefined when neither needs to know. */
  readonly event:
    | 'dispute.opened'
    | 'dispute.responded'
    | 'dispute.decided'
    | 'dispute.resolved'
    | 'dispute.overdue'
    | undefined;
  /** Set by a step that decides. */
  readonly outcome?: Outcome;
}

export const transitions = {
  /** As much as was available is frozen. */
  freeze: { from: ['opening'], to: 'opened', by: 'ledger', event: 'dispute.opened' },
  /** For an appeal: both sides were heard before. */
  freezeAppeal: { from: ['opening'], to: 'under_review', by: 'ledger', event: 'dispute.opened' },
  accept: {
    from: ['opened'],
    to: 'upholding',
    by: 'respondent',
    event: 'dispute.decided',
    outcome: 'upheld',
  },
  contest: { from: ['opened'], to: 'contested', by: 'respondent', event: 'dispute.responded' },
  respondentSilent: {
    from: ['opened'],
    to: 'upholding',
    by: 'clock',
    event: 'dispute.decided',
    outcome: 'upheld',
  },
  rebut: { from: ['contested'], to: 'under_review', by: 'claimant', event: 'dispute.responded' },
  claimantSilent: {
    from: ['contested'],
    to: 'rejecting',
    by: 'clock',
    event: 'dispute.decided',
    outcome: 'rejected',
  },
  withdraw: {
    from: ['opened', 'contested', 'under_review'],
    to: 'withdrawing',
    by: 'claimant',
    event: 'dispute.decided',
    outcome: 'withdrawn',
  },
  uphold: {
    from: ['under_review'],
    to: 'upholding',
    by: 'operator',
    event: 'dispute.decided',
    outcome: 'upheld',
  },
  reject: {
    from: ['under_review'],
    to: 'rejecting',
    by: 'operator',
    event: 'dispute.decided',
    outcome: 'rejected',
  },
  /**
   * The operator has not decided in time: frozen points are free again. The dispute can still be
   * decided …
   */
  remind: { from: ['under_review'], to: 'under_review', by: 'clock', event: 'dispute.overdue' },
  /** … until the same time has passed again without a decision. */
  undecided: {
    from: ['under_review'],
    to: 'rejecting',
    by: 'clock',
    event: 'dispute.decided',
    outcome: 'rejected',
  },
  /** Two operators adjust what the target platform itself reports as not credited. */
  upholdDifference: {
    from: ['opening'],
    to: 'upholding',
    by: 'operator',
    event: 'dispute.decided',
    outcome: 'upheld',
  },
  /** The decision cannot be carried out in this way, so the operator names another. */
  redirect: {
    from: ['upholding'],
    to: 'upholding',
    by: 'operator',
    event: 'dispute.decided',
    outcome: 'upheld',
  },
  /** The platform has reversed all that was disputed. */
  reverse: {
    from: ['opening', 'opened', 'contested', 'under_review'],
    to: 'reversing',
    by: 'ledger',
    event: 'dispute.decided',
    outcome: 'reversed',
  },
  /** The decision is carried out in the ledger. */
  settleUpheld: { from: ['upholding'], to: 'upheld', by: 'ledger', event: 'dispute.resolved' },
  settleRejected: { from: ['rejecting'], to: 'rejected', by: 'ledger', event: 'dispute.resolved' },
  settleWithdrawn: {
    from: ['withdrawing'],
    to: 'withdrawn',
    by: 'ledger',
    event: 'dispute.resolved',
  },
  settleReversed: { from: ['reversing'], to: 'reversed', by: 'ledger', event: 'dispute.resolved' },
} as const satisfies Readonly<Record<string, Transition>>;

export type TransitionName = keyof typeof transitions;

/** The steps that fit a state; of several states, those that fit each of them. */
export type TransitionFrom<S extends DisputeState> = {
  [N in TransitionName]: [S] extends [(typeof transitions)[N]['from'][number]] ? N : never;
}[TransitionName];

/** The step that the clock takes when a due date has passed. */
export const whenDue = {
  opened: 'respondentSilent',
  contested: 'claimantSilent',
  under_review: 'remind',
} as const satisfies { readonly [S in DisputeState]?: TransitionFrom<S> };

/** The same after it was reported as overdue. */
export const whenOverdue = { under_review: 'undecided' } as const satisfies {
  readonly [S in DisputeState]?: TransitionFrom<S>;
};

/** The step that ends a dispute once it is carried out. */
export const whenCarriedOut = {
  upholding: 'settleUpheld',
  rejecting: 'settleRejected',
  withdrawing: 'settleWithdrawn',
  reversing: 'settleReversed',
} as const satisfies { readonly [S in DisputeState]?: TransitionFrom<S> };

export type DueState = keyof typeof whenDue;
export type CarryingState = keyof typeof whenCarriedOut;

/** Nothing happens to it any more, and it freezes nothing. */
export const FINAL_STATES = [
  'upheld',
  'rejected',
  'withdrawn',
  'reversed',
] as const satisfies readonly DisputeState[];

export function fits<N extends TransitionName>(
  name: N,
  state: DisputeState,
): state is (typeof transitions)[N]['from'][number] {
  return (transitions[name].from as readonly DisputeState[]).includes(state);
}
