// GET /api/disputes: disputes in which the calling platform takes part, newest first.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { parseId, type PlatformId } from '../../kernel/ids.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, TransactionIdText } from '../schemas.ts';
import { describeDispute, DisputeView, StateText } from '../../views/dispute.ts';

const DEFAULT_LIMIT = 100;
const Query = closed({
  state: Type.Optional(StateText),
  transaction_id: Type.Optional(TransactionIdText),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, description: `${DEFAULT_LIMIT} when absent.` }),
  ),
});
const Answer = Type.Object({ disputes: Type.Array(DisputeView) });

export function getDisputes(server: FastifyInstance, { disputes, ledger }: ApiParts): void {
  async function list(
    platformId: PlatformId,
    { state, transaction_id: transactionId, limit = DEFAULT_LIMIT }: Static<typeof Query>,
  ): Promise<Static<typeof Answer>> {
    const found = await disputes.list({
      platformId,
      state,
      transactionId: transactionId === undefined ? undefined : parseId('txn', transactionId),
      limit,
    });
    return { disputes: found.map((dispute) => describeDispute(dispute, ledger, disputes)) };
  }

  server.get<{ Querystring: Static<typeof Query> }>(
    '/api/disputes',
    {
      schema: {
        operationId: 'listDisputes',
        tags: ['disputes'],
        summary: 'Disputes in which you take part',
        description: 'Newest first; as claimant or as respondent.',
        querystring: Query,
        response: { 200: Answer, ...problemResponses },
      },
    },
    (request) => list(callerOf(request).platform.platformId, request.query),
  );
}
