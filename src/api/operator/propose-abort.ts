// POST /operator/windows/{window_id}/abort: proposes to abort a settlement.

import { Reason } from '../reserve/reserve-request.ts';
import { ActView } from '../../views/window.ts';
import { WindowParams } from '../windows/window-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';
import { proposeAct } from '../windows/window-decisions.ts';

const AbortBody = closed({ reason: Reason });

export const proposeAbort = defineRoute({
  operationId: 'proposeAbort',
  method: 'POST',
  url: '/operator/windows/:window_id/abort',
  tag: 'operator',
  summary: 'Propose to abort a settlement',
  description:
    'Takes effect after another operator has approved it. Payments of platforms are returned ' +
    'to their prefunds, and payments to platforms are taken back from their prefunds. Then the ' +
    'window is closed again and its payment can be proposed again.',
  params: WindowParams,
  body: AbortBody,
  answer: ActView,
  problems: ['window_not_found', 'settlement_state', 'settlement_act_open'],
  serve: (parts) => (call) => proposeAct(parts, call, 'abort', []),
});
