// The terms of the tables of routes: who may call a route, with which scope or role, and which acts
// a call is. The number of persons that a call needs is in the table of acts.

import { ACTS, personsSentence, type ActName } from '../acts/acts.ts';
import type { ByAnybody, ByOperator, ByPlatform, Route } from './define-route.ts';

/** The scopes to which an OAuth token can be limited. A platform that signs has all of them. */
export type Scope =
  | 'points:read'
  /** Transfers. */
  | 'points:transfer'
  | 'points:redeem'
  /** Issuing, holding and reversing points of its own users: only a platform does it. */
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
  /** Settlements, the reserve and the outstanding points. */
  | 'settlement:read';

/** The roles of operators. `support` is for people who look things up for members. */
export type Role = 'operator' | 'approver' | 'auditor' | 'support';

/** A route under /api/, for platforms that sign. */
export interface PlatformRow {
  readonly route: Route<ByPlatform>;
  /** Null: every authenticated platform may call the route. */
  readonly scope: Scope | null;
}

/** A route under /operator/, for operators by their token. */
export interface OperatorRow {
  readonly route: Route<ByOperator>;
  /** Each of these roles may call the route. */
  readonly roles: readonly Role[];
  /**
   * The acts that a call can be; several where it depends on the fields. Absent: the route only
   * reads.
   */
  readonly acts?: readonly ActName[];
}

/** A route without the authentication of a side. */
export interface OpenRow {
  readonly route: Route<ByAnybody>;
  /**
   * `reader`: an operator, or a monitor with the scrape token; the route itself checks the token.
   */
  readonly callers: 'anybody' | 'reader';
}

/** A row of any of the three tables. */
export type Row = PlatformRow | OperatorRow | OpenRow;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The row of the table that serves this route. */
    readonly row?: Row;
  }
}

/**
 * A sentence about the persons who must agree to a call besides the caller; undefined if nobody
 * must.
 */
export function personsOf({ acts = [] }: OperatorRow): string | undefined {
  return personsSentence(acts.map((name) => ACTS[name]));
}
