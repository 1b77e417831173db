// POST /operator/requests/{request_id}/reject: rejects an act that another operator asked for.

import { ActRequestView } from '../../views/act-request.ts';
import { ActRequestParams, decideRequest, DecisionReason } from '../acts/request-fields.ts';
import { defineRoute } from '../define-route.ts';

export const rejectRequest = defineRoute({
  operationId: 'rejectRequest',
  method: 'POST',
  url: '/operator/requests/:request_id/reject',
  tag: 'operator',
  summary: 'Reject an act',
  description: 'By another operator than the one who asked.',
  params: ActRequestParams,
  body: DecisionReason,
  answer: ActRequestView,
  problems: ['request_not_found', 'request_decided', 'request_expired', 'approver_is_asker'],
  serve: decideRequest('reject'),
});
