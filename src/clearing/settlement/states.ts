// The states of a window and of an obligation as tables: from which states each change leads where.
// A change that is not in the table does not compile.

/**
 * `closed`: its figures are final. `proposed`: one operator has proposed how it is to be paid.
 * `settling`: another has confirmed it, and it is being paid. `aborting`: money that was taken is
 * being given back.
 */
export type WindowState = 'open' | 'closed' | 'proposed' | 'settling' | 'aborting' | 'settled';

export const WINDOW_STATES: readonly WindowState[] = [
  'open',
  'closed',
  'proposed',
  'settling',
  'aborting',
  'settled',
];

interface Transition<State extends string> {
  readonly from: readonly State[];
  readonly to: State;
}

export const windowTransitions = {
  /** The journal is cut; the next window opens in the same commit. */
  close: { from: ['open'], to: 'closed' },
  /** No participant owes anything. */
  settleEmpty: { from: ['closed', 'proposed'], to: 'settled' },
  /** An operator proposes how the obligations are to be paid. */
  propose: { from: ['closed'], to: 'proposed' },
  /** Its maker withdraws it, or another operator rejects it. */
  withdraw: { from: ['proposed'], to: 'closed' },
  /** Another operator confirms it. */
  approve: { from: ['proposed'], to: 'settling' },
  /** Two operators take it back before anything was paid. */
  takeBack: { from: ['settling'], to: 'closed' },
  /** Two operators stop paying it. */
  abort: { from: ['settling'], to: 'aborting' },
  /** Everything that was taken has been given back. */
  unwind: { from: ['aborting'], to: 'closed' },
  /** The last obligation is paid. */
  settle: { from: ['settling'], to: 'settled' },
} as const satisfies Readonly<Record<string, Transition<WindowState>>>;

/**
 * `approved`: the ledger may post it, and is asked until it does. `held`: two operators have taken
 * it back.
 */
export type ObligationState = 'proposed' | 'approved' | 'held' | 'paid';

export const obligationTransitions = {
  approve: { from: ['proposed'], to: 'approved' },
  /** It is to be paid in another way. */
  proposeAgain: { from: ['proposed', 'approved', 'held'], to: 'proposed' },
  hold: { from: ['approved'], to: 'held' },
  pay: { from: ['approved', 'held'], to: 'paid' },
  /** Part of it is outstanding again: a dispute was carved out, or it is given back. */
  reopen: { from: ['paid', 'held', 'approved'], to: 'approved' },
} as const satisfies Readonly<Record<string, Transition<ObligationState>>>;

export type WindowChange = keyof typeof windowTransitions;

/** The states from which a change starts, and the state to which it leads. */
export type FromOf<Change extends WindowChange> =
  (typeof windowTransitions)[Change]['from'][number];
export type ToOf<Change extends WindowChange> = (typeof windowTransitions)[Change]['to'];

/** Tells the compiler which state a window is in. */
export function isIn<Window extends { readonly state: WindowState }, State extends WindowState>(
  window: Window,
  state: State,
): window is Window & { readonly state: State } {
  return window.state === state;
}
