// Describes the two sides of the webhook routes: a platform has its own webhooks; operators have
// the network's webhooks and see all of them.

import type { FastifyRequest } from 'fastify';
import type { Owner, Scope } from '../../events/events.ts';
import { callerOf, operatorOf } from '../http/request-fields.ts';

/** The URL prefix of a side. */
export type SidePrefix = '/api' | '/operator';

/** The differences between the sides. */
export interface Side<Prefix extends SidePrefix> {
  readonly prefix: Prefix;
  readonly tag: 'platform' | 'operator';
  /** Placed before `Webhook` in operation ids, which must be unique over both sides. */
  readonly adjective: '' | 'Network';
  /** The owner whose webhooks the caller may change. */
  ownerOf(request: FastifyRequest): Owner;
  /** The owners whose webhooks the caller may see and redeliver to. */
  scopeOf(request: FastifyRequest): Scope;
  /** The caller's name, for the log. */
  nameOf(request: FastifyRequest): string;
}

/** The side of platforms: their own webhooks. */
export const platformSide: Side<'/api'> = {
  prefix: '/api',
  tag: 'platform',
  adjective: '',
  ownerOf: (request) => callerOf(request).platform.platformId,
  scopeOf: (request) => ({ owner: callerOf(request).platform.platformId }),
  nameOf: (request) => callerOf(request).platform.platformId,
};

/** The side of operators: the network's webhooks; they may see those of everybody. */
export const operatorSide: Side<'/operator'> = {
  prefix: '/operator',
  tag: 'operator',
  adjective: 'Network',
  ownerOf: () => null,
  scopeOf: () => 'everybody',
  nameOf: (request) => operatorOf(request).operatorId,
};
