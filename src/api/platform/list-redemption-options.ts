// GET /api/rewards/options: the rewards that a user can redeem now with the available points
// (source requirement 5.2).

import { Type } from 'typebox';
import { ok, refuse } from '../../kernel/problem.ts';
import { ledgerProblems } from '../../ledger/ledger.ts';
import { describeOption, OptionView } from '../../views/reward.ts';
import { toPoints } from '../../views/points.ts';
import { defineRoute } from '../define-route.ts';
import { resolveUser } from '../members.ts';
import { languageFor } from '../rewards/language.ts';
import { UserId } from '../schemas.ts';
import { closed } from '../../views/schemas.ts';

const Query = closed({ user_id: UserId });

const Answer = Type.Object({
  user_id: Type.String(),
  balance: Type.Number({ description: 'Points that can be spent now.' }),
  options: Type.Array(OptionView),
});

export const listRedemptionOptions = defineRoute({
  operationId: 'listRedemptionOptions',
  method: 'GET',
  url: '/api/rewards/options',
  tag: 'rewards',
  summary: 'Rewards that a user can redeem now',
  description:
    'Rewards that are offered now, have units left, are for this user, do not exceed the ' +
    "user's limit, and cost at most the available points. Cheapest first. Texts are Chinese " +
    'unless Accept-Language prefers English.',
  query: Query,
  answer: Answer,
  problems: ['missing_user_id', 'user_not_found', 'connected_platform'],
  serve:
    ({ identity, rewards }) =>
    async ({ caller: { platform, points }, query, request, reply }) => {
      const { platformId } = platform;
      const { user_id: userId } = query;
      // The points of a connected platform are not in the ledger, so they cannot be spent here.
      if (points.custody === 'connected') return refuse(ledgerProblems.connected_platform());
      const member = await resolveUser(identity, platformId, userId, 'user_id');
      if (!member.ok) return member;
      const options = await rewards.listOptions({
        platformId,
        memberId: member.value,
        tags: identity.tagsOf(platformId, userId),
      });
      const language = languageFor(request, reply);
      return ok({
        user_id: userId,
        balance: toPoints(options.available, points),
        options: options.rewards.map((reward) => describeOption(reward, language, points)),
      });
    },
});
