// GET /api/redemptions/{redemption_id}: the state of one redemption of the calling platform.

import { Type } from 'typebox';
import { parseId } from '../../kernel/ids.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { rewardsProblems } from '../../rewards/rewards.ts';
import { describeWithCodes, RedemptionView } from '../../views/redemption.ts';
import { defineRoute } from '../define-route.ts';
import { closed } from '../../views/schemas.ts';

const Params = closed({
  redemption_id: Type.String({
    maxLength: 128,
    description: 'The redemption_id from POST /api/points/redeem.',
  }),
});

export const getRedemption = defineRoute({
  operationId: 'getRedemption',
  method: 'GET',
  url: '/api/redemptions/:redemption_id',
  tag: 'rewards',
  summary: 'One redemption',
  description: 'A platform sees only its own redemptions.',
  params: Params,
  answer: RedemptionView,
  problems: ['redemption_not_found'],
  serve:
    ({ rewards }) =>
    async ({ caller: { platform, points }, params }) => {
      const redemptionId = parseId('rdm', params.redemption_id);
      if (redemptionId === undefined) return refuse(rewardsProblems.redemption_not_found());
      const found = await rewards.find(platform.platformId, redemptionId);
      if (!found.ok) return found;
      return ok(describeWithCodes(found.value, points, rewards));
    },
});
