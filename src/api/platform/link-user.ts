// POST /api/users: links a user of the calling platform to a member of the network.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { apiProblems, missingField } from '../../http/problems.ts';
import { closed, problemResponses, Success, Tags, UserId } from '../schemas.ts';

const Body = closed(
  {
    platform_user_id: Type.Optional(UserId),
    user_id: Type.Optional(UserId),
    member_id: Type.Optional(
      Type.String({
        maxLength: 64,
        description:
          'Not needed: it links nobody. Given, it must be that of the link which is there; ' +
          'every other one gets the same refusal.',
      }),
    ),
    tags: Type.Optional(Tags),
  },
  'Give the user as platform_user_id, or as user_id, its name in the other operations.',
);

const Answer = Type.Object({
  success: Success,
  platform_id: Type.String(),
  platform_user_id: Type.String(),
  member_id: Type.String({ description: 'The global id (GUID).' }),
  created: Type.Boolean({ description: 'False when the link was there before.' }),
});

export function postUser(server: FastifyInstance, { identity }: ApiParts): void {
  server.post<{ Body: Static<typeof Body> }>(
    '/api/users',
    {
      schema: {
        operationId: 'linkUser',
        tags: ['users'],
        summary: 'Link a user',
        description:
          'Links the user to a member of its own, unless the operators of the network have ' +
          'linked it to one. Links are permanent. Repeating the request answers the same ' +
          'link. A member has one user on each platform. `tags`, when given, become the tags ' +
          'of a new or an existing link.',
        body: Body,
        response: { 200: Answer, 201: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { platform } = callerOf(request);
      const { platform_user_id: named, user_id: alias, member_id: memberId } = request.body;
      const userId = named ?? alias;
      if (userId === undefined)
        return answerProblem(request, reply, missingField('platform_user_id'));
      if (named !== undefined && alias !== undefined && named !== alias) {
        return answerProblem(
          request,
          reply,
          apiProblems.invalid_field('platform_user_id and user_id differ.', { field: 'user_id' }),
        );
      }
      const linked =
        memberId === undefined
          ? await identity.linkUser(platform.platformId, userId)
          : await identity.confirmLink(platform.platformId, userId, memberId);
      if (!linked.ok) return answerProblem(request, reply, linked.problem);
      const { tags } = request.body;
      const tagged =
        tags === undefined ? undefined : await identity.setTags(platform.platformId, userId, tags);
      if (tagged?.ok === false) return answerProblem(request, reply, tagged.problem);
      reply.code(linked.value.created ? 201 : 200);
      return {
        success: true as const,
        platform_id: platform.platformId,
        platform_user_id: userId,
        member_id: linked.value.memberId,
        created: linked.value.created,
      };
    },
  );
}
