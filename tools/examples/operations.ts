// The operations of the API by operationId, from the tables of routes.

import { openRoutes, operatorRoutes, platformRoutes } from '../../src/api/routes.ts';

export type Operation = string;

export interface Target {
  readonly side: 'platform' | 'operator' | 'open';
  readonly method: string;
  readonly url: string;
}

const sides = { platform: platformRoutes, operator: operatorRoutes, open: openRoutes } as const;

/** Where each operation is served. */
export const OPERATIONS: ReadonlyMap<Operation, Target> = new Map(
  (Object.keys(sides) as (keyof typeof sides)[]).flatMap((side) =>
    sides[side].map(({ route: { operationId, method, url } }) => [
      operationId,
      { side, method, url },
    ]),
  ),
);
