// POST /operator/reserves/{platform_id}/deposits: requests to book money that a platform has paid
// in.

import { ReserveRequestView } from '../../views/reserve.ts';
import { ReserveParams } from '../reserve/reserve-request.ts';
import { AMOUNT_PROBLEMS } from '../amounts.ts';
import { defineRoute } from '../define-route.ts';
import { askForPayment, PaymentBody } from '../reserve/ask-for-reserve.ts';

export const requestDeposit = defineRoute({
  operationId: 'requestDeposit',
  method: 'POST',
  url: '/operator/reserves/:platform_id/deposits',
  tag: 'operator',
  summary: 'Ask for a deposit',
  description:
    'Money that the platform has paid to the network. After another operator has approved it, ' +
    'it is part of the prefund. A cap that follows the prefund rises with it.',
  params: ReserveParams,
  body: PaymentBody,
  answer: ReserveRequestView,
  problems: [...AMOUNT_PROBLEMS, 'platform_not_found', 'payment_already_booked'],
  serve: askForPayment('deposit'),
});
