// POST /operator/windows/{window_id}/leave-out: proposes to leave out a platform that cannot pay.

import { identityProblems } from '../../identity/identity.ts';
import { refuse } from '../../kernel/problem.ts';
import { Reason } from '../reserve/reserve-request.ts';
import { ActView } from '../../views/window.ts';
import { WindowParams } from '../windows/window-request.ts';
import { defineRoute } from '../define-route.ts';
import { closed, PlatformIdText } from '../../views/schemas.ts';
import { proposeAct } from '../windows/window-decisions.ts';

const LeaveOutBody = closed({ platform_id: PlatformIdText, reason: Reason });

export const proposeLeaveOut = defineRoute({
  operationId: 'proposeLeaveOut',
  method: 'POST',
  url: '/operator/windows/:window_id/leave-out',
  tag: 'operator',
  summary: 'Propose to leave out a platform that cannot pay',
  description:
    'Takes effect after another operator has approved it. Obligations that are not paid yet ' +
    'are netted again without the platform. Part payments stay. Its debt and its claims are ' +
    'carried over to the window that is open then, and the platform is suspended.',
  params: WindowParams,
  body: LeaveOutBody,
  answer: ActView,
  problems: [
    'platform_not_found',
    'not_in_default',
    'window_not_found',
    'settlement_state',
    'settlement_act_open',
  ],
  serve: (parts) => (call) => {
    const platform = parts.identity.findPlatform(call.body.platform_id);
    return platform === undefined
      ? refuse(identityProblems.platform_not_found())
      : proposeAct(parts, call, 'leave_out', [platform.platformId]);
  },
});
