// POST /api/redemptions/{redemption_id}/fulfil: the reward was handed over; its vouchers are used.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { parseId } from '../../kernel/ids.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { operationKeyOf } from '../http/idempotency.ts';
import { signedOnce } from '../http/signed-once.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import {
  closed,
  IdempotencyKey,
  problemResponses,
  Quantity,
  RedemptionIdText,
  VoucherCodes,
} from '../schemas.ts';
import { describeWithCodes, RedemptionView } from '../../views/redemption.ts';

const Params = closed({ redemption_id: RedemptionIdText });

const Body = closed(
  {
    vouchers: Type.Optional(VoucherCodes),
    quantity: Type.Optional(Quantity),
    idempotency_key: Type.Optional(IdempotencyKey),
  },
  'What was handed over: all that can be used when nothing is named; so many units of it; or ' +
    'those of the codes that were shown.',
);

export function postFulfil(server: FastifyInstance, parts: ApiParts): void {
  const { rewards } = parts;
  server.post<{ Params: Static<typeof Params>; Body: Static<typeof Body> }>(
    '/api/redemptions/:redemption_id/fulfil',
    {
      ...signedOnce(parts, 'again'),
      schema: {
        operationId: 'fulfilRedemption',
        tags: ['rewards'],
        summary: 'The reward was handed over',
        description:
          'The units that are named are used by it, once: afterwards they can be neither used ' +
          'again nor given back. The same Idempotency-Key gives the first result again.',
        params: Params,
        body: Body,
        response: { 200: RedemptionView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const key = operationKeyOf(request);
      if (!key.ok) return answerProblem(request, reply, key.problem);
      const { platform, points } = callerOf(request);
      const redemptionId = parseId('rdm', request.params.redemption_id);
      assert(redemptionId !== undefined, 'the schema has checked the form of the id');
      const { vouchers, quantity } = request.body;
      const named = {
        key: key.value.key,
        vouchers,
        quantity: quantity === undefined ? undefined : BigInt(quantity),
      };
      const fulfilled = await rewards.fulfil(platform.platformId, redemptionId, named);
      if (!fulfilled.ok) return answerProblem(request, reply, fulfilled.problem);
      if (fulfilled.value.replayed) reply.header('idempotency-replayed', 'true');
      const { redemption } = fulfilled.value;
      return describeWithCodes(redemption, points, rewards);
    },
  );
}
