// GET /operator/members: the member of a platform's user.

import { identityProblems } from '../../identity/identity.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { describeMember, MemberView } from '../../views/member.ts';
import { defineRoute } from '../define-route.ts';
import { UserId } from '../schemas.ts';
import { closed, PlatformIdText } from '../../views/schemas.ts';

const Query = closed({ platform_id: PlatformIdText, platform_user_id: UserId });

export const findMember = defineRoute({
  operationId: 'findMember',
  method: 'GET',
  url: '/operator/members',
  tag: 'operator',
  summary: "Find the member of a platform's user",
  query: Query,
  answer: MemberView,
  problems: ['platform_not_found', 'user_not_found'],
  serve:
    ({ identity }) =>
    async ({ query }) => {
      const platform = identity.findPlatform(query.platform_id);
      if (platform === undefined) return refuse(identityProblems.platform_not_found());
      const link = await identity.findLink(platform.platformId, query.platform_user_id);
      const found = link === undefined ? undefined : await describeMember(identity, link.memberId);
      return found === undefined ? refuse(identityProblems.user_not_found()) : ok(found);
    },
});
