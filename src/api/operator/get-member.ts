// GET /operator/members/{member_id}: a member and its users on all platforms.

import { identityProblems } from '../../identity/identity.ts';
import { isMemberId } from '../../kernel/ids.ts';
import { ok, refuse } from '../../kernel/problem.ts';
import { describeMember, MemberView } from '../../views/member.ts';
import { defineRoute } from '../define-route.ts';
import { MemberIdText } from '../members/member-fields.ts';
import { closed } from '../../views/schemas.ts';

const Params = closed({ member_id: MemberIdText });

export const getMember = defineRoute({
  operationId: 'getMember',
  method: 'GET',
  url: '/operator/members/:member_id',
  tag: 'operator',
  summary: 'A member and its users on all platforms',
  params: Params,
  answer: MemberView,
  problems: ['member_not_found'],
  serve:
    ({ identity }) =>
    async ({ params: { member_id: memberId } }) => {
      const found = isMemberId(memberId) ? await describeMember(identity, memberId) : undefined;
      return found === undefined ? refuse(identityProblems.member_not_found()) : ok(found);
    },
});
