// The states of a saga and its transitions, as a table: each open state is one call to one platform. Pure.
// What is not in the table does not compile; a state whose platform is hosted has nothing to call and is passed through.

import type { StepKind } from '../connector/types.ts';

export type Purpose = 'transfer' | 'reversal';
export type Side = 'source' | 'target';

/**
 * For each open state: whom it calls and with what, and where its answers lead. `undone` is the end of the way back: a transfer has failed, a
 * reversal is completed. A platform may not refuse to undo, so there a no is for a person to look at.
 */
export const steps = {
  deducting: { side: 'source', call: 'deduct', yes: 'adding', no: 'failed', undo: 'undoing_deduct' },
  adding: { side: 'target', call: 'add', yes: 'completed', no: 'undoing_deduct', undo: 'undoing_add' },
  undoing_add: { side: 'target', call: 'reverse', yes: 'undoing_deduct', no: 'attention', undo: 'undoing_add' },
  undoing_deduct: { side: 'source', call: 'reverse', yes: 'undone', no: 'attention', undo: 'undoing_deduct' },
} as const satisfies Record<string, { readonly side: Side; readonly call: StepKind; readonly yes: string; readonly no: string; readonly undo: string }>;

export type OpenState = keyof typeof steps;
export type EndState = 'completed' | 'failed';
export type SagaState = OpenState | EndState;
/** What happens to a saga: a platform's word, or an operator's. */
export type SagaEvent = 'yes' | 'no' | 'undo';
/** Where an event leads by the table, before hosted sides are passed through. */
export type Target<S extends OpenState, E extends SagaEvent> = (typeof steps)[S][E];

/** How operators may end a saga by their own word; what platforms have really done is then theirs to know. */
export const forcedEnds = {
  transfer: { deducting: ['completed', 'failed'], adding: ['completed', 'failed'], undoing_add: ['failed'], undoing_deduct: ['failed'] },
  reversal: { deducting: [], adding: [], undoing_add: ['completed'], undoing_deduct: ['completed'] },
} as const satisfies Record<Purpose, Record<OpenState, readonly EndState[]>>;

/** What a saga is about, as far as its transitions depend on it. */
export interface Route {
  readonly purpose: Purpose;
  readonly sourceConnected: boolean;
  readonly targetConnected: boolean;
}

export type Move = { readonly to: SagaState } | { readonly to: 'attention' };

export function isOpen(state: SagaState): state is OpenState {
  return Object.hasOwn(steps, state);
}

/** The first call of a saga. */
export function firstState(route: Route): OpenState {
  const start = passHosted(route.purpose === 'transfer' ? 'deducting' : 'undoing_add', route);
  if (start === 'attention' || !isOpen(start)) throw new RangeError('a saga without a connected platform has nothing to do');
  return start;
}

/** Where an event in a state leads. */
export function next<S extends OpenState, E extends SagaEvent>(state: S, event: E, route: Route): Move {
  return { to: passHosted(steps[state][event], route) };
}

/** A hosted side's part is in the ledger's own commits: there is nobody to ask, which is as good as a yes. */
function passHosted(state: OpenState | Target<OpenState, SagaEvent>, route: Route): SagaState | 'attention' {
  if (state === 'undone') return route.purpose === 'transfer' ? 'failed' : 'completed';
  if (state === 'attention' || state === 'completed' || state === 'failed') return state;
  const connected = steps[state].side === 'source' ? route.sourceConnected : route.targetConnected;
  return connected ? state : passHosted(steps[state].yes, route);
}
