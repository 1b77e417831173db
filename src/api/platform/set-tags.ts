// PUT /api/users/{platform_user_id}/tags: what the calling platform says of its own user; rules
// read it.

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { answerProblem } from '../../http/answer-problem.ts';
import { callerOf } from '../http/request-fields.ts';
import type { ApiParts } from '../parts.ts';
import { closed, problemResponses, Tags, TagsView, UserId } from '../schemas.ts';

const Params = closed({ platform_user_id: UserId });
const Body = closed({ tags: Tags });
const Answer = Type.Object({ platform_user_id: Type.String(), tags: TagsView });

export function putTags(server: FastifyInstance, { identity }: ApiParts): void {
  server.put<{ Params: Static<typeof Params>; Body: Static<typeof Body> }>(
    '/api/users/:platform_user_id/tags',
    {
      schema: {
        operationId: 'setTags',
        tags: ['users'],
        summary: 'Set the tags of a user',
        description:
          'Replaces all tags of the user; an empty list removes them. In force everywhere ' +
          'within a second.',
        params: Params,
        body: Body,
        response: { 200: Answer, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { platform_user_id: userId } = request.params;
      const set = await identity.setTags(
        callerOf(request).platform.platformId,
        userId,
        request.body.tags,
      );
      if (!set.ok) return answerProblem(request, reply, set.problem);
      return { platform_user_id: userId, tags: [...set.value] };
    },
  );
}
