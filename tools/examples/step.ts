// The form of a step: one call of an operation on a fresh demo network. The steps of all operations
// are one story in order. Later steps use ids of earlier ones.

import type { Operation } from './operations.ts';

/** The people and platforms of the demo network who call. */
export type Caller = 'platform_a' | 'platform_b' | 'maker' | 'checker' | 'monitor' | 'anybody';

type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [key: string]: Value };

export interface Step {
  readonly operation: Operation;
  /** By default platform_a for a platform's operation, maker for an operator's. */
  readonly by?: Caller;
  /** Texts in braces, such as `{transfer}`, are replaced by what an earlier step has saved. */
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number>>;
  readonly body?: Value;
  /** Names of steps that lead to this one, besides those whose ids it uses. */
  readonly after?: readonly string[];
  /** What later steps use, by name: the path of a field in the answer. */
  readonly save?: Readonly<Record<string, string>>;
  /** The step is repeated until the answer has this field. */
  readonly until?: string;
  /** The status of the answer, when it is not 200. */
  readonly status?: number;
}

/** Sets faults of the sandbox, the connected platform of the demo network. */
export interface FaultStep {
  readonly sandbox: '/faults' | '/own';
  readonly method: 'PUT' | 'POST';
  readonly body: Readonly<Record<string, Value>>;
}

export type Act = Step | FaultStep;
