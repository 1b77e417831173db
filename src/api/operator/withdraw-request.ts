// POST /operator/requests/{request_id}/withdraw: withdraws one's own request.

import { ActRequestView } from '../../views/act-request.ts';
import { ActRequestParams, decideRequest, DecisionReason } from '../acts/request-fields.ts';
import { defineRoute } from '../define-route.ts';

export const withdrawRequest = defineRoute({
  operationId: 'withdrawRequest',
  method: 'POST',
  url: '/operator/requests/:request_id/withdraw',
  tag: 'operator',
  summary: 'Withdraw a request',
  description: 'By the operator who asked, while the request is open.',
  params: ActRequestParams,
  body: DecisionReason,
  answer: ActRequestView,
  problems: ['request_not_found', 'request_decided', 'request_expired', 'not_the_asker'],
  serve: decideRequest('withdraw'),
});
