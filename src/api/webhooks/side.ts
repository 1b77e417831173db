// The two sides on which the operations on webhooks are served: platforms have their own endpoints,
// operators those of the network, and see all.

import type { FastifyRequest } from 'fastify';
import type { Owner, Scope } from '../../events/events.ts';
import { callerOf, operatorOf } from '../http/request-fields.ts';

export type SidePrefix = '/api' | '/operator';

export interface Side<Prefix extends SidePrefix> {
  readonly prefix: Prefix;
  readonly tag: 'platform' | 'operator';
  /** Set before `Webhook` in operation ids, which are unique over both sides. */
  readonly adjective: '' | 'Network';
  /** Whose endpoints the caller may change. */
  ownerOf(request: FastifyRequest): Owner;
  /** Whose endpoints the caller may see, and send to again. */
  scopeOf(request: FastifyRequest): Scope;
  /** Who asks, for the log. */
  nameOf(request: FastifyRequest): string;
}

export const platformSide: Side<'/api'> = {
  prefix: '/api',
  tag: 'platform',
  adjective: '',
  ownerOf: (request) => callerOf(request).platform.platformId,
  scopeOf: (request) => ({ owner: callerOf(request).platform.platformId }),
  nameOf: (request) => callerOf(request).platform.platformId,
};

export const operatorSide: Side<'/operator'> = {
  prefix: '/operator',
  tag: 'operator',
  adjective: 'Network',
  ownerOf: () => null,
  scopeOf: () => 'everybody',
  nameOf: (request) => operatorOf(request).operatorId,
};
