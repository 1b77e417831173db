// GET /api/vouchers/{code}: the redemption of a voucher of the calling platform, and whether the
// voucher can be used.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { describeRedemption, VoucherView } from '../../views/redemption.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Params = closed({
  code: Type.String({
    maxLength: 64,
    description:
      'The code as it was issued, or as a person typed it: case, spaces and hyphens do not ' +
      'matter; O is read as 0, I and L as 1.',
  }),
});

export const getVoucher = defineRoute({
  operationId: 'getVoucher',
  method: 'GET',
  url: '/api/vouchers/:code',
  tag: 'rewards',
  summary: 'One voucher and its redemption',
  description:
    'A platform sees only vouchers of its own rewards. The last character is a check ' +
    'character: it detects every single wrong character and every swap of two characters.',
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
