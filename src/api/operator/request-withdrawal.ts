// POST /operator/reserves/{platform_id}/withdrawals: requests to pay money back to a platform.

import { ReserveRequestView } from '../../views/reserve.ts';
import { ReserveParams } from '../reserve/reserve-request.ts';
import { AMOUNT_PROBLEMS } from '../amounts.ts';
import { defineRoute } from '../define-route.ts';
import { askForPayment, PaymentBody } from '../reserve/ask-for-reserve.ts';

export const requestWithdrawal = defineRoute({
  operationId: 'requestWithdrawal',
  method: 'POST',
  url: '/operator/reserves/:platform_id/withdrawals',
  tag: 'operator',
  summary: 'Ask for a withdrawal',
  description:
    'Money that the network pays back to the platform. On approval, a cap that follows the ' +
    'prefund is lowered first; this is refused with `cap_below_use` while too much of it is in ' +
    'use.',
  params: ReserveParams,
  body: PaymentBody,
  answer: ReserveRequestView,
  problems: [
    ...AMOUNT_PROBLEMS,
    'platform_not_found',
    'payment_already_booked',
    'insufficient_prefund',
    'prefund_owed',
    'cap_below_use',
  ],
  serve: askForPayment('withdrawal'),
});
