// /operator/recalls: all recalls of the network, to be looked at; what platforms agree on is
// theirs.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { parseId, type PlatformId } from '../../kernel/ids.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import type { ApiParts } from '../parts.ts';
import {
  describeRecallForOperator,
  describeRecallWithStepsForOperator,
  OperatorRecallView,
  OperatorRecallWithSteps,
  RecallParams,
  RecallStateText,
} from '../../views/recall.ts';
import { closed, PlatformIdText, problemResponses, TransactionIdText } from '../schemas.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(RecallStateText),
  platform_id: Type.Optional(PlatformIdText),
  transaction_id: Type.Optional(TransactionIdText),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({ recalls: Type.Array(OperatorRecallView) });
const tags = ['operator'];

export function operatorRecalls(server: FastifyInstance, { recalls, ledger }: ApiParts): void {
  async function list({
    state,
    platform_id: platformId,
    transaction_id: id,
    limit = DEFAULT_LIMIT,
  }: Static<typeof Query>): Promise<Static<typeof Answer>> {
    const found = await recalls.list({
      state,
      platformId: platformId as PlatformId | undefined,
      transactionId: id === undefined ? undefined : parseId('txn', id),
      limit,
    });
    return { recalls: found.map((recall) => describeRecallForOperator(recall, ledger)) };
  }

  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/recalls',
    {
      schema: {
        operationId: 'listAllRecalls',
        tags,
        summary: 'Recalls of the network',
        description: 'Newest first.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    (request) => list(request.query),
  );

  server.get<{ Params: Static<typeof RecallParams> }>(
    '/operator/recalls/:recall_id',
    {
      schema: {
        operationId: 'getAnyRecall',
        tags,
        summary: 'One recall',
        description: 'With all that happened to it.',
        params: RecallParams,
        response: { 200: OperatorRecallWithSteps, ...problemResponses },
      },
    },
    async (request, reply) => {
      const found = await recalls.find(request.params.recall_id);
      if (!found.ok) return answerProblem(request, reply, found.problem);
      return describeRecallWithStepsForOperator(
        found.value,
        await recalls.listSteps(found.value),
        ledger,
      );
    },
  );
}
