// Asking for an act of two persons: an operator calls its route, and another operator approves the
// request that comes of it.

import type { FastifyReply } from 'fastify';
import { type Static, Type } from 'typebox';
import type { NewActRequest } from '../acts/acts.ts';
import { sent, type Answered, type ByOperator } from './define-route.ts';
import { ActRequestView, describeActRequest } from '../views/act-request.ts';
import type { ApiParts } from './parts.ts';

/** The answer to whoever asks for an act of two persons. */
export const askedResponse = {
  202: Type.Unsafe<Static<typeof ActRequestView>>({
    ...ActRequestView,
    description: 'Asked: another operator approves it.',
  }),
};

interface OfOperator extends ByOperator {
  readonly reply: FastifyReply;
}

/** Asks for an act: 202 with the request and where it is. */
export async function askForAct(
  { operator, reply }: OfOperator,
  { acts }: Pick<ApiParts, 'acts'>,
  act: Omit<NewActRequest, 'operatorId'>,
): Promise<Answered<never>> {
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
