// /operator/requests: acts that take two persons. One operator has asked; another one looks at what
// will be done, and approves or rejects it.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import {
  ACT_REQUEST_STATES,
  ActRequestNowView,
  ActRequestView,
  ApprovedActView,
  describeActRequest,
  describeActRequestNow,
  describeApprovedAct,
} from '../../views/act-request.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, text } from '../schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(Type.Enum([...ACT_REQUEST_STATES], { description: 'open when absent.' })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Params = closed({ request_id: Type.String({ pattern: '^[0-9a-f-]{36}$' }) });
const Word = closed({ reason: Type.Optional(text(500, 'Why; kept with the request.')) });
const Approval = closed({
  reason: Type.Optional(text(500, 'Why; kept with the request.')),
  fingerprint: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{32}$',
      description:
        '`fingerprint_now` of the request as you have seen it. Without it the circumstances ' +
        'have to be those of when it was asked.',
    }),
  ),
});

interface OfRequest {
  Params: Static<typeof Params>;
}

export function actRequests(server: FastifyInstance, { acts }: ApiParts): void {
  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/requests',
    {
      schema: {
        operationId: 'listRequests',
        tags: ['operator'],
        summary: 'Acts that wait for a second operator',
        description: 'Newest first; also those that have ended.',
        querystring: Query,
        response: {
          200: Type.Object({ requests: Type.Array(ActRequestView) }),
          ...problemResponses,
        },
      },
    },
    async ({ query: { state = 'open', limit = DEFAULT_LIMIT } }) => ({
      requests: (await acts.list(state, limit)).map(describeActRequest),
    }),
  );

  server.get<OfRequest>(
    '/operator/requests/:request_id',
    {
      schema: {
        operationId: 'getRequest',
        tags: ['operator'],
        summary: 'One request, and what matters to it now',
        params: Params,
        response: { 200: ActRequestNowView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await acts.find(request.params.request_id);
      return found.ok
        ? describeActRequestNow(found.value)
        : answerProblem(request, reply, found.problem);
    },
  );

  server.post<OfRequest & { Body: Static<typeof Approval> }>(
    '/operator/requests/:request_id/approve',
    {
      schema: {
        operationId: 'approveRequest',
        tags: ['operator'],
        summary: 'Approve an act, which does it',
        description:
          'By another operator than the one who asked. It is done when this answers, unless ' +
          'its state is still `approved`: then it is within seconds. What it meets is ' +
          'answered as its problem, and the request has failed.',
        params: Params,
        body: Approval,
        response: { 200: ApprovedActView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const approved = await acts.approve({
        requestId: request.params.request_id,
        operatorId: operatorOf(request).operatorId,
        ...request.body,
      });
      return approved.ok
        ? describeApprovedAct(approved.value)
        : answerProblem(request, reply, approved.problem);
    },
  );

  const words = {
    reject: {
      summary: 'Reject an act',
      description: 'By another operator than the one who asked.',
    },
    withdraw: { summary: 'Withdraw a request', description: 'By whoever asked, while it is open.' },
  } as const;
  for (const word of ['reject', 'withdraw'] as const) {
    server.post<OfRequest & { Body: Static<typeof Word> }>(
      `/operator/requests/:request_id/${word}`,
      {
        schema: {
          operationId: `${word}Request`,
          tags: ['operator'],
          ...words[word],
          params: Params,
          body: Word,
          response: { 200: ActRequestView, ...problemResponses },
        },
      },
      async (request, reply) => {
        const decided = await acts[word]({
          requestId: request.params.request_id,
          operatorId: operatorOf(request).operatorId,
          reason: request.body.reason,
        });
        return decided.ok
          ? describeActRequest(decided.value)
          : answerProblem(request, reply, decided.problem);
      },
    );
  }
}
