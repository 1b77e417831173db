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
    'What was taken is given back and what was paid out is taken back, out of and into ' +
    'the prefunds; then the window is closed again, to be proposed anew. Once another ' +
    'operator has approved it.',
  params: WindowParams,
  body: AbortBody,
  answer: ActView,
  problems: ['window_not_found', 'settlement_state', 'settlement_act_open'],
  serve: (parts) => (call) => proposeAct(parts, call, 'abort', []),
});
