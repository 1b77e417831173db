// POST /operator/breaks/{break_id}/adjust: requests to give back the points that the target
// platform has not credited.

import { askedResponse, askForAct } from '../ask-for-act.ts';
import { BreakParams, BreakReason } from '../breaks/break-fields.ts';
import { ACT_PROBLEMS } from '../acts/act-problems.ts';
import { defineRoute } from '../define-route.ts';

export const adjustBreak = defineRoute({
  operationId: 'adjustBreak',
  method: 'POST',
  url: '/operator/breaks/:break_id/adjust',
  tag: 'operator',
  summary: 'Give back the points that the target platform has not credited',
  description:
    'For a transfer to a connected platform that reports that it has credited less than it was ' +
    'paid for. The member of the source platform gets the points back, and the target platform ' +
    'pays for them. The break is closed. The adjustment is posted once, within seconds of the ' +
    'approval.',
  params: BreakParams,
  body: BreakReason,
  responses: askedResponse,
  problems: ACT_PROBLEMS.break_adjust,
  serve: (parts) => (call) =>
    askForAct(call, parts, {
      act: 'break_adjust',
      arguments: { break_id: call.params.break_id },
      reason: call.body.reason,
    }),
});
