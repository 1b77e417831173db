// POST /api/redemptions/{redemption_id}/fulfil: the reward was handed over; its vouchers are used.

import type { FastifyInstance } from 'fastify';
import { type Static } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { parseId } from '../../kernel/ids.ts';
import type { ReplayGuard } from '../../security/security.ts';
import { answerProblem } from '../http/answer-problem.ts';
import { idempotencyKeyOf } from '../http/idempotency.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, RedemptionIdText } from '../schemas.ts';
import { describeRedemption, RedemptionView } from './describe-redemption.ts';

const Params = closed({ redemption_id: RedemptionIdText });

export function postFulfil(server: FastifyInstance, { rewards }: ApiParts, guard: ReplayGuard): void {
  server.post<{ Params: Static<typeof Params> }>('/api/redemptions/:redemption_id/fulfil', {
    schema: {
      operationId: 'fulfilRedemption', tags: ['rewards'], summary: 'The reward was handed over',
      description: 'All vouchers of the redemption are used by it, once: afterwards it can be neither used again nor cancelled. The same Idempotency-Key gives the first result again.',
      params: Params, body: closed({}), response: { 200: RedemptionView, ...problemResponses },
    },
  }, async (request, reply) => {
    const key = idempotencyKeyOf(request, guard);
    if (!key.ok) return answerProblem(request, reply, key.problem);
    const { platform, points } = callerOf(request);
    const redemptionId = parseId('rdm', request.params.redemption_id);
    assert(redemptionId !== undefined, 'the schema has checked the form of the id');
    const fulfilled = await rewards.fulfil(platform.platformId, redemptionId, key.value);
    if (!fulfilled.ok) return answerProblem(request, reply, fulfilled.problem);
    if (fulfilled.value.replayed) reply.header('idempotency-replayed', 'true');
    const { redemption } = fulfilled.value;
    return { ...describeRedemption(redemption, points), vouchers: [...rewards.vouchersOf(redemption)] };
  });
}
