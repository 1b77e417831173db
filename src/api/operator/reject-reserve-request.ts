// POST /operator/reserve-requests/{request_id}/reject: rejects a request about a reserve.

import { ReserveRequestView } from '../../views/reserve.ts';
import { RequestParams } from '../reserve/reserve-request.ts';
import { defineRoute } from '../define-route.ts';
import { decideReserveRequest, ReserveDecisionBody } from '../reserve/decide-reserve.ts';

export const rejectReserveRequest = defineRoute({
  operationId: 'rejectReserveRequest',
  method: 'POST',
  url: '/operator/reserve-requests/:request_id/reject',
  tag: 'operator',
  summary: 'Reject a request about a reserve',
  description: 'By another operator than the one who made it.',
  params: RequestParams,
  body: ReserveDecisionBody,
  answer: ReserveRequestView,
  problems: ['reserve_request_not_found', 'reserve_request_decided', 'checker_is_maker'],
  serve: decideReserveRequest('reject'),
});
