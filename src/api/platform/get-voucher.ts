// GET /api/vouchers/{code}: what a voucher of the calling platform stands for, and whether it can
// be used.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses } from '../schemas.ts';
import { describeRedemption, VoucherView } from '../../views/redemption.ts';

const Params = closed({
  code: Type.String({
    maxLength: 64,
    description:
      'As it was given, or as somebody typed it: case, spaces and hyphens do not matter, O is ' +
      'read as 0, I and L as 1.',
  }),
});

export function getVoucher(server: FastifyInstance, { rewards }: ApiParts): void {
  server.get<{ Params: Static<typeof Params> }>(
    '/api/vouchers/:code',
    {
      schema: {
        operationId: 'getVoucher',
        tags: ['rewards'],
        summary: 'What a voucher stands for',
        description:
          'A platform sees only vouchers of its own rewards. The last character is a check ' +
          'character: no single wrong character and no swap of two goes unnoticed.',
        params: Params,
        response: { 200: VoucherView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { platform, points } = callerOf(request);
      const found = await rewards.findVoucher(platform.platformId, request.params.code);
      if (!found.ok) return answerProblem(request, reply, found.problem);
      const { code, voucher, redemption, state } = found.value;
      const usable = state === 'issued' ? Number(voucher.usable) : 0;
      return { code, unit: voucher.unit, usable, ...describeRedemption(redemption, points), state };
    },
  );
}
