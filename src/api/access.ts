// The words of the tables of routes: who may call one, with which scope or role, and as which acts.
// How many persons a call takes is that of its acts.

import { ACTS, personsSentence, type ActName } from '../acts/acts.ts';
import type { ByAnybody, ByOperator, ByPlatform, Route } from './define-route.ts';

/** What a token of OAuth can be bounded to. A platform that signs has all of them. */
export type Scope =
  | 'points:read'
  /** Transfers. */
  | 'points:transfer'
  | 'points:redeem'
  /** What only a platform does with points of its users: issuing, holding, reversing. */
  | 'points:write'
  | 'users:read'
  | 'users:write'
  | 'redemptions:read'
  | 'redemptions:write'
  | 'disputes:read'
  | 'disputes:write'
  | 'recalls:read'
  | 'recalls:write'
  | 'events:read'
  | 'webhooks:read'
  | 'webhooks:write'
  /** Settlements, the reserve and what is outstanding. */
  | 'settlement:read';

/** What an operator may be. `support` is for people who look things up for members. */
export type Role = 'operator' | 'approver' | 'auditor' | 'support';

/** A route under /api/, for platforms that sign. */
export interface PlatformRow {
  readonly route: Route<ByPlatform>;
  /** Null: any that is proven to be who it says. */
  readonly scope: Scope | null;
}

/** A route under /operator/, for operators by their token. */
export interface OperatorRow {
  readonly route: Route<ByOperator>;
  /** Each of these may call it. */
  readonly roles: readonly Role[];
  /** What a call can be; more than one where it depends on what is set. None: it only reads. */
  readonly acts?: readonly ActName[];
}

/** A route that is not behind the guards of a side. */
export interface OpenRow {
  readonly route: Route<ByAnybody>;
  /** `reader`: an operator, or a monitor by the scrape token; the route asks for it itself. */
  readonly callers: 'anybody' | 'reader';
}

export type Row = PlatformRow | OperatorRow | OpenRow;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The row of its table by which a route is served. */
    readonly row?: Row;
  }
}

/** Who has to agree to a call besides its caller; undefined where nobody has to. */
export function personsOf({ acts = [] }: OperatorRow): string | undefined {
  return personsSentence(acts.map((name) => ACTS[name]));
}
