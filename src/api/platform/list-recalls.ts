// GET /api/recalls: recalls in which the calling platform takes part, newest first.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { parseId, type PlatformId } from '../../kernel/ids.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, TransactionIdText } from '../schemas.ts';
import { describeRecall, RecallStateText, RecallView } from '../../views/recall.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(RecallStateText),
  transaction_id: Type.Optional(TransactionIdText),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({ recalls: Type.Array(RecallView) });

export function getRecalls(server: FastifyInstance, { recalls, ledger }: ApiParts): void {
  async function list(
    platformId: PlatformId,
    { state, transaction_id: id, limit = DEFAULT_LIMIT }: Static<typeof Query>,
  ): Promise<Static<typeof Answer>> {
    const found = await recalls.list({
      platformId,
      state,
      transactionId: id === undefined ? undefined : parseId('txn', id),
      limit,
    });
    return { recalls: found.map((recall) => describeRecall(recall, ledger)) };
  }

  server.get<{ Querystring: Static<typeof Query> }>(
    '/api/recalls',
    {
      schema: {
        operationId: 'listRecalls',
        tags: ['recalls'],
        summary: 'Recalls in which you take part',
        description: 'Newest first; as source or as target.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    (request) => list(callerOf(request).platform.platformId, request.query),
  );
}
