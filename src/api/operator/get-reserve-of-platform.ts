// GET /operator/reserves/{platform_id}: prefund, position and cap of one platform, the requests
// about them and the changes of its mode.

import { Type } from 'typebox';
import { REQUEST_STATES } from '../../clearing/reserve/reserve.ts';
import { ok } from '../../kernel/problem.ts';
import { describeReserveWithHistory, ReserveWithHistory } from '../../views/reserve.ts';
import { findReserve, ReserveParams } from '../reserve/reserve-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

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

export const getReserveOfPlatform = defineRoute({
  operationId: 'getReserveOfPlatform',
  method: 'GET',
  url: '/operator/reserves/:platform_id',
  tag: 'operator',
  summary: 'Reserve of a platform',
  params: ReserveParams,
  query: Query,
  answer: ReserveWithHistory,
  problems: ['platform_not_found'],
  serve:
    (parts) =>
    async ({ params, query: { state, limit = DEFAULT_LIMIT } }) => {
      const { reserve, ledger } = parts;
      const figures = await findReserve(params.platform_id, parts);
      if (!figures.ok) return figures;
      const { platformId } = figures.value;
      const requests = await reserve.requests.list(
        { platformId, ...(state === undefined ? {} : { state }) },
        limit,
      );
      const changes = await reserve.listModeChanges(platformId, limit);
      return ok(
        describeReserveWithHistory(figures.value, requests, changes, ledger.settlementAsset()),
      );
    },
});
