// Asks for an act that needs two persons: one operator calls the route, and another operator
// approves the request that it creates.

import type { FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import type { NewActRequest } from '../acts/acts.ts';
import { assert } from '../kernel/assert.ts';
import { sent, type Answered, type ByOperator } from './define-route.ts';
import { ActRequestView, describeActRequest } from '../views/act-request.ts';
import type { ApiParts } from './parts.ts';

/** The documented answer of a route that asks for an act. */
export const askedResponse = {
  202: Type.Unsafe<Static<typeof ActRequestView>>({
    ...ActRequestView,
    description: 'The request is created; another operator approves it.',
  }),
};

interface OfOperator extends ByOperator {
  readonly reply: FastifyReply;
}

/** The table of routes says which acts a call of the route can be. */
function assertNamed(reply: FastifyReply, act: NewActRequest['act']): void {
  const { row } = reply.request.routeOptions.config;
  const named = row !== undefined && 'acts' in row ? row.acts : [];
  assert(named?.includes(act) ?? false, `the row of the route names the act ${act}`);
}

/**
 * Creates the request and answers 202 with the request and its URL. Where one person is enough,
 * answers 200 with the result of the act.
 */
export async function askForAct(
  { operator, reply }: OfOperator,
  { acts }: Pick<ApiParts, 'acts'>,
  act: Omit<NewActRequest, 'operatorId'>,
): Promise<Answered<never>> {
  assertNamed(reply, act.act);
  const asked = await acts.ask({ ...act, operatorId: operator.operatorId });
  if (!asked.ok) return asked;
  if ('done' in asked.value) return sent(reply.send(asked.value.done.outcome));
  const { request: made } = asked.value;
  return sent(
    reply
      .code(202)
      .header('location', `/operator/requests/${made.requestId}`)
      .send(describeActRequest(made)),
  );
}
