// GET /api/vouchers/{code}: what a voucher of the calling platform stands for, and whether it can
// be used.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeRedemption, VoucherView } from '../../views/redemption.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../schemas.ts';

const Params = closed({
  code: Type.String({
    maxLength: 64,
    description:
      'As it was given, or as somebody typed it: case, spaces and hyphens do not matter, O is ' +
      'read as 0, I and L as 1.',
  }),
});

export const getVoucher = defineRoute({
  operationId: 'getVoucher',
  method: 'GET',
  url: '/api/vouchers/:code',
  tag: 'rewards',
  summary: 'What a voucher stands for',
  description:
    'A platform sees only vouchers of its own rewards. The last character is a check ' +
    'character: no single wrong character and no swap of two goes unnoticed.',
  params: Params,
  answer: VoucherView,
  problems: ['voucher_not_found'],
  serve:
    ({ rewards }) =>
    async ({ caller: { platform, points }, params }) => {
      const found = await rewards.findVoucher(platform.platformId, params.code);
      if (!found.ok) return found;
      const { code, voucher, redemption, state } = found.value;
      const usable = state === 'issued' ? Number(voucher.usable) : 0;
      return ok({
        code,
        unit: voucher.unit,
        usable,
        ...describeRedemption(redemption, points),
        state,
      });
    },
});
