// POST /operator/reserve-requests/{request_id}/approve: approves a request about a reserve.

import { ReserveRequestView } from '../../views/reserve.ts';
import { RequestParams } from '../reserve/reserve-request.ts';
import { defineRoute } from '../define-route.ts';
import { decideReserveRequest, ReserveDecisionBody } from '../reserve/decide-reserve.ts';

export const approveReserveRequest = defineRoute({
  operationId: 'approveReserveRequest',
  method: 'POST',
  url: '/operator/reserve-requests/:request_id/approve',
  tag: 'operator',
  summary: 'Approve a request about a reserve',
  description:
    'By another operator than the maker. The request has taken effect when this answers; if ' +
    '`carried_out_at` is null, it takes effect within seconds. If the ledger refuses it, that ' +
    'problem is answered and the request is open again.',
  params: RequestParams,
  body: ReserveDecisionBody,
  answer: ReserveRequestView,
  problems: [
    'reserve_request_not_found',
    'reserve_request_decided',
    'checker_is_maker',
    'payment_already_booked',
    'insufficient_prefund',
    'prefund_owed',
    'cap_below_use',
  ],
  serve: decideReserveRequest('approve'),
});
