// POST /operator/member-links: asks to make users of platforms one person.

import { Type } from 'typebox';
import { writeLinks } from '../../acts/acts.ts';
import type { MemberId } from '../../kernel/ids.ts';
import { askedResponse, askForAct } from '../ask-for-act.ts';
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
      description: 'All of them are made, or none.',
    },
  ),
  reason: text(256, 'Why they are one person; kept with each link. Do not put personal data here.'),
});

export const linkMembers = defineRoute({
  operationId: 'linkMembers',
  method: 'POST',
  url: '/operator/member-links',
  tag: 'operator',
  summary: 'Make users of platforms one person',
  description:
    'Links users that have no link yet to members that exist. Links are permanent: a ' +
    'user that belongs to another member already is refused, and so is a second user of ' +
    'a member on one platform.',
  body: Body,
  responses: askedResponse,
  problems: [
    'platform_not_found',
    'invalid_user_id',
    'user_not_found',
    'link_conflict',
    'member_not_found',
    'user_already_linked',
    'member_already_linked',
  ],
  serve: (parts) => (call) => {
    const links = call.body.links.map((link) => ({
      platformId: link.platform_id,
      platformUserId: link.platform_user_id,
      memberId: link.member_id as MemberId,
    }));
    return askForAct(call, parts, {
      act: 'member_link',
      arguments: { links: writeLinks(links) },
      reason: call.body.reason,
    });
  },
});
