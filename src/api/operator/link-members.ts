// /operator/members and /operator/member-links: which users of platforms are one person, and on
// whose word; linking more of them takes two operators.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { writeLinks } from '../../acts/acts.ts';
import { identityProblems } from '../../identity/identity.ts';
import { isMemberId, type MemberId } from '../../kernel/ids.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { describeMember, MemberView } from '../../views/member.ts';
import type { ApiParts } from '../parts.ts';
import { closed, PlatformIdText, problemResponses, text, UserId } from '../schemas.ts';
import { answerAsked, askedResponse } from '../ask-for-act.ts';

const MOST_LINKS = 2_000;
const MemberIdText = Type.String({
  pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
  description: 'The global id (GUID) of a member.',
});
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

const Params = closed({ member_id: MemberIdText });
const Query = closed({ platform_id: PlatformIdText, platform_user_id: UserId });

export function members(server: FastifyInstance, parts: ApiParts): void {
  const { identity } = parts;
  server.post<{ Body: Static<typeof Body> }>(
    '/operator/member-links',
    {
      schema: {
        operationId: 'linkMembers',
        tags: ['operator'],
        summary: 'Make users of platforms one person',
        description:
          'Links users that have no link yet to members that exist. Links are permanent: a ' +
          'user that belongs to another member already is refused, and so is a second user of ' +
          'a member on one platform.',
        body: Body,
        response: { ...askedResponse, ...problemResponses },
      },
    },
    (request, reply) => {
      const links = request.body.links.map((link) => ({
        platformId: link.platform_id,
        platformUserId: link.platform_user_id,
        memberId: link.member_id as MemberId,
      }));
      return answerAsked(request, reply, parts, {
        act: 'member_link',
        arguments: { links: writeLinks(links) },
        reason: request.body.reason,
      });
    },
  );

  server.get<{ Params: Static<typeof Params> }>(
    '/operator/members/:member_id',
    {
      schema: {
        operationId: 'getMember',
        tags: ['operator'],
        summary: 'A member and its users on all platforms',
        params: Params,
        response: { 200: MemberView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const memberId = request.params.member_id;
      const found = isMemberId(memberId) ? await describeMember(identity, memberId) : undefined;
      return found ?? answerProblem(request, reply, identityProblems.member_not_found());
    },
  );

  server.get<{ Querystring: Static<typeof Query> }>(
    '/operator/members',
    {
      schema: {
        operationId: 'findMember',
        tags: ['operator'],
        summary: 'The member that a user of a platform is',
        querystring: Query,
        response: { 200: MemberView, ...problemResponses },
      },
    },
    async (request, reply) => {
      const platform = identity.findPlatform(request.query.platform_id);
      if (platform === undefined) {
        return answerProblem(request, reply, identityProblems.platform_not_found());
      }
      const link = await identity.findLink(platform.platformId, request.query.platform_user_id);
      const found = link === undefined ? undefined : await describeMember(identity, link.memberId);
      return found ?? answerProblem(request, reply, identityProblems.user_not_found());
    },
  );
}
