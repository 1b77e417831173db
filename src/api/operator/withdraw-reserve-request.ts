// POST /operator/reserve-requests/{request_id}/withdraw: withdraws one's own request about a
// reserve.

import { ReserveRequestView } from '../../views/reserve.ts';
import { RequestParams } from '../reserve/reserve-request.ts';
import { defineRoute } from '../define-route.ts';
import { decideReserveRequest, ReserveDecisionBody } from '../reserve/decide-reserve.ts';

export const withdrawReserveRequest = defineRoute({
  operationId: 'withdrawReserveRequest',
  method: 'POST',
  url: '/operator/reserve-requests/:request_id/withdraw',
  tag: 'operator',
  summary: 'Withdraw a request about a reserve',
  description: 'By the operator who made it, while it is open.',
  params: RequestParams,
  body: ReserveDecisionBody,
  answer: ReserveRequestView,
  problems: ['reserve_request_not_found', 'reserve_request_decided', 'not_your_request'],
  serve: decideReserveRequest('withdraw'),
});
