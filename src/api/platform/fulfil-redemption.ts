// POST /api/redemptions/{redemption_id}/fulfil: records that the reward was handed over; its
// vouchers are used.

import { Type } from 'typebox';
import { assert } from '../../kernel/assert.ts';
import { parseId } from '../../kernel/ids.ts';
import { ok } from '../../kernel/problem.ts';
import { describeWithCodes, RedemptionView } from '../../views/redemption.ts';
import { defineRoute } from '../define-route.ts';
import { operationKeyOf } from '../http/idempotency.ts';
import { IdempotencyKey, Quantity, RedemptionIdText, VoucherCodes } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';

const Params = closed({ redemption_id: RedemptionIdText });

const Body = closed(
  {
    vouchers: Type.Optional(VoucherCodes),
    quantity: Type.Optional(Quantity),
    idempotency_key: Type.Optional(IdempotencyKey),
  },
  'The units that were handed over: all usable units when nothing is named; a `quantity` of ' +
    'units; or the units of the `vouchers` that were shown.',
);

export const fulfilRedemption = defineRoute({
  operationId: 'fulfilRedemption',
  method: 'POST',
  url: '/api/redemptions/:redemption_id/fulfil',
  tag: 'rewards',
  summary: 'Record that the reward was handed over',
  description:
    'The named units are used, once: afterwards they can neither be used again nor be ' +
    'returned. The same Idempotency-Key returns the first result again.',
  params: Params,
  body: Body,
  answer: RedemptionView,
  problems: [
    'redemption_not_found',
    'voucher_not_found',
    'voucher_used',
    'voucher_returned',
    'vouchers_mismatch',
    'redemption_cancelled',
    'redemption_expired',
    'idempotency_key_reused',
  ],
  signature: 'again',
  serve:
    ({ rewards }) =>
    async ({ caller, params, body, request, reply }) => {
      const key = operationKeyOf(request);
      if (!key.ok) return key;
      const { platform, points } = caller;
      const redemptionId = parseId('rdm', params.redemption_id);
      assert(redemptionId !== undefined, 'the schema has checked the form of the id');
      const { vouchers, quantity } = body;
      const named = {
        key: key.value.key,
        vouchers,
        quantity: quantity === undefined ? undefined : BigInt(quantity),
      };
      const fulfilled = await rewards.fulfil(platform.platformId, redemptionId, named);
      if (!fulfilled.ok) return fulfilled;
      if (fulfilled.value.replayed) reply.header('idempotency-replayed', 'true');
      const { redemption } = fulfilled.value;
      return ok(describeWithCodes(redemption, points, rewards));
    },
});
