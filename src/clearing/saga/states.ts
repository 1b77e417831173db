// The states of a saga and its transitions, as a table: each open state is one call to one
// platform. Pure. A transition that is not in the table does not compile. A state whose platform is
// hosted has nothing to call and is skipped.

import type { StepKind } from '../../connections/connections.ts';

/** The calls of a saga: a step, or before all steps the look-up of a user. */
export type SagaCall = 'look_up' | StepKind;
/**
 * A recall goes the way of a transfer with the sides exchanged: the target of the recalled transfer
 * deducts, its source adds.
 */
export type Purpose = 'transfer' | 'reversal' | 'recall';
export type Side = 'source' | 'target';

/**
 * For each open state: the platform it calls, the call, and the next state for each answer. Both
 * users are looked up before anything moves, so a transfer from or to an unknown user ends with
 * nothing to undo. `undone` is the end of the way back: a transfer has failed, a reversal is
 * completed. A platform may not refuse to undo, so that refusal goes to an operator.
 */
export const steps = {
  looking_up_source: {
    side: 'source',
    call: 'look_up',
    yes: 'looking_up_target',
    no: 'failed',
    undo: 'failed',
  },
  looking_up_target: {
    side: 'target',
    call: 'look_up',
    yes: 'deducting',
    no: 'failed',
    undo: 'failed',
  },
  deducting: {
    side: 'source',
    call: 'deduct',
    yes: 'adding',
    no: 'failed',
    undo: 'undoing_deduct',
  },
  adding: {
    side: 'target',
    call: 'add',
    yes: 'completed',
    no: 'undoing_deduct',
    undo: 'undoing_add',
  },
  undoing_add: {
    side: 'target',
    call: 'reverse',
    yes: 'undoing_deduct',
    no: 'attention',
    undo: 'undoing_add',
  },
  undoing_deduct: {
    side: 'source',
    call: 'reverse',
    yes: 'undone',
    no: 'attention',
    undo: 'undoing_deduct',
  },
} as const satisfies Record<
  string,
  {
    readonly side: Side;
    readonly call: SagaCall;
    readonly yes: string;
    readonly no: string;
    readonly undo: string;
  }
>;

export type OpenState = keyof typeof steps;
export type EndState = 'completed' | 'failed';
export type SagaState = OpenState | EndState;
/** An event of a saga: a platform's answer, or an operator's decision. */
export type SagaEvent = 'yes' | 'no' | 'undo';
/** Where an event leads by the table, before hosted sides are skipped. */
type Target<S extends OpenState, E extends SagaEvent> = (typeof steps)[S][E];

/**
 * How operators may end a saga by their own decision; they must know themselves what the platforms
 * have really done.
 */
export const forcedEnds = {
  transfer: {
    looking_up_source: ['completed', 'failed'],
    looking_up_target: ['completed', 'failed'],
    deducting: ['completed', 'failed'],
    adding: ['completed', 'failed'],
    undoing_add: ['failed'],
    undoing_deduct: ['failed'],
  },
  reversal: {
    looking_up_source: [],
    looking_up_target: [],
    deducting: [],
    adding: [],
    undoing_add: ['completed'],
    undoing_deduct: ['completed'],
  },
  recall: {
    looking_up_source: [],
    looking_up_target: [],
    deducting: ['completed', 'failed'],
    adding: ['completed', 'failed'],
    undoing_add: ['failed'],
    undoing_deduct: ['failed'],
  },
} as const satisfies Record<Purpose, Record<OpenState, readonly EndState[]>>;

/** The facts about a saga on which its transitions depend. */
export interface Route {
  readonly purpose: Purpose;
  readonly sourceConnected: boolean;
  readonly targetConnected: boolean;
}

/** States of a transfer on its way forward, where it can be told to go back. */
export const forwardStates: ReadonlySet<SagaState> = new Set<OpenState>([
  'looking_up_source',
  'looking_up_target',
  'deducting',
  'adding',
]);

export type Move = { readonly to: SagaState } | { readonly to: 'attention' };

export function isOpen(state: SagaState): state is OpenState {
  return Object.hasOwn(steps, state);
}

/** The users of a recall are those of the transfer. */
const firstStates = {
  transfer: 'looking_up_source',
  reversal: 'undoing_add',
  recall: 'deducting',
} as const satisfies Record<Purpose, OpenState>;

/** The first call of a saga. */
export function firstState(route: Route): OpenState {
  const start = passHosted(firstStates[route.purpose], route);
  if (start === 'attention' || !isOpen(start))
    throw new RangeError('a saga without a connected platform has nothing to do');
  return start;
}

/** Where an event in a state leads. */
export function next<S extends OpenState, E extends SagaEvent>(
  state: S,
  event: E,
  route: Route,
): Move {
  return { to: passHosted(steps[state][event], route) };
}

/**
 * A hosted side is posted in the ledger's own commits: there is nobody to ask, which counts as a
 * yes.
 */
function passHosted(
  state: OpenState | Target<OpenState, SagaEvent>,
  route: Route,
): SagaState | 'attention' {
  if (state === 'undone') return route.purpose === 'reversal' ? 'completed' : 'failed';
  if (state === 'attention' || state === 'completed' || state === 'failed') return state;
  const connected = steps[state].side === 'source' ? route.sourceConnected : route.targetConnected;
  return connected ? state : passHosted(steps[state].yes, route);
}
