// GET /operator/requests/{request_id}: one request with its circumstances now.

import { ok } from '../../kernel/problem.ts';
import { ActRequestNowView, describeActRequestNow } from '../../views/act-request.ts';
import { ActRequestParams } from '../acts/request-fields.ts';
import { defineRoute } from '../define-route.ts';

export const getRequest = defineRoute({
  operationId: 'getRequest',
  method: 'GET',
  url: '/operator/requests/:request_id',
  tag: 'operator',
  summary: 'One request with its circumstances now',
  params: ActRequestParams,
  answer: ActRequestNowView,
  problems: ['request_not_found'],
  serve:
    ({ acts }) =>
    async ({ params }) => {
      const found = await acts.find(params.request_id);
      return found.ok ? ok(describeActRequestNow(found.value)) : found;
    },
});
