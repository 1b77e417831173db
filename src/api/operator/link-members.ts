// POST /operator/member-links: requests to link users of platforms to existing members.

import { Type } from 'typebox';
import { writeLinks } from '../../acts/acts.ts';
import { assert } from '../../kernel/assert.ts';
import { isMemberId } from '../../kernel/ids.ts';
import { askedResponse, askForAct } from '../ask-for-act.ts';
import { ACT_PROBLEMS } from '../acts/act-problems.ts';
import { defineRoute } from '../define-route.ts';
import { MemberIdText } from '../members/member-fields.ts';
import { UserId } from '../schemas.ts';
import { closed, PlatformIdText, text } from '../../views/schemas.ts';

const MOST_LINKS = 2_000;
const Body = closed({
  links: Type.Array(
    closed({ platform_id: PlatformIdText, platform_user_id: UserId, member_id: MemberIdText }),
    {
      minItems: 1,
      maxItems: MOST_LINKS,
      description: 'Either all links are made or none.',
    },
  ),
  reason: text(
    256,
    'The reason why they are one person; kept with each link. Do not put personal data here.',
  ),
});

export const linkMembers = defineRoute({
  operationId: 'linkMembers',
  method: 'POST',
  url: '/operator/member-links',
  tag: 'operator',
  summary: 'Link users to existing members',
  description:
    'Links users without a link to members that exist. Links are permanent. A user that ' +
    'already belongs to another member is refused; so is a second user of a member on one ' +
    'platform.',
  body: Body,
  responses: askedResponse,
  problems: ACT_PROBLEMS.member_link,
  serve: (parts) => (call) => {
    const links = call.body.links.map(
      ({ platform_id: platformId, platform_user_id: platformUserId, member_id: memberId }) => {
        assert(isMemberId(memberId), 'the schema has checked the form of the id');
        return { platformId, platformUserId, memberId };
      },
    );
    return askForAct(call, parts, {
      act: 'member_link',
      arguments: { links: writeLinks(links) },
      reason: call.body.reason,
    });
  },
});
