// POST /operator/breaks/{break_id}/adjust: asks to give back what the target platform has not
// credited.

import { askedResponse, askForAct } from '../ask-for-act.ts';
import { BreakParams, BreakReason } from '../breaks/break-fields.ts';
import { defineRoute } from '../define-route.ts';

export const adjustBreak = defineRoute({
  operationId: 'adjustBreak',
  method: 'POST',
  url: '/operator/breaks/:break_id/adjust',
  tag: 'operator',
  summary: 'Give back what the target platform has not credited',
  description:
    'For a transfer to a connected platform that says it has credited less than it was ' +
    'paid for:' +
    ' the member of the source gets the points back, and the platform pays for them. ' +
    'The difference is' +
    ' closed, and the adjustment is posted within seconds of the approval, once.',
  params: BreakParams,
  body: BreakReason,
  responses: askedResponse,
  problems: ['break_not_found', 'break_closed', 'break_not_adjustable'],
  serve: (parts) => (call) =>
    askForAct(call, parts, {
      act: 'break_adjust',
      arguments: { break_id: call.params.break_id },
      reason: call.body.reason,
    }),
});
