// POST /operator/windows/{window_id}/take-back: proposes to take unpaid obligations back.

import { Type } from 'typebox';
import { Reason } from '../reserve/reserve-request.ts';
import { ActView } from '../../views/window.ts';
import { WindowParams } from '../windows/window-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed, text } from '../../views/schemas.ts';
import { proposeAct } from '../windows/window-decisions.ts';

const TakeBackBody = closed({
  participants: Type.Optional(
    Type.Array(text(40, 'A platform_id, or `@network`.'), {
      maxItems: 10_000,
      description: 'The participants whose obligations are taken back; all when absent.',
    }),
  ),
  reason: Reason,
});

export const proposeTakeBack = defineRoute({
  operationId: 'proposeTakeBack',
  method: 'POST',
  url: '/operator/windows/:window_id/take-back',
  tag: 'operator',
  summary: 'Propose to take unpaid obligations back',
  description:
    'Takes effect after another operator has approved it. Unpaid obligations are no longer ' +
    'retried and wait for a new proposal. If nothing of the window is paid yet, the whole ' +
    'proposal is taken back and the window is closed again.',
  params: WindowParams,
  body: TakeBackBody,
  answer: ActView,
  problems: ['obligation_not_found', 'window_not_found', 'settlement_state', 'settlement_act_open'],
  serve: (parts) => (call) =>
    proposeAct(parts, call, 'take_back', [...new Set(call.body.participants ?? [])]),
});
