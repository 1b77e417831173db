// GET /api/users/{platform_user_id}: which member a user of the calling platform is, and its tags.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { formatMoment } from '../../kernel/time.ts';
import { identityProblems } from '../../identity/identity.ts';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, TagsView, UserId } from '../schemas.ts';

const Params = closed({ platform_user_id: UserId });

const Answer = Type.Object({
  platform_id: Type.String(),
  platform_user_id: Type.String(),
  member_id: Type.String({ description: 'The global id (GUID).' }),
  tags: TagsView,
  linked_at: Type.String({ description: 'RFC 3339.' }),
});

export function getUser(server: FastifyInstance, { identity }: ApiParts): void {
  server.get<{ Params: Static<typeof Params> }>(
    '/api/users/:platform_user_id',
    {
      schema: {
        operationId: 'getUser',
        tags: ['users'],
        summary: 'Resolve a user',
        params: Params,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { platform } = callerOf(request);
      const link = await identity.findLink(platform.platformId, request.params.platform_user_id);
      if (link === undefined)
        return answerProblem(request, reply, identityProblems.user_not_found());
      return {
        platform_id: link.platformId,
        platform_user_id: link.platformUserId,
        member_id: link.memberId,
        tags: [...link.tags],
        linked_at: formatMoment(link.createdAtMs),
      };
    },
  );
}
