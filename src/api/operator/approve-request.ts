// POST /operator/requests/{request_id}/approve: approves an act and carries it out.

import { Type } from 'typebox';
import { ok } from '../../kernel/problem.ts';
import { ApprovedActView, describeApprovedAct } from '../../views/act-request.ts';
import { PROBLEMS_OF_ALL_ACTS } from '../acts/act-problems.ts';
import { ActRequestParams } from '../acts/request-fields.ts';
import { defineRoute } from '../define-route.ts';
import { closed, text } from '../../views/schemas.ts';

const Approval = closed({
  reason: Type.Optional(text(500, 'The reason; kept with the request.')),
  fingerprint: Type.Optional(
    Type.String({
      pattern: '^[0-9a-f]{32}$',
      description:
        '`fingerprint_now` of the request as you have seen it. Without it the circumstances ' +
        'must be the same as when the act was requested.',
    }),
  ),
});

const APPROVAL_PROBLEMS = [
  'request_not_found',
  'request_decided',
  'request_expired',
  'approver_is_asker',
  'asker_suspended',
  'request_changed',
] as const;

export const approveRequest = defineRoute({
  operationId: 'approveRequest',
  method: 'POST',
  url: '/operator/requests/:request_id/approve',
  tag: 'operator',
  summary: 'Approve an act and carry it out',
  description:
    'By another operator than the one who asked. The act is done when this answers; if the ' +
    'state is still `approved`, it is done within seconds. If the act is refused, its problem ' +
    'is answered and the request has failed.',
  params: ActRequestParams,
  body: Approval,
  answer: ApprovedActView,
  problems: [...APPROVAL_PROBLEMS, ...PROBLEMS_OF_ALL_ACTS],
  serve:
    ({ acts }) =>
    async ({ operator, params, body }) => {
      const approved = await acts.approve({
        requestId: params.request_id,
        operatorId: operator.operatorId,
        ...body,
      });
      return approved.ok ? ok(describeApprovedAct(approved.value)) : approved;
    },
});
