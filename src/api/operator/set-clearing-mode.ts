// PUT /operator/reserves/{platform_id}/mode: sets which part a platform takes in conversions.

import type { FastifyInstance } from 'fastify';
import { Type, type Static } from 'typebox';
import { CLEARING_MODES } from '../../ledger/ledger.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operatorOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { answerAsked, askedResponse } from '../ask-for-act.ts';
import {
  describeReserve,
  findReserve,
  Reason,
  ReserveParams,
  ReserveView,
} from '../../views/reserve.ts';

const Body = closed({ mode: Type.Enum([...CLEARING_MODES]), reason: Reason });

export function putReserveMode(server: FastifyInstance, parts: ApiParts): void {
  server.put<{ Params: Static<typeof ReserveParams>; Body: Static<typeof Body> }>(
    '/operator/reserves/:platform_id/mode',
    {
      schema: {
        operationId: 'setClearingMode',
        tags: ['operator'],
        summary: 'Stop or allow conversions of a platform',
        description:
          'A smaller part is in force here when this answers with 200, and in other processes ' +
          'within about a second. A larger one is asked for. Transfers under way go on, and ' +
          'reversals stay possible.',
        params: ReserveParams,
        body: Body,
        response: { 200: ReserveView, ...askedResponse, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { platform_id: platformId } = request.params;
      const before = await findReserve(platformId, parts);
      if (!before.ok) return answerProblem(request, reply, before.problem);
      const { mode, reason } = request.body;
      const { platformId: found } = before.value;
      const act = await parts.reserve.narrowMode({
        platformId: found,
        mode,
        reason,
        operatorId: operatorOf(request).operatorId,
      });
      if (!act)
        return answerAsked(request, reply, parts, {
          act: 'mode_widen',
          arguments: { platform_id: found, mode },
          reason,
        });
      return describeReserve({ ...before.value, mode }, parts.ledger.settlementAsset());
    },
  );
}
