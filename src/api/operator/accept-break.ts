// POST /operator/breaks/{break_id}/accept: requests to accept a difference as it is.

import { askedResponse, askForAct } from '../ask-for-act.ts';
import { BreakParams, BreakReason } from '../breaks/break-fields.ts';
import { ACT_PROBLEMS } from '../acts/act-problems.ts';
import { defineRoute } from '../define-route.ts';

export const acceptBreak = defineRoute({
  operationId: 'acceptBreak',
  method: 'POST',
  url: '/operator/breaks/:break_id/accept',
  tag: 'operator',
  summary: 'Accept a difference as it is',
  description:
    'Moves no points. The break opens again if its figures change. An accepted difference of ' +
    'totals is expected from then on.',
  params: BreakParams,
  body: BreakReason,
  responses: askedResponse,
  problems: ACT_PROBLEMS.break_accept,
  serve: (parts) => (call) =>
    askForAct(call, parts, {
      act: 'break_accept',
      arguments: { break_id: call.params.break_id },
      reason: call.body.reason,
    }),
});
