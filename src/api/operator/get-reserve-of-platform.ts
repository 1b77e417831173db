// GET /operator/reserves/{platform_id}: where one platform stands, with the requests about it and
// the changes of its mode.

import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { REQUEST_STATES } from '../../clearing/reserve/reserve.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import {
  describeReserveWithHistory,
  findReserve,
  ReserveParams,
  ReserveWithHistory,
} from '../../views/reserve.ts';

const DEFAULT_LIMIT = 50;

const Query = closed({
  state: Type.Optional(
    Type.Enum([...REQUEST_STATES], { description: 'Only requests in this state.' }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 500,
      description: `Of each list; ${DEFAULT_LIMIT} when absent.`,
    }),
  ),
});
export function getReserveOfPlatform(server: FastifyInstance, parts: ApiParts): void {
  const { reserve, ledger } = parts;
  server.get<{ Params: Static<typeof ReserveParams>; Querystring: Static<typeof Query> }>(
    '/operator/reserves/:platform_id',
    {
      schema: {
        operationId: 'getReserveOfPlatform',
        tags: ['operator'],
        summary: 'Reserve of a platform',
        params: ReserveParams,
        querystring: Query,
        response: { 200: ReserveWithHistory, ...problemResponses },
      },
    },
    async (request, reply) => {
      const figures = await findReserve(request.params.platform_id, parts);
      if (!figures.ok) return answerProblem(request, reply, figures.problem);
      const { state, limit = DEFAULT_LIMIT } = request.query;
      const { platformId } = figures.value;
      const currency = ledger.settlementAsset();
      const requests = await reserve.requests.list(
        { platformId, ...(state === undefined ? {} : { state }) },
        limit,
      );
      const changes = await reserve.listModeChanges(platformId, limit);
      return describeReserveWithHistory(figures.value, requests, changes, currency);
    },
  );
}
