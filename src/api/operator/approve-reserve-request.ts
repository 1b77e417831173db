// POST /operator/reserve-requests/{request_id}/approve, /reject and /withdraw: the word on a
// request about a reserve.

import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import {
  describeReserveRequest,
  Reason,
  RequestParams,
  ReserveRequestView,
} from '../../views/reserve.ts';

const Body = closed({ reason: Type.Optional(Reason) });

const words = {
  approve: {
    summary: 'Approve a request about a reserve',
    description:
      'By another operator than the one who made it. It has taken effect when this answers, ' +
      'unless carried_out_at is null: then it does within seconds. What the ledger refuses is ' +
      'answered as its problem, and the request is open again.',
  },
  reject: {
    summary: 'Reject a request about a reserve',
    description: 'By another operator than the one who made it.',
  },
  withdraw: {
    summary: 'Withdraw a request about a reserve',
    description: 'By whoever made it, while it is open.',
  },
} as const;

export function postReserveDecision(server: FastifyInstance, { reserve, ledger }: ApiParts): void {
  for (const word of ['approve', 'reject', 'withdraw'] as const) {
    server.post<{ Params: Static<typeof RequestParams>; Body: Static<typeof Body> }>(
      `/operator/reserve-requests/:request_id/${word}`,
      {
        schema: {
          operationId: `${word}ReserveRequest`,
          tags: ['operator'],
          ...words[word],
          params: RequestParams,
          body: Body,
          response: { 200: ReserveRequestView, ...problemResponses },
        },
      },
      async (request, reply) => {
        const decided = await reserve.requests[word]({
          requestId: request.params.request_id,
          operatorId: operatorOf(request).operatorId,
          reason: request.body.reason,
        });
        return decided.ok
          ? describeReserveRequest(decided.value, ledger.settlementAsset())
          : answerProblem(request, reply, decided.problem);
      },
    );
  }
}
