// GET /operator/reports/liability: the points that each platform owes its users.

import { Type } from 'typebox';
import { identityProblems } from '../../identity/identity.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { reportLiability } from '../../monitor/monitor.ts';
import { describeLiability, LiabilityView } from '../../views/liability.ts';
import { defineRoute } from '../define-route.ts';
import { closed, PlatformIdText } from '../../views/schemas.ts';

const Query = closed({ platform_id: Type.Optional(PlatformIdText) });

export const getLiabilityOfAll = defineRoute({
  operationId: 'getLiabilityOfAll',
  method: 'GET',
  url: '/operator/reports/liability',
  tag: 'operator',
  summary: 'Points that platforms owe their users',
  description: 'Reads every transaction once. Call it when you need the report.',
  query: Query,
  answer: LiabilityView,
  problems: ['platform_not_found'],
  serve:
    (parts) =>
    async ({ query: { platform_id: asked } }) => {
      if (asked === undefined) return ok(describeLiability(await reportLiability(parts)));
      const platform = parts.identity.findPlatform(asked);
      if (platform === undefined) return refuse(identityProblems.platform_not_found());
      return ok(describeLiability(await reportLiability(parts, platform.platformId)));
    },
});
