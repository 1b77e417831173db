// POST /api/redemptions/{redemption_id}/cancel: points go back to the lots they came from, units
// into stock.

import type { FastifyInstance } from 'fastify';
import { type Static } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { parseId } from '../../kernel/ids.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, RedemptionIdText, text } from '../schemas.ts';
import { describeWithCodes, RedemptionView } from '../../views/redemption.ts';

const Params = closed({ redemption_id: RedemptionIdText });
const Body = closed({
  reason: text(256, 'Why; kept with the reversal. Do not put personal data here.'),
});

export function postCancel(server: FastifyInstance, { rewards }: ApiParts): void {
  server.post<{ Params: Static<typeof Params>; Body: Static<typeof Body> }>(
    '/api/redemptions/:redemption_id/cancel',
    {
      schema: {
        operationId: 'cancelRedemption',
        tags: ['rewards'],
        summary: 'Cancel a redemption',
        description:
          'Gives back all units that can be used: points with their last days, units into ' +
          'stock; their codes end. Takes effect once, however often it is asked for; a ' +
          'redemption that is fulfilled or expired is refused.',
        params: Params,
        body: Body,
        response: { 200: RedemptionView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { platform, points } = callerOf(request);
      const redemptionId = parseId('rdm', request.params.redemption_id);
      assert(redemptionId !== undefined, 'the schema has checked the form of the id');
      const cancelled = await rewards.cancel(
        platform.platformId,
        redemptionId,
        request.body.reason,
      );
      if (!cancelled.ok) return answerProblem(request, reply, cancelled.problem);
      return describeWithCodes(cancelled.value, points, rewards);
    },
  );
}
